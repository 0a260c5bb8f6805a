/* Judging the addresses that a message claims to be from. */
#include "policy/claim.h"

#include <string.h>

#include "policy/encoded_word.h"
#include "policy/identities.h"
#include "policy/invisible.h"
#include "policy/rewriting.h"

const char *const claim_owners[] = {"login", "domains", "any", NULL};

static void deny(const struct facts *facts, const struct identity *identity, int owner, int code,
                 struct arena *arena, struct verdict *verdict)
{
    struct bytes address = identity->mailbox->address;
    const char *word = identities_word(identity->kind);
    verdict->fact = address;
    if (owner == CLAIM_OWNER_DOMAINS)
        verdict_violation(verdict, arena, "not-ours", code, "5.7.1",
                          "<%.*s> in %s is not in a domain of this server: choose a sender "
                          "address in one of its domains",
                          CLAIM_SHOWN(address), word);
    else if (facts->login.state == FACT_ABSENT)
        verdict_violation(verdict, arena, "not-owned", code, "5.7.1",
                          "Nobody is logged in who may send as <%.*s> (%s): switch on login (SMTP "
                          "AUTH) in your mail program's settings for outgoing mail",
                          CLAIM_SHOWN(address), word);
    else
        verdict_violation(verdict, arena, "not-owned", code, "5.7.1",
                          "%.*s may not send as <%.*s> (%s): choose your own address as sender in "
                          "your mail program, or ask your postmaster for the right to use this one",
                          CLAIM_SHOWN(facts->login.name), CLAIM_SHOWN(address), word);
}

static bool unavailable(const struct identity *identity, struct arena *arena,
                        struct verdict *verdict)
{
    if (identity)
        verdict->fact = identity->mailbox->address;
    verdict_unavailable(verdict, arena, "owner-unknown",
                        "It cannot be found out just now who may send as <%.*s>: please try again "
                        "later",
                        CLAIM_SHOWN(verdict->fact));
    return false;
}

static bool is_denied(const struct facts *facts, const struct identity *identity, int owner)
{
    if (owner == CLAIM_OWNER_DOMAINS)
        return !identity->in_domains;
    return owner == CLAIM_OWNER_LOGIN &&
           (identity->ownership == OWNERSHIP_DENIED || facts->login.state == FACT_ABSENT);
}

bool claim_owned(const struct facts *facts, unsigned kinds, int owner, int code,
                 struct arena *arena, struct verdict *verdict)
{
    static const char *const passed[] = {"owned", "in-domains", "any"};
    const struct identity *unanswered = NULL;
    const struct identity *last = NULL;
    for (size_t i = 0; i < facts->identity_count; i++) {
        const struct identity *identity = &facts->identities[i];
        if (!(kinds & CLAIM_KIND(identity->kind)))
            continue;
        if (is_denied(facts, identity, owner)) {
            deny(facts, identity, owner, code, arena, verdict);
            return false;
        }
        if (owner == CLAIM_OWNER_LOGIN && identity->ownership != OWNERSHIP_GRANTED)
            unanswered = identity;
        last = identity;
    }
    if (unanswered || !last)
        return unavailable(unanswered, arena, verdict);
    verdict->fact = last->mailbox->address;
    verdict_pass(verdict, passed[owner]);
    return true;
}

/* Programs write names in encoded words by themselves: their owners know of the character alone. */
static void blame_special(const struct identity_field *claimed, struct arena *arena,
                          struct verdict *verdict)
{
    verdict_violation(verdict, arena, "ambiguous", 550, "5.7.1",
                      "The name in the %s field holds %s, which some programs take for the end or "
                      "beginning of something (%s): take %s out of your name in your mail "
                      "program's settings",
                      identities_word(claimed->kind), claimed->list.special, claimed->list.reason,
                      claimed->list.special);
}

bool claim_readable(const struct identity_field *claimed, struct arena *arena,
                    struct verdict *verdict)
{
    const struct address_list *list = &claimed->list;
    struct bytes value = bytes_trim(claimed->field->value);
    bool ambiguous = list->reading == ADDRESS_AMBIGUOUS;
    if (list->reading == ADDRESS_AGREED && list->count)
        return true;
    const char *reason = list->reason ? list->reason : "empty";
    verdict->fact = bytes_of(
        arena_printf(arena, "%s: %.*s", reason, (int)value.len, value.len ? value.data : ""));
    if (list->special)
        blame_special(claimed, arena, verdict);
    else
        verdict_violation(verdict, arena, ambiguous ? "ambiguous" : "unreadable", 550, "5.7.1",
                          "The %s field %s (%s): write it as Your Name <you@example.com>",
                          identities_word(claimed->kind),
                          ambiguous ? "can be read in more than one way" : "has no address",
                          reason);
    return false;
}

