/* No more than the limits allow: of a login, its group, a domain, a client, its network, the host.
 */
#include "policy/bounds.h"
#include "policy/how_long.h"

#define CHECKED_LIST_ROW(key, member, value, how, text)                                            \
    {                                                                                              \
        .name = (key), .type = OPTION_TEXTS, .offset = offsetof(struct limits_settings, member),   \
        .default_value = (value), .max = BOUNDS_LIST_MAX, .check = (how), .clash = limit_clash,    \
        .help = (text)                                                                             \
    }
#define LIST_ROW(key, member, value, text) CHECKED_LIST_ROW(key, member, value, limit_check, text)

static const struct option_row options[] = {
    LIST_ROW("contain", contain,
             "[ \"30 messages/minute\", \"300 recipients/hour\", \"1000 recipients/day\", "
             "\"200 new/day\" ]",
             "What a login may send to whomever it likes; past it recipients that it does not "
             "know wait, and mail to those that it has long written to goes on."),
    LIST_ROW("login", by[SUBJECT_LOGIN],
             "[ \"60 messages/minute\", \"600 recipients/hour\", \"2000 recipients/day\" ]",
             "What a login may send at all: a number of messages, recipients, new (recipients "
             "that it never wrote to), bytes or refusals, and minute, hour or day."),
    LIST_ROW("group", by[SUBJECT_GROUP], "[ ]", "What all logins of a group may send together."),
    CHECKED_LIST_ROW("domain", by[SUBJECT_DOMAIN], "[ ]", limit_check_of_domain,
                     "What may be sent from one domain."),
    LIST_ROW("client", by[SUBJECT_CLIENT], "[ ]", "What one client's address may send."),
    LIST_ROW("network", by[SUBJECT_NETWORK], "[ ]",
             "What the clients of one network may send together."),
    LIST_ROW("host", by[SUBJECT_HOST], "[ ]",
             "What may be sent through this host, or through all hosts that count together."),
    {.name = "each_recipient",
     .type = OPTION_BOOL,
     .offset = offsetof(struct limits_settings, each_recipient),
     .default_value = "true",
     .help = "Holds back recipients one by one; false: only whole messages, at their end."},
    {0}};

/* What may be sent no more of: "60 messages a minute", "2 GB a day". */
static const char *quantity_text(const struct limit *limit, struct arena *arena)
{
    static const char *const quantities[] = {"messages", "recipients", "new recipients", "bytes",
                                             "refusals"};
    static const char *const sizes[] = {"bytes", "kB", "MB", "GB"};
    long long number = limit->max;
    size_t size = 0;
    while (limit->quantity == QUANTITY_BYTES && number && number % 1024 == 0 && size < 3) {
        number /= 1024;
        size++;
    }
    const char *text = arena_printf(
        arena, "%lld %s %s %s", number, size ? sizes[size] : quantities[limit->quantity],
        limit->window == WINDOW_HOUR ? "an" : "a", window_word(limit->window));
    return text ? text : "";
}

static const char *subject_text(const struct facts *facts, enum subject_kind kind,
                                struct arena *arena)
{
    struct bytes name = bytes_slice(facts->limits.subjects[kind].name, 0, 100);
    const char *text = NULL;
    switch (kind) {
    case SUBJECT_LOGIN:
        return "your account";
    case SUBJECT_GROUP:
        return "all accounts of your group together";
    case SUBJECT_HOST:
        return "this whole server";
    case SUBJECT_DOMAIN:
        text = arena_printf(arena, "all of %.*s together", (int)name.len, name.data);
        break;
    case SUBJECT_CLIENT:
        text = arena_printf(arena, "your network address %.*s", (int)name.len, name.data);
        break;
    default:
        text = arena_printf(arena, "your network %.*s", (int)name.len, name.data);
    }
    return text ? text : "";
}

struct refusal {
    const struct facts *facts;
    const struct bound *bound;
    const char *reason;
    int code;
    const char *enhanced;
    char wait[HOW_LONG_SIZE];
};

/* For good only where the admin wants that; one recipient too many has a code of its own. */
static void choose_code(struct refusal *refusal, bool for_good)
{
    enum quantity quantity = refusal->bound->limit.quantity;
    bool rcpt = refusal->facts->stage == STAGE_RCPT &&
                (quantity == QUANTITY_RECIPIENTS || quantity == QUANTITY_NEW);
    refusal->code = for_good ? 550 : rcpt ? 452 : 451;
    refusal->enhanced = for_good ? "5.7.1" : rcpt ? "4.5.3" : "4.7.1";
}

