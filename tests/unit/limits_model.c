/* Lists of everything that ever happened. */
#include "tests/unit/limits_model.h"

#include <stdlib.h>
#include <string.h>

/* ms: hosts' clocks differ, so one that is a little behind is not believed, and what lies a little
 * ahead of what is believed is left there: by the step that the tally leaves. */
#define SKEW 10000
#define AHEAD(window) (SKEW + ((window) == WINDOW_MINUTE ? 10000 : window_step[window] * 1000))

struct event {
    int64_t earliest, latest; /* ms: when it happened, as the clock is now; a clock that was set
                                 back brings them apart */
    bool left[WINDOW_COUNT];  /* it may have been forgotten */
    int64_t amounts[QUANTITY_COUNT];
};

struct correspondent {
    char *rcpt;
    int64_t first;
};

struct subject {
    enum subject_kind kind;
    char *name; /* folded where it is a login's */
    struct event *events;
    size_t count, room;
    struct correspondent *rcpts;
    size_t rcpt_count;
    struct login_standing *raised; /* since the login was last normal */
    size_t raised_count;
    int64_t messages;
};

struct model {
    struct subject *subjects;
    size_t count;
    bool was_set_back;
};

static void *grown(void *old, size_t count, size_t size)
{
    void *new = reallocarray(old, count, size);
    if (!new)
        abort();
    return new;
}

static char *folded(enum subject_kind kind, struct bytes name)
{
    char *text = strndup(name.data, name.len);
    if (!text)
        abort();
    for (char *at = text; kind == SUBJECT_LOGIN && *at; at++)
        *at = bytes_lower(*at);
    return text;
}

struct model *model_new(void)
{
    return memset(grown(NULL, 1, sizeof(struct model)), 0, sizeof(struct model));
}

void model_free(struct model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        struct subject *subject = &model->subjects[i];
        for (size_t j = 0; j < subject->rcpt_count; j++)
            free(subject->rcpts[j].rcpt);
        free(subject->rcpts);
        free(subject->raised);
        free(subject->events);
        free(subject->name);
    }
    free(model->subjects);
    free(model);
}

static struct subject *find(const struct model *model, enum subject_kind kind, struct bytes name)
{
    char *text = folded(kind, name);
    struct subject *found = NULL;
    for (size_t i = 0; i < model->count && !found; i++)
        if (model->subjects[i].kind == kind && strcmp(model->subjects[i].name, text) == 0)
            found = &model->subjects[i];
    free(text);
    return found;
}

static struct subject *have(struct model *model, enum subject_kind kind, struct bytes name)
{
    struct subject *found = find(model, kind, name);
    if (found)
        return found;
    model->subjects = grown(model->subjects, model->count + 1, sizeof *model->subjects);
    found = &model->subjects[model->count++];
    *found = (struct subject){.kind = kind, .name = folded(kind, name)};
    return found;
}

/* ---- Counts ---- */

static int64_t as_of(int64_t happened, int64_t now)
{
    return happened > now ? now : happened;
}

void model_range(const struct model *model, enum subject_kind kind, struct bytes name,
                 enum quantity quantity, enum window window, int64_t now,
                 struct model_range *ret_range)
{
    const int64_t length = window_seconds[window] * 1000;
    const int64_t least = length - (model->was_set_back ? SKEW : 0);
    const int64_t most =
        length + window_step[window] * 1000 + (model->was_set_back ? AHEAD(window) : 0);
    const struct subject *subject = find(model, kind, name);
    *ret_range = (struct model_range){0};
    for (size_t i = 0; subject && i < subject->count; i++) {
        const struct event *event = &subject->events[i];
        const int64_t amount = event->amounts[quantity];
        if (amount == 0)
            continue;
        if (now - as_of(event->earliest, now) < least && !event->left[window]) {
            int64_t frees = (as_of(event->latest, now) + most - now) / 1000 + 1;
            if (ret_range->least == 0 || frees < ret_range->frees_most)
                ret_range->frees_most = frees;
            ret_range->least += amount;
        }
        if (now - as_of(event->latest, now) < most)
            ret_range->most += amount;
    }
}