/* What readers agree on it reads the same way, but for what its buffers do not hold. */
bool claim_outlasts_rewriting(const struct identity_field *claimed, struct arena *arena,
                              struct verdict *verdict)
{
    struct rewriting rewriting;
    if (claimed->field->value.len < REWRITING_OVERFLOWS_FROM)
        return true;
    if (!rewriting_of(arena, claimed->field->value, &rewriting))
        return unavailable(NULL, arena, verdict);
    if (!rewriting_overflows(&rewriting))
        return true;
    verdict->fact = bytes_trim(claimed->field->value);
    verdict_violation(verdict, arena, "overlong", 550, "5.7.1",
                      "The name in the %s field is so long that a mail server takes it for an "
                      "address: choose a shorter one in your mail program's settings",
                      identities_word(claimed->kind));
    return false;
}

/* Embeddings and overrides; isolates (U+2066 to 9) and what only ends an embedding turn nothing
 * round for the eye, and programs put them around names. */
static bool turns_writing_round(struct bytes text)
{
    struct invisible found;
    while (invisible_find(text, INVISIBLE_BIDI, &found)) {
        if (found.character == 0x202a || found.character == 0x202b || found.character == 0x202d ||
            found.character == 0x202e)
            return true;
        text = bytes_slice(text, found.at + 1, text.len);
    }
    return false;
}

bool claim_plainly_written(const struct identity_field *claimed, struct arena *arena,
                           struct verdict *verdict)
{
    struct decoded_text decoded;
    struct invisible found;
    if (!encoded_word_decode(arena, claimed->field->value, &decoded))
        return unavailable(NULL, arena, verdict);
    const char *reason = NULL;
    if (invisible_find(decoded.text, INVISIBLE_CONTROL | INVISIBLE_LINE_BREAK, &found))
        reason = "control";
    else if (turns_writing_round(decoded.text))
        reason = "bidi";
    if (!reason)
        return true;
    verdict->fact = bytes_trim(claimed->field->value);
    verdict_violation(verdict, arena, reason, 550, "5.7.1",
                      "The %s field holds %s: type your name anew in your mail program's settings",
                      identities_word(claimed->kind),
                      reason[0] == 'c' ? "control characters"
                                       : "characters that reverse the direction of writing");
    return false;
}

bool claim_all_seen(const struct facts *facts, struct arena *arena, struct verdict *verdict)
{
    if (!facts->header.too_large && !facts->identities_cut)
        return true;
    verdict_violation(verdict, arena, "too-many", 550, "5.7.1",
                      "The header is too large to see all senders in it: send fewer and shorter "
                      "fields");
    return false;
}

/* RFC 5322's specials: readers that cut names into tokens lose them, and some take ">From" for what
 * a mailbox makes of a line that begins so. */
static bool is_passed_over(char byte)
{
    return (unsigned char)byte <= ' ' || (unsigned char)byte >= 0x7f ||
           strchr("()<>[]\"\\,;@.", byte);
}

bool claim_has_specials(struct bytes written)
{
    for (size_t i = 0; i < written.len; i++)
        if (is_passed_over(written.data[i]))
            return true;
    return false;
}

struct bytes claim_without_specials(struct arena *arena, struct bytes written)
{
    char *name = arena_alloc(arena, written.len);
    size_t len = 0;
    if (!name)
        return (struct bytes){NULL, 0};
    for (size_t i = 0; i < written.len; i++)
        if (!is_passed_over(written.data[i]))
            name[len++] = written.data[i];
    return (struct bytes){name, len};
}

bool claim_reads_as(struct bytes written, struct bytes name)
{
    size_t matched = 0;
    for (size_t i = 0; i < written.len; i++) {
        if (is_passed_over(written.data[i]))
            continue;
        if (matched == name.len || bytes_lower(written.data[i]) != bytes_lower(name.data[matched]))
            return false;
        matched++;
    }
    return matched == name.len;
}

bool claim_undisguised(const struct facts *facts, struct bytes name, struct arena *arena,
                       struct verdict *verdict)
{
    for (size_t i = 0; i < facts->header.count; i++) {
        struct bytes written = facts->header.fields[i].name;
        if (written.len == name.len || !claim_reads_as(written, name))
            continue;
        verdict->fact = written;
        verdict_violation(verdict, arena, "disguised-field", 550, "5.7.1",
                          "The message has a field that some programs read as %.*s, with blanks or "
                          "other bytes in its name: have the program that made it mended",
                          (int)name.len, name.data);
        return false;
    }
    return true;
}
