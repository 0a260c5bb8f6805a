/* Collecting and adding up. */
#include "ctl/observed/tally.h"

#include <stdlib.h>
#include <string.h>

#include "conf/modes.h"

#define SCRATCH_BYTES ((size_t)1024 * 1024) /* one row's texts */

struct collecting {
    struct tally *tally;
    const struct tally_choice *choice;
    size_t room;
    bool failed;
};

/* A list that grows: false when memory is out. */
static bool make_room(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room ? *room * 2 : 64;
    void *larger = reallocarray(*items, more, size);
    if (!larger)
        return false;
    *items = larger;
    *room = more;
    return true;
}

static const char *kept(struct tally *tally, struct bytes text)
{
    return text.data ? arena_text(tally->arena, text) : NULL;
}

static struct tally_row row_of(struct tally *tally, const struct observed_breach *breach)
{
    return (struct tally_row){.rule = kept(tally, breach->rule),
                              .policy = kept(tally, breach->policy),
                              .reason = kept(tally, breach->reason),
                              .action = kept(tally, breach->action),
                              .login = kept(tally, breach->login),
                              .client = kept(tally, breach->client),
                              .passed = breach->passed,
                              .refused = breach->refused,
                              .last = breach->last,
                              .id = kept(tally, breach->id),
                              .fact = kept(tally, breach->fact)};
}

static bool take_row(const struct observed_breach *breach, void *context)
{
    struct collecting *collecting = context;
    struct tally *tally = collecting->tally;
    const struct tally_choice *choice = collecting->choice;
    struct tally_row row = row_of(tally, breach);
    void *rows = tally->rows;
    collecting->failed = arena_failed(tally->arena) ||
                         !make_room(&rows, tally->count, &collecting->room, sizeof row);
    if (collecting->failed)
        return false;
    tally->rows = rows;
    if (!choice || choice->takes(&row, choice->context))
        tally->rows[tally->count++] = row;
    return true;
}

static bool take_judged(const struct observed_judged *found, void *context)
{
    struct collecting *collecting = context;
    struct tally *tally = collecting->tally;
    const struct tally_choice *choice = collecting->choice;
    struct tally_judged judged = {kept(tally, found->rule), kept(tally, found->policy),
                                  found->decisions, false};
    void *list = tally->judged;
    collecting->failed = arena_failed(tally->arena) ||
                         !make_room(&list, tally->judged_count, &collecting->room, sizeof judged);
    if (collecting->failed)
        return false;
    tally->judged = list;
    if (!choice || choice->takes_judged(&judged, choice->context))
        tally->judged[tally->judged_count++] = judged;
    return true;
}

struct counting {
    struct tally *tally;
    const struct tally_choice *choice;
    struct arena *scratch;
    int64_t last; /* decision that was counted */
};

static bool count_message(int64_t decision, const struct observed_breach *breach, void *context)
{
    struct counting *counting = context;
    if (decision == counting->last)
        return true;
    arena_clear(counting->scratch);
    struct tally here = {.arena = counting->scratch};
    struct tally_row row = row_of(&here, breach);
    if (arena_failed(counting->scratch))
        return false;
    if ((counting->choice && !counting->choice->takes(&row, counting->choice->context)) ||
        !tally_would_refuse(&row))
        return true;
    counting->last = decision;
    counting->tally->messages++;
    return true;
}

static bool count_messages(struct tally *tally, struct history *history,
                           const struct history_filter *filter, const struct tally_choice *choice,
                           struct error *error)
{
    struct counting counting = {tally, choice, arena_new(SCRATCH_BYTES), -1};
    bool asked =
        counting.scratch && observed_passed(history, filter, count_message, &counting, error);
    bool whole = counting.scratch && !arena_failed(counting.scratch);
    arena_free(counting.scratch);
    return whole ? asked : error_set(error, "memory is out");
}