void model_count(struct model *model, const struct limits_request *request)
{
    const int64_t now = request->who.now;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        struct bytes name = request->who.names[kind];
        if (name.len == 0)
            continue;
        struct subject *subject = have(model, (enum subject_kind)kind, name);
        for (size_t i = 0; i < subject->count; i++) {
            struct event *event = &subject->events[i];
            event->latest = as_of(event->latest, now);
        }
        if (subject->count == subject->room) {
            subject->room = 2 * subject->room + 16;
            subject->events = grown(subject->events, subject->room, sizeof *subject->events);
        }
        struct event *event = &subject->events[subject->count++];
        *event = (struct event){.earliest = now, .latest = now};
        memcpy(event->amounts, request->amounts, sizeof event->amounts);
    }
    struct bytes login = request->who.names[SUBJECT_LOGIN];
    if (request->op != LIMITS_CHARGE || login.len == 0)
        return;
    struct subject *subject = have(model, SUBJECT_LOGIN, login);
    subject->messages++;
    for (size_t i = 0; i < request->rcpt_count; i++) {
        if (model_known_since(model, login, request->rcpts[i]))
            continue;
        subject->rcpts =
            grown(subject->rcpts, subject->rcpt_count + 1, sizeof(struct correspondent));
        subject->rcpts[subject->rcpt_count++] = (struct correspondent){
            folded(SUBJECT_DOMAIN, request->rcpts[i]),
            now / 1000,
        };
    }
}

void model_set_back(struct model *model, int64_t now, int64_t to)
{
    model->was_set_back = true;
    for (size_t i = 0; i < model->count; i++)
        for (size_t j = 0; j < model->subjects[i].count; j++) {
            struct event *event = &model->subjects[i].events[j];
            for (int window = 0; window < WINDOW_COUNT; window++)
                if (now - event->earliest >= window_seconds[window] * 1000 - SKEW)
                    event->left[window] = true;
            event->earliest = as_of(event->earliest, to);
        }
}

/* ---- Charges ---- */

static bool fits(const struct model *model, const struct limits_request *charge,
                 const struct limits_bound *bound, bool surely)
{
    const struct limit *limit = &bound->limit;
    struct bytes name = charge->who.names[bound->subject];
    if (name.len == 0 ||
        (charge->amounts[limit->quantity] == 0 && limit->quantity != QUANTITY_REFUSALS))
        return true;
    struct model_range range;
    model_range(model, bound->subject, name, limit->quantity, limit->window, charge->who.now,
                &range);
    return (surely ? range.most : range.least) + charge->amounts[limit->quantity] <= limit->max;
}

static bool all_fit(const struct model *model, const struct limits_request *charge, bool surely)
{
    for (size_t i = 0; i < charge->bound_count; i++)
        if (!fits(model, charge, &charge->bounds[i], surely))
            return false;
    return true;
}

bool model_must_admit(const struct model *model, const struct limits_request *charge)
{
    return all_fit(model, charge, true);
}

bool model_may_admit(const struct model *model, const struct limits_request *charge)
{
    return all_fit(model, charge, false);
}

bool model_may_pass(const struct model *model, const struct limits_request *charge,
                    const struct limits_bound *bound)
{
    return !fits(model, charge, bound, true);
}

/* ---- What is remembered of a login ---- */

int64_t model_known_since(const struct model *model, struct bytes login, struct bytes rcpt)
{
    const struct subject *subject = find(model, SUBJECT_LOGIN, login);
    for (size_t i = 0; subject && i < subject->rcpt_count; i++)
        if (bytes_equal(bytes_of(subject->rcpts[i].rcpt), rcpt))
            return subject->rcpts[i].first;
    return 0;
}

int64_t model_messages(const struct model *model, struct bytes login)
{
    const struct subject *subject = find(model, SUBJECT_LOGIN, login);
    return subject ? subject->messages : 0;
}

static bool holds(const struct login_standing *standing, int64_t now)
{
    return standing->until == 0 || now / 1000 < standing->until;
}

enum login_state model_standing(const struct model *model, struct bytes login, int64_t now)
{
    const struct subject *subject = find(model, SUBJECT_LOGIN, login);
    enum login_state state = LOGIN_NORMAL;
    for (size_t i = 0; subject && i < subject->raised_count; i++)
        if (holds(&subject->raised[i], now) && subject->raised[i].state > state)
            state = subject->raised[i].state;
    return state;
}

void model_raise(struct model *model, struct bytes login, const struct login_standing *standing,
                 int64_t now)
{
    struct subject *subject = have(model, SUBJECT_LOGIN, login);
    if (model_standing(model, login, now) == LOGIN_NORMAL)
        subject->raised_count = 0;
    subject->raised = grown(subject->raised, subject->raised_count + 1, sizeof *subject->raised);
    subject->raised[subject->raised_count++] = *standing;
}
