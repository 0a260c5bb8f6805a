/* Signing a message as it will leave, and verifying it as it came. */
#include "gate/message_dkim.h"

#include "dkim/verifier.h"

/* Relaxed canonicalization holds a line as a whole, for each key, and memory for it would run out
 * past some 4 MB. What signs such a line signs in vain where an MTA breaks it, as most do. */
#define LONGEST_SIGNED_LINE ((int64_t)1 << 20)

static const char line_too_long[] = "a line of its body has more than 1 MB, which is too long";

static bool may_leave(const struct message *message)
{
    return !message->fault && message->decision.action < ACTION_TEMPFAIL;
}

static void fault_of(struct message *message, const struct error *error)
{
    message_fault(message, arena_text(message->arena, bytes_of(error->text)));
}

/* How this message is signed; NULL: it cannot be told, and error says why. */
static const struct signing_profile *profile_of(struct message *message, struct error *error)
{
    const struct signing_profile *all = message->snapshot->profile;
    const struct unsigned_field *without = message->decision.unsigned_fields;
    if (!without)
        return all;
    return signing_profile_without(all, without, &message->profile, error) ? message->profile
                                                                           : NULL;
}

/* The signatures that would be made, without their values. */
static void foretell_signatures(struct message *message, const struct key *keys, size_t count)
{
    struct signature *signatures = arena_alloc(message->arena, count * sizeof *signatures);
    for (size_t i = 0; signatures && i < count; i++)
        signatures[i].key = &keys[i];
    message->outcome.signatures = signatures;
    message->outcome.signature_count = signatures ? count : 0;
}

/* The body of a record is not scanned again. */
static const char *obstacle_of_record(const struct message_recorded *recorded)
{
    return recorded->body.longest_line > LONGEST_SIGNED_LINE ? line_too_long : recorded->not_signed;
}

/* A header that cannot be signed is the rules' to refuse: where they only observe, it leaves
 * without. */
static void begin_signing(struct message *message)
{
    const struct facts *facts = &message->facts;
    if (message->without_signing || message->policy->settings[RULE_dkim]->mode != MODE_ENFORCE ||
        facts->dkim.keys != FACT_KNOWN || !may_leave(message))
        return;
    if (facts->header.too_large) {
        message->not_signed = "it was too large to be kept as a whole";
        return;
    }
    struct facts_header *leaving = arena_alloc(message->arena, sizeof *leaving);
    const struct key *keys;
    size_t count = keystore_find(message->snapshot->keystore, facts->dkim.domain,
                                 message->snapshot->settings->dkim.parents, &keys);
    struct error error;
    const struct signing_profile *profile = profile_of(message, &error);
    if (!profile) {
        fault_of(message, &error);
        return;
    }
    if (!leaving || !edit_apply(message->arena, facts->random, &facts->header,
                                message->decision.edits, leaving)) {
        message_fault(message, "out of memory");
        return;
    }
    message->not_signed = signer_obstacle(profile, leaving, message->arena);
    if (!message->not_signed && message->recorded)
        message->not_signed = obstacle_of_record(message->recorded);
    if (message->not_signed)
        return;
    if (message->recorded)
        foretell_signatures(message, keys, count);
    else if (!signer_new(profile, keys, count, leaving, message->arena, &message->signer, &error))
        fault_of(message, &error);
}

static void begin_verifying(struct message *message)
{
    const struct keystore *keystore = message->snapshot->keystore;
    const struct facts_header *header = &message->facts.header;
    struct error error;
    if (message->policy->settings[RULE_local_spoof]->mode == MODE_OFF ||
        !verifier_wanted(keystore, header, message->arena))
        return;
    if (!verifier_new(keystore, header, message->arena, &message->verifier, &error))
        message->facts.dkim.own_signature = FACT_UNAVAILABLE;
}

void message_dkim_begin(struct message *message)
{
    begin_signing(message);
    if (!message->recorded)
        begin_verifying(message);
}

static void drop_verifier(struct message *message)
{
    verifier_free(message->verifier);
    message->verifier = NULL;
    message->facts.dkim.own_signature = FACT_UNAVAILABLE;
}

static void drop_signer(struct message *message)
{
    signer_free(message->signer);
    message->signer = NULL;
}

void message_dkim_body(struct message *message, struct bytes chunk)
{
    struct error error;
    if (message->signer && (message->facts.body.longest_line > LONGEST_SIGNED_LINE ||
                            message->scan.line_length > LONGEST_SIGNED_LINE)) {
        message->not_signed = line_too_long;
        drop_signer(message);
    }
    if (message->signer && !signer_body(message->signer, chunk, &error)) {
        fault_of(message, &error);
        drop_signer(message);
    }
    if (message->verifier && !verifier_body(message->verifier, chunk, &error))
        drop_verifier(message);
}

void message_dkim_verified(struct message *message)
{
    struct error error;
    struct facts_dkim *dkim = &message->facts.dkim;
    if (message->recorded) {
        dkim->own_signature = message->recorded->own_signature;
        dkim->own_signature_domain = message->recorded->own_signature_domain;
    }
    if (!message->verifier)
        return;
    if (!verifier_finish(message->verifier, &dkim->own_signature_domain, &error))
        drop_verifier(message);
    else if (dkim->own_signature_domain.len)
        dkim->own_signature = FACT_KNOWN;
}

bool message_dkim_sign(struct message *message)
{
    struct error error;
    if (!message->signer || !may_leave(message) ||
        signer_finish(message->signer, &message->outcome.signatures,
                      &message->outcome.signature_count, &error))
        return true;
    fault_of(message, &error);
    return false;
}

void message_dkim_free(struct message *message)
{
    signer_free(message->signer);
    signing_profile_free(message->profile);
    verifier_free(message->verifier);
}
