/* Somebody logged in, by a mechanism that we allow, without showing a password to the network. */
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    struct texts mechanisms;
};

static const struct option_row options[] = {
    {.name = "mechanisms",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, mechanisms),
     .default_value = "[ \"PLAIN\", \"LOGIN\", \"SCRAM-SHA-1\", \"SCRAM-SHA-256\", "
                      "\"SCRAM-SHA-1-PLUS\", \"SCRAM-SHA-256-PLUS\", \"XOAUTH2\", "
                      "\"OAUTHBEARER\", \"GSSAPI\", \"EXTERNAL\" ]",
     .max = 50,
     .help = "SASL mechanisms that may be used; an empty list allows all."},
    {0}};

static bool shows_password(struct bytes mechanism)
{
    return bytes_equal_nocase(mechanism, BYTES("PLAIN")) ||
           bytes_equal_nocase(mechanism, BYTES("LOGIN"));
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct facts_login *login = &facts->login;
    if (login->state == FACT_UNAVAILABLE) {
        verdict_unavailable(verdict, arena, "unknown", "It is not known who logged in");
        return;
    }
    if (login->state == FACT_ABSENT) {
        verdict_violation(
            verdict, arena, "none", 530, "5.7.0",
            "Authentication required: switch on login (SMTP AUTH) in your mail program's "
            "settings for outgoing mail");
        return;
    }
    verdict->fact = login->mechanism;
    if (shows_password(login->mechanism) && facts->tls.state == FACT_ABSENT &&
        !facts->tls.terminator.len) {
        verdict_violation(
            verdict, arena, "clear-password", 538, "5.7.11",
            "Encryption is required for login by %.*s: switch on SSL/TLS or STARTTLS, and "
            "change your password, as it crossed the network in the clear",
            (int)login->mechanism.len, login->mechanism.data);
        return;
    }
    if (settings->mechanisms.count && login->mechanism.len &&
        !texts_have(&settings->mechanisms, login->mechanism)) {
        verdict_violation(
            verdict, arena, "mechanism", 534, "5.7.9",
            "Login by %.*s is not accepted here: choose another authentication method in "
            "your mail program",
            (int)login->mechanism.len, login->mechanism.data);
        return;
    }
    verdict->fact = login->name;
    verdict_pass(verdict, NULL);
}

const struct rule rule_auth = {
    .name = "auth",
    .asks = "Whether somebody logged in, by a mechanism that is allowed, and never by PLAIN or "
            "LOGIN in "
            "the clear.",
    .stage = STAGE_MAIL,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
