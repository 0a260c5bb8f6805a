/* Asking limits/ for a message. */
#include "gate/counted.h"

#include <string.h>
#include <time.h>

#include "gate/counted_who.h"
#include "gate/counters.h"
#include "gate/rcpt_set.h"
#include "policy/bounds.h"

struct counted {
    struct limits_who who;
    struct limits_request look;    /* at MAIL, and at the header anew */
    struct limits_request asked;   /* KNOWN, CHARGE */
    struct limits_request refused; /* one at a time; those that come meanwhile wait */
    bool looks, refuses;           /* it is under way */
    int64_t refusals;              /* that wait */
    struct bytes rcpt;             /* that is asked about */
    bool rcpt_again;       /* it was accepted before: an MTA hands on what a client names twice */
    struct rcpt_set rcpts; /* accepted ones, the first LIMITS_RCPTS_MAX of them */
};

/* A message may take minutes to come in: the time is that of now and not of MAIL. */
static int64_t now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool has_login(const struct message *message)
{
    return message->facts.login.state == FACT_KNOWN;
}

/* Whether a rule wants to know: rule limits for all mail, the others for logins. */
static bool is_wanted(const struct message *message)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (rules[i]->counted && message->policy->settings[i]->mode != MODE_OFF &&
            (i == RULE_limits || has_login(message)))
            return true;
    return false;
}

static void begin(struct message *message, struct limits_request *request, enum limits_op op)
{
    *request = (struct limits_request){.op = op, .who = message->counted->who};
    request->who.now = now_milliseconds();
}

/* Whether there is an answer; else the message waits for a better time. */
static bool collect(struct message *message, struct limits_request *request)
{
    limits_collect(message->limits, request);
    if (!request->answer.answered)
        message_fault(message, "out of memory for counting");
    return request->answer.answered;
}

static void take_standing(struct message *message, const struct limits_answer *answer)
{
    struct login_standing *standing = &message->facts.limits.standing;
    /* What a sign of this message asked for may not have come there yet. */
    if (message->contained && standing->state >= answer->standing.state)
        return;
    *standing = answer->standing;
    if (standing->until && standing->until <= message->facts.now)
        *standing = (struct login_standing){0};
    standing->cause = arena_bytes(message->arena, standing->cause);
}

static void take_counts(struct message *message, const struct limits_request *request)
{
    struct facts_limits *facts = &message->facts.limits;
    const struct limits_answer *answer = &request->answer;
    facts->state = FACT_KNOWN;
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        facts->subjects[i] = answer->subjects[i];
        facts->subjects[i].name = message->counted->who.names[i];
    }
    facts->habit = answer->habit;
    facts->degraded = answer->degraded;
    facts->hosts = answer->hosts;
    take_standing(message, answer);
}

static void take_look(struct message *message)
{
    struct counted *counted = message->counted;
    if (counted->looks && collect(message, &counted->look))
        take_counts(message, &counted->look);
    counted->looks = false;
}

static void look(struct message *message)
{
    struct counted *counted = message->counted;
    begin(message, &counted->look, LIMITS_LOOK);
    limits_submit(message->limits, &counted->look);
    counted->looks = true;
}

void counted_mail(struct message *message)
{
    if (!message->limits || !is_wanted(message))
        return;
    message->counted = arena_alloc(message->arena, sizeof *message->counted);
    if (!message->counted)
        return;
    message->counted->rcpts.secret = message->facts.random;
    counted_who_at_mail(message, &message->counted->who);
    look(message);
    if (limits_is_ready(message->limits, &message->counted->look))
        take_look(message);
}

static void take_rcpt(struct message *message, const struct limits_answer *answer)
{
    struct facts *facts = &message->facts;
    int64_t known_after = message->snapshot->settings->counters.known_after;
    int64_t now = message->counted->asked.who.now / 1000;
    facts->limits.rcpt_is_new = answer->rcpt_since == 0;
    facts->limits.rcpt_is_known =
        answer->rcpt_since != 0 && answer->rcpt_since <= now - known_after;
    take_standing(message, answer);
}

void counted_rcpt(struct message *message)
{
    struct counted *counted = message->counted;
    struct facts *facts = &message->facts;
    if (!counted)
        return;
    counted->rcpt = counters_rcpt(message->arena, facts->envelope.rcpt);
    counted->rcpt_again = rcpt_set_has(&counted->rcpts, counted->rcpt);
    facts->limits.rcpt_is_new = false;
    facts->limits.rcpt_is_known = counted->rcpt_again;
    bool asks = has_login(message) && !counted->rcpt_again;
    if (asks) {
        begin(message, &counted->asked, LIMITS_KNOWN);
        counted->asked.rcpts = &counted->rcpt;
        counted->asked.rcpt_count = 1;
        limits_submit(message->limits, &counted->asked);
    }
    take_look(message);
    if (asks && collect(message, &counted->asked))
        take_rcpt(message, &counted->asked.answer);
}

void counted_rcpt_accepted(struct message *message)
{
    struct facts_limits *limits = &message->facts.limits;
    struct counted *counted = message->counted;
    if (!counted || counted->rcpt_again)
        return;
    limits->new_rcpts += limits->rcpt_is_new;
    limits->unknown_rcpts += has_login(message) && !limits->rcpt_is_known;
    if (counted->rcpts.count < LIMITS_RCPTS_MAX)
        rcpt_set_add(&counted->rcpts, message->arena, counted->rcpt);
}

