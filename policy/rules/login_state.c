/* A login that is slowed or frozen goes no further than that. */
#include "policy/claim.h"
#include "policy/how_long.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    bool tell_user;
    const char *contact;
};

static bool check_contact(const char *text, struct error *error)
{
    size_t len = 0;
    for (; text[len]; len++)
        if (text[len] < ' ' || text[len] > '~')
            return error_set(error, "expected plain ASCII, as replies are");
    return len <= 200 || error_set(error, "expected at most 200 characters");
}

static const struct option_row options[] = {
    {.name = "tell_user",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, tell_user),
     .default_value = "true",
     .help =
         "Says in the reply why, and what to do; false: only to try again later, and the rule is "
         "not named either."},
    {.name = "contact",
     .type = OPTION_TEXT,
     .offset = offsetof(struct settings, contact),
     .default_value = "\"your postmaster\"",
     .check = check_contact,
     .help = "Whom the reply tells to ask: \"the helpdesk, phone 1234\"."},
    {0}};

/* "for 2 hours more", or what it takes otherwise. */
static const char *until_text(const struct facts *facts, struct arena *arena)
{
    char time[HOW_LONG_SIZE];
    int64_t until = facts->limits.standing.until;
    const char *text =
        until ? arena_printf(arena, "for %s more", how_long(until - facts->now, time)) : NULL;
    return text ? text : "until that is cleared up";
}

/* An admin may have other reasons than theft; which they are is not told. */
static const char *whose_doing(const struct facts *facts)
{
    if (!login_standing_is_by_admin(&facts->limits.standing))
        return "Somebody else may be using your account";
    return facts->limits.standing.state == LOGIN_FROZEN
               ? "The administrators have stopped your account"
               : "The administrators have limited your account";
}

static void refuse(const struct facts *facts, const struct settings *settings, const char *reason,
                   struct arena *arena, struct verdict *verdict)
{
    bool for_good = settings->common.action == ACTION_REJECT;
    int code = for_good ? 550 : 451;
    const char *enhanced = for_good ? "5.7.1" : "4.7.1";
    const char *until = until_text(facts, arena);
    bool frozen = facts->limits.standing.state == LOGIN_FROZEN;
    bool by_admin = login_standing_is_by_admin(&facts->limits.standing);
    verdict->discreet = !settings->tell_user;
    if (!settings->tell_user)
        verdict_violation(verdict, arena, reason, code, enhanced,
                          "This mail cannot be sent just now: please try again later");
    else if (frozen)
        verdict_violation(verdict, arena, reason, code, enhanced,
                          "%s, so nothing is sent from it %s: please %sask %s", whose_doing(facts),
                          until, by_admin ? "" : "change your password and ", settings->contact);
    else
        verdict_violation(
            verdict, arena, reason, code, enhanced,
            "%s, so mail from it only goes to people it has long written to, %s: please "
            "write to %s later; if this is wrong or urgent, ask %s",
            whose_doing(facts), until, facts->stage == STAGE_RCPT ? "this recipient" : "the others",
            settings->contact);
}

static bool has_unknown_rcpt(const struct facts *facts)
{
    switch (facts->stage) {
    case STAGE_RCPT:
        return !facts->limits.rcpt_is_known;
    case STAGE_SETTLE:
        return facts->limits.unknown_rcpts > 0;
    default:
        return false;
    }
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct login_standing *standing = &facts->limits.standing;
    if (facts->limits.state != FACT_KNOWN) {
        verdict_pass(verdict, "not-counted");
        return;
    }
    bool over = standing->until && standing->until <= facts->now;
    enum login_state state = over ? LOGIN_NORMAL : standing->state;
    const char *reason = login_state_word(state);
    if (state != LOGIN_NORMAL)
        verdict->fact = standing->cause;
    if (state == LOGIN_FROZEN || (state == LOGIN_SLOWED && has_unknown_rcpt(facts)))
        refuse(facts, generic, reason, arena, verdict);
    else
        verdict_pass(verdict, reason);
}

const struct rule rule_login_state = {
    .name = "login_state",
    .asks = "Whether the login is frozen, or slowed: then it writes only to people that it has "
            "long written to.",
    .stage = STAGE_SETTLE,
    .early = RULE_STAGE(STAGE_MAIL) | RULE_STAGE(STAGE_RCPT),
    .default_action = ACTION_TEMPFAIL,
    .actions = RULE_ACTION(ACTION_TEMPFAIL) | RULE_ACTION(ACTION_REJECT),
    .counted = true,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