/* What is over the limit on its own: waiting does not help. */
static void refuse_too_big(const struct refusal *refusal, struct arena *arena,
                           struct verdict *verdict)
{
    const struct limit *limit = &refusal->bound->limit;
    const char *subject = subject_text(refusal->facts, refusal->bound->subject, arena);
    if (limit->max == 0)
        verdict_violation(verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
                          "No %s may be sent by %s: please ask your postmaster",
                          limit->quantity == QUANTITY_NEW ? "mail to new recipients" : "mail",
                          subject);
    else if (limit->quantity == QUANTITY_BYTES)
        verdict_violation(verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
                          "This message has %lld bytes, and %s may send %s: please make it "
                          "smaller",
                          (long long)refusal->bound->amount, subject, quantity_text(limit, arena));
    else
        verdict_violation(verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
                          "Too many recipients for one message, %s may send to %s: please send "
                          "it in several parts, one each %s",
                          subject, quantity_text(limit, arena), window_word(limit->window));
}

/* Of one recipient it is told as of one; a whole message may go to the others, too. */
static void refuse_contained(const struct refusal *refusal, struct arena *arena,
                             struct verdict *verdict)
{
    bool rcpt = refusal->facts->stage == STAGE_RCPT;
    const struct limit *limit = &refusal->bound->limit;
    if (limit->max == 0)
        verdict_violation(
            verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
            "Mail from your account only goes to people it has long written to: please "
            "ask your postmaster");
    else if (refusal->bound->amount > limit->max && !rcpt)
        refuse_too_big(refusal, arena, verdict);
    else if (rcpt)
        verdict_violation(verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
                          "So much was sent from your account that mail only goes to people it "
                          "has long written to, for now: please try this recipient again in %s",
                          refusal->wait);
    else
        verdict_violation(verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
                          "So much was sent from your account that mail only goes to people it "
                          "has long written to, for now: please try again in %s, or write to those "
                          "alone",
                          refusal->wait);
}

static void refuse(const struct refusal *refusal, struct arena *arena, struct verdict *verdict)
{
    const struct limit *limit = &refusal->bound->limit;
    const char *subject = subject_text(refusal->facts, refusal->bound->subject, arena);
    if (limit->quantity == QUANTITY_REFUSALS)
        verdict_violation(verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
                          "Too much mail of %s was refused: please look into these refusals, and "
                          "try again in %s",
                          subject, refusal->wait);
    else if (refusal->bound->amount > limit->max)
        refuse_too_big(refusal, arena, verdict);
    else
        verdict_violation(verdict, arena, refusal->reason, refusal->code, refusal->enhanced,
                          "The limit for %s is reached, %s%s: please try again in %s%s", subject,
                          limit->quantity == QUANTITY_RECIPIENTS || limit->quantity == QUANTITY_NEW
                              ? "mail to "
                              : "",
                          quantity_text(limit, arena), refusal->wait,
                          refusal->bound->amount > 1 && limit->quantity != QUANTITY_BYTES
                              ? ", or with fewer recipients"
                              : "");
}

static void find(const struct facts *facts, const struct limits_settings *settings,
                 const struct bound *bound, struct arena *arena, struct verdict *verdict)
{
    const struct limit *limit = &bound->limit;
    const struct counted_subject *subject = &facts->limits.subjects[bound->subject];
    int64_t count = subject->counted.counts[limit->quantity][limit->window] + bound->amount;
    const char *fact = arena_printf(arena, "%s %lld %s/%s of %lld", subject_word(bound->subject),
                                    (long long)count, quantity_word(limit->quantity),
                                    window_word(limit->window), (long long)limit->max);
    int64_t frees = subject->frees[limit->quantity][limit->window];
    struct refusal refusal = {.facts = facts,
                              .bound = bound,
                              .reason = bound->contains ? "contain" : subject_word(bound->subject)};
    choose_code(&refusal, settings->common.action == ACTION_REJECT);
    how_long(frees > 0 ? frees : window_seconds[limit->window], refusal.wait);
    verdict->fact = bytes_of(fact);
    if (bound->contains)
        refuse_contained(&refusal, arena, verdict);
    else
        refuse(&refusal, arena, verdict);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct limits_settings *settings = generic;
    struct bound bounds[BOUNDS_MAX];
    if (facts->limits.state != FACT_KNOWN) {
        verdict_pass(verdict, "not-counted");
        return;
    }
    verdict_pass(verdict, NULL);
    if (facts->stage == STAGE_RCPT && !settings->each_recipient)
        return;
    size_t count = bounds_of(facts, facts->stage, settings, bounds);
    for (size_t i = 0; i < count; i++)
        if (bound_is_passed(facts, &bounds[i])) {
            find(facts, settings, &bounds[i], arena, verdict);
            return;
        }
}

const struct rule rule_limits = {
    .name = "limits",
    .asks = "Whether the login, its group, the domain, the client, its network and the host stay "
            "within what they may send.",
    .stage = STAGE_SETTLE,
    .early = RULE_STAGE(STAGE_MAIL) | RULE_STAGE(STAGE_RCPT),
    .default_action = ACTION_TEMPFAIL,
    .actions = RULE_ACTION(ACTION_TEMPFAIL) | RULE_ACTION(ACTION_REJECT),
    .counted = true,
    .settings_size = sizeof(struct limits_settings),
    .options = options,
    .judge = judge,
};