void counted_header(struct message *message)
{
    if (!message->counted)
        return;
    take_look(message);
    counted_who_at_header(message, &message->counted->who);
    look(message);
    take_look(message);
}

/* Those that an enforced rule holds it to, in the arena. */
static size_t find_bounds(struct message *message, const struct limits_bound **ret_bounds)
{
    const struct rule_settings *settings = message->policy->settings[RULE_limits];
    struct bound bounds[BOUNDS_MAX];
    if (settings->mode != MODE_ENFORCE)
        return 0;
    size_t found =
        bounds_of(&message->facts, STAGE_SETTLE, (const struct limits_settings *)settings, bounds);
    struct limits_bound *list = arena_alloc(message->arena, found * sizeof *list);
    for (size_t i = 0; list && i < found; i++)
        list[i] = (struct limits_bound){bounds[i].subject, bounds[i].limit};
    *ret_bounds = list;
    return list ? found : 0;
}

/* The standing with which the enforced rule login_state would hold it back; NORMAL: none. */
static enum login_state find_bar(const struct message *message)
{
    if (message->policy->settings[RULE_login_state]->mode != MODE_ENFORCE)
        return LOGIN_NORMAL;
    return message->facts.limits.unknown_rcpts > 0 ? LOGIN_SLOWED : LOGIN_FROZEN;
}

bool counted_settle(struct message *message)
{
    struct counted *counted = message->counted;
    if (!counted)
        return true;
    enum login_state bars = find_bar(message);
    if (bars > LOGIN_NORMAL && message->facts.limits.standing.state >= bars)
        return false;
    struct limits_request *request = &counted->asked;
    begin(message, request, LIMITS_CHARGE);
    for (int i = 0; i < QUANTITY_COUNT; i++)
        request->amounts[i] = bounds_amount(&message->facts, (enum quantity)i);
    request->bound_count = find_bounds(message, &request->bounds);
    request->bars = bars;
    request->rcpts = counted->rcpts.rcpts;
    request->rcpt_count = counted->rcpts.count;
    limits_submit(message->limits, request);
    if (!collect(message, request))
        return false;
    take_counts(message, request);
    return request->answer.admitted;
}

/* What waits goes out as one, as soon as the one before is done; at the end in any case. */
static void send_refusals(struct message *message, bool waits)
{
    struct counted *counted = message->counted;
    if (counted->refuses && (waits || limits_is_ready(message->limits, &counted->refused))) {
        limits_collect(message->limits, &counted->refused);
        counted->refuses = false;
    }
    if (counted->refuses || !counted->refusals)
        return;
    begin(message, &counted->refused, LIMITS_REFUSED);
    /* Whoever is refused may have named any domain. */
    counted->refused.who.names[SUBJECT_DOMAIN] = (struct bytes){NULL, 0};
    /* Nor does a stranger use up what all of the host have together. */
    if (!has_login(message))
        counted->refused.who.names[SUBJECT_HOST] = (struct bytes){NULL, 0};
    counted->refused.amounts[QUANTITY_REFUSALS] = counted->refusals;
    counted->refusals = 0;
    limits_submit(message->limits, &counted->refused);
    counted->refuses = true;
}

static void count_refusal(struct message *message)
{
    if (!message->counted)
        return;
    message->counted->refusals++;
    send_refusals(message, false);
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        for (size_t window = 0; window < WINDOW_COUNT; window++)
            message->facts.limits.subjects[i].counted.counts[QUANTITY_REFUSALS][window]++;
}

void counted_refusal(struct message *message)
{
    enum rule_id decider = message->decision.decider;
    if (decider == RULE_COUNT || rules[decider]->counted)
        return;
    /* What is to come again is no fault: one recipient too many, a key that is not there. */
    const struct verdict *verdict = &message->decision.judged[decider].verdict;
    if (verdict->outcome != OUTCOME_VIOLATION || verdict->code < 500)
        return;
    count_refusal(message);
}

void counted_refusal_by_mta(struct message *message)
{
    count_refusal(message);
}

void counted_contain(struct message *message)
{
    const struct decision *decision = &message->decision;
    const struct verdict *verdict = &decision->judged[decision->container].verdict;
    struct facts *facts = &message->facts;
    facts->limits.standing = (struct login_standing){
        .state = decision->contain,
        .since = facts->now,
        .until = verdict->contain_for ? facts->now + verdict->contain_for : 0,
        .cause = bytes_of(arena_printf(message->arena, "%s.%s", rules[decision->container]->name,
                                       verdict->reason)),
    };
    if (message->counted && has_login(message))
        limits_raise(message->limits, message->counted->who.names[SUBJECT_LOGIN],
                     &facts->limits.standing);
}

void counted_done(struct message *message)
{
    struct counted *counted = message->counted;
    if (!counted)
        return;
    if (counted->looks)
        limits_collect(message->limits, &counted->look);
    send_refusals(message, true);
    send_refusals(message, true);
    message->counted = NULL;
}
