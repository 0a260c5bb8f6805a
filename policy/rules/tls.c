/* TLS was there, and strong enough. */
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    int min_version;
    int64_t min_cipher_bits;
    struct texts ciphers;
    struct texts refused_ciphers;
    bool client_certificate;
};

static const char *const versions[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL};

static const struct option_row options[] = {
    {.name = "min_version",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct settings, min_version),
     .default_value = "\"TLSv1.2\"",
     .choices = versions,
     .help = "The oldest TLS version that is accepted."},
    {.name = "min_cipher_bits",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, min_cipher_bits),
     .default_value = "128",
     .max = 512,
     .help = "The fewest secret bits that the session's cipher may have; 0 asks for none."},
    {.name = "ciphers",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, ciphers),
     .default_value = "[ ]",
     .max = 100,
     .help = "Names of the only ciphers that are accepted; an empty list accepts all."},
    {.name = "refused_ciphers",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, refused_ciphers),
     .default_value = "[ ]",
     .max = 100,
     .help = "Names of ciphers that are refused."},
    {.name = "client_certificate",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, client_certificate),
     .default_value = "false",
     .help = "Asks for a client certificate that the MTA trusts; it is never taken for a login."},
    {0}};

/* The rank of a version as the MTA spells it; -1 for SSL and for what we do not know. A version
 * newer than the ones we know ("TLSv1.4", "TLSv2") counts as the newest. */
static int version_rank(struct bytes version)
{
    for (int i = 0; versions[i]; i++)
        if (bytes_equal_nocase(version, bytes_of(versions[i])))
            return i;
    return bytes_start_with_nocase(version, BYTES("TLSv")) ? 3 : -1;
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct facts_tls *tls = &facts->tls;
    if (tls->terminator.len) {
        verdict->fact = tls->terminator;
        verdict_pass(verdict, "terminated");
        return;
    }
    if (tls->state == FACT_UNAVAILABLE) {
        verdict_unavailable(verdict, arena, "unknown", "It is not known whether TLS was used");
        return;
    }
    if (tls->state == FACT_ABSENT) {
        verdict_violation(
            verdict, arena, "none", 530, "5.7.0",
            "Must issue a STARTTLS command first: switch on SSL/TLS or STARTTLS in your "
            "mail program's settings for outgoing mail");
        return;
    }

    verdict->fact = tls->version;
    if (version_rank(tls->version) < settings->min_version) {
        verdict_violation(verdict, arena, "version", 550, "5.7.10",
                          "%.*s is too old, %s or newer is needed: please update your mail program",
                          (int)tls->version.len, tls->version.data,
                          versions[settings->min_version]);
        return;
    }
    verdict->fact = tls->cipher;
    if (tls->cipher_bits < settings->min_cipher_bits) {
        verdict_violation(
            verdict, arena, "cipher-bits", 550, "5.7.10",
            "The cipher %.*s is too weak, %lld bits or more are needed: please update "
            "your mail program",
            (int)tls->cipher.len, tls->cipher.data, (long long)settings->min_cipher_bits);
        return;
    }
    if (texts_have(&settings->refused_ciphers, tls->cipher) ||
        (settings->ciphers.count && !texts_have(&settings->ciphers, tls->cipher))) {
        verdict_violation(verdict, arena, "cipher", 550, "5.7.10",
                          "The cipher %.*s is not accepted here: please update your mail program",
                          (int)tls->cipher.len, tls->cipher.data);
        return;
    }
    if (settings->client_certificate && !tls->cert_subject.len) {
        verdict_violation(verdict, arena, "certificate", 530, "5.7.0",
                          "A client certificate that this server trusts is needed");
        return;
    }
    verdict->fact = tls->version;
    verdict_pass(verdict, NULL);
}

const struct rule rule_tls = {
    .name = "tls",
    .asks = "Whether the message came over TLS, and over TLS that is strong enough.",
    .stage = STAGE_MAIL,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