bool tally_take(struct arena *arena, struct history *history, const struct history_filter *filter,
                const struct tally_choice *choice, struct tally *ret_tally, struct error *error)
{
    struct collecting rows = {ret_tally, choice, 0, false};
    struct collecting judged = rows;
    *ret_tally = (struct tally){.arena = arena};
    if (!observed_breaches(history, filter, take_row, &rows, error) ||
        !observed_judged(history, filter, take_judged, &judged, error) ||
        !observed_decisions(history, filter, &ret_tally->decisions, error) ||
        !count_messages(ret_tally, history, filter, choice, error))
        return false;
    return (!rows.failed && !judged.failed) || error_set(error, "memory is out");
}

void tally_clear(struct tally *tally)
{
    free(tally->rows);
    free(tally->judged);
}

static bool is_enforced(const struct settings *settings, const char *rule, const char *policy,
                        const char *login)
{
    struct error ignored;
    enum rule_id id = rule && policy ? modes_rule_named(rule, &ignored) : RULE_COUNT;
    struct bytes name = login ? bytes_of(login) : (struct bytes){NULL, 0};
    return id != RULE_COUNT && modes_for_login(settings, policy, name, id) == MODE_ENFORCE;
}

void tally_mark_enforced(struct tally *tally, const struct settings *settings)
{
    for (size_t i = 0; i < tally->count; i++) {
        struct tally_row *row = &tally->rows[i];
        row->enforced_now = is_enforced(settings, row->rule, row->policy, row->login);
    }
    for (size_t i = 0; i < tally->judged_count; i++) {
        struct tally_judged *judged = &tally->judged[i];
        judged->enforced_now = is_enforced(settings, judged->rule, judged->policy, NULL);
    }
}

bool tally_would_refuse(const struct tally_row *row)
{
    return row->passed > 0 && row->action && strcmp(row->action, "fix") != 0;
}

static bool equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

const char *tally_would_be(const struct tally *tally, size_t from, size_t to)
{
    static const struct {
        const char *action, *word;
    } words[] = {{"reject", "refused"},
                 {"tempfail", "deferred"},
                 {"quarantine", "quarantined"},
                 {"freeze", "taken as a sign to freeze the login"},
                 {"slow", "taken as a sign to slow the login"}};
    const char *text = "";
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
        size_t row = from;
        while (row < to && (!tally_would_refuse(&tally->rows[row]) ||
                            !equal(tally->rows[row].action, words[i].action)))
            row++;
        if (row < to)
            text = arena_printf(tally->arena, "%s%s%s", text, *text ? " or " : "", words[i].word);
    }
    return text && !*text ? "refused" : text;
}

int64_t tally_messages(const struct tally *tally, size_t from, size_t to)
{
    int64_t sum = 0;
    for (size_t i = from; i < to; i++)
        if (tally_would_refuse(&tally->rows[i]))
            sum += tally->rows[i].passed;
    return sum;
}

static int compare(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

size_t tally_people(const struct tally *tally, size_t from, size_t to)
{
    const char **names = calloc(to - from + 1, sizeof *names);
    size_t count = 0;
    size_t people = 0;
    for (size_t i = from; names && i < to; i++) {
        const struct tally_row *row = &tally->rows[i];
        /* A client's address is nobody's login. */
        if (tally_would_refuse(row))
            names[count++] = row->login ? row->login : row->client ? row->client : "";
    }
    if (names)
        qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++)
        people += i == 0 || strcmp(names[i - 1], names[i]) != 0;
    free(names);
    return people;
}

size_t tally_end_of_reason(const struct tally *tally, size_t from)
{
    const struct tally_row *first = &tally->rows[from];
    size_t to = from;
    while (to < tally->count && equal(tally->rows[to].rule, first->rule) &&
           equal(tally->rows[to].policy, first->policy) &&
           equal(tally->rows[to].reason, first->reason))
        to++;
    return to;
}
