/* Refusals that were soon followed by a success of all but the same message. */
#include <stdlib.h>
#include <string.h>

#include "history/summary_private.h"

#define SOON (60 * 60 * 1000) /* milliseconds */
#define PENDING 64            /* refusals of one login that a success is compared with */
#define NEAR_PERCENT 3        /* sizes: what a mail program writes anew differs so much */
#define NEAR_BYTES 64

/* Only of logins of which something was refused; one login after the other, in order of time. */
static const char attempts[] =
    "SELECT time, id, login, mail_from, from_address, command, rcpt_count, size, action, rule,"
    " reason, seq FROM temp.span"
    " WHERE login IN (SELECT login FROM temp.span WHERE " SUMMARY_STOPPED ")"
    " ORDER BY login, time, seq";

/* Recipients in an order of their own. */
static const char recipients[] =
    "SELECT group_concat(address, char(10)) FROM (SELECT address FROM main.addresses"
    " WHERE seq = ?1 AND kind = 'rcpt' ORDER BY address)";

enum { TIME, ID, LOGIN, MAIL_FROM, FROM, COMMAND, RCPTS, SIZE, ACTION, RULE, REASON, SEQ };

struct attempt {
    int64_t time, seq, rcpts, size;
    bool command; /* it was refused at MAIL: nothing is known of the message */
    char *mail_from, *from, *rule, *reason, *id;
};

/* A success and the first of the refusals that it repeats. */
struct repeated {
    struct attempt refused;
    char *login, *from, *id;
    int64_t passed, tries;
    bool changed;
};

struct walk {
    const struct summary_question *question;
    sqlite3_stmt *recipients;
    char *login;
    struct attempt pending[PENDING];
    size_t first, count;       /* of pending, a ring */
    struct repeated *repeated; /* the newest ones, at most top */
    size_t repeated_count;
    bool failed; /* memory was out */
};

static char *copy(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return sqlite3_mprintf("%s", text ? text : "");
}

static void attempt_done(struct attempt *attempt)
{
    sqlite3_free(attempt->mail_from);
    sqlite3_free(attempt->from);
    sqlite3_free(attempt->rule);
    sqlite3_free(attempt->reason);
    sqlite3_free(attempt->id);
    *attempt = (struct attempt){0};
}

static struct attempt *pending(struct walk *walk, size_t number)
{
    return &walk->pending[(walk->first + number) % PENDING];
}

static void drop_first(struct walk *walk)
{
    attempt_done(pending(walk, 0));
    walk->first = (walk->first + 1) % PENDING;
    walk->count--;
}

static void add_refusal(struct walk *walk, sqlite3_stmt *row)
{
    if (walk->count == PENDING)
        drop_first(walk);
    struct attempt *attempt = pending(walk, walk->count++);
    *attempt = (struct attempt){.time = sqlite3_column_int64(row, TIME),
                                .seq = sqlite3_column_int64(row, SEQ),
                                .rcpts = sqlite3_column_int64(row, RCPTS),
                                .size = sqlite3_column_int64(row, SIZE),
                                .command = sqlite3_column_type(row, COMMAND) != SQLITE_NULL,
                                .mail_from = copy(row, MAIL_FROM),
                                .from = copy(row, FROM),
                                .rule = copy(row, RULE),
                                .reason = copy(row, REASON),
                                .id = copy(row, ID)};
    walk->failed = walk->failed || !attempt->mail_from || !attempt->from || !attempt->rule ||
                   !attempt->reason || !attempt->id;
}

static char *recipients_of(struct walk *walk, int64_t seq)
{
    bool row;
    sqlite3_reset(walk->recipients);
    sqlite3_bind_int64(walk->recipients, 1, seq);
    if (!summary_next(walk->question, walk->recipients, &row) || !row)
        return NULL;
    return copy(walk->recipients, 0);
}

static bool same_recipients(struct walk *walk, const struct attempt *refused, sqlite3_stmt *passed)
{
    if (refused->rcpts != sqlite3_column_int64(passed, RCPTS))
        return false;
    char *before = recipients_of(walk, refused->seq);
    char *after = recipients_of(walk, sqlite3_column_int64(passed, SEQ));
    bool same = before && after && *before && strcmp(before, after) == 0;
    sqlite3_free(before);
    sqlite3_free(after);
    return same;
}

static bool near(int64_t a, int64_t b)
{
    int64_t apart = a > b ? a - b : b - a;
    int64_t larger = a > b ? a : b;
    return apart <= NEAR_BYTES || apart * 100 <= larger * NEAR_PERCENT;
}

static bool equal(const char *text, sqlite3_stmt *row, int column)
{
    const char *other = (const char *)sqlite3_column_text(row, column);
    return strcmp(text, other ? other : "") == 0;
}

/* Whether the success is the refused one once more. */
static bool is_again(struct walk *walk, const struct attempt *refused, sqlite3_stmt *passed,
                     bool *ret_changed)
{
    *ret_changed = false;
    if (refused->command)
        return equal(refused->mail_from, passed, MAIL_FROM);
    bool near_size = near(refused->size, sqlite3_column_int64(passed, SIZE));
    if (equal(refused->from, passed, FROM))
        return near_size || same_recipients(walk, refused, passed);
    *ret_changed = true;
    return near_size && same_recipients(walk, refused, passed);
}

static void repeated_done(struct repeated *repeated)
{
    attempt_done(&repeated->refused);
    sqlite3_free(repeated->login);
    sqlite3_free(repeated->from);
    sqlite3_free(repeated->id);
    *repeated = (struct repeated){0};
}

/* Where the next one goes: the oldest makes room. NULL: all that are there are newer. */
static struct repeated *place_for(struct walk *walk, int64_t passed)
{
    if (walk->repeated_count < walk->question->top)
        return &walk->repeated[walk->repeated_count++];
    struct repeated *oldest = NULL;
    for (size_t i = 0; i < walk->repeated_count; i++)
        if (!oldest || walk->repeated[i].passed < oldest->passed)
            oldest = &walk->repeated[i];
    return oldest && oldest->passed < passed ? oldest : NULL;
}

static void keep(struct walk *walk, struct repeated *found, sqlite3_stmt *passed)
{
    walk->question->summary->friction.all++;
    found->passed = sqlite3_column_int64(passed, TIME);
    struct repeated *place = place_for(walk, found->passed);
    if (!place) {
        repeated_done(found);
        return;
    }
    repeated_done(place);
    *place = *found;
    place->login = copy(passed, LOGIN);
    place->from = copy(passed, FROM);
    place->id = copy(passed, ID);
    walk->failed = walk->failed || !place->login || !place->from || !place->id;
}

/* All pending refusals that the success repeats are one row, and done with. */
static void take_success(struct walk *walk, sqlite3_stmt *passed)
{
    struct repeated found = {0};
    size_t kept = 0;
    for (size_t i = 0; i < walk->count; i++) {
        bool changed;
        struct attempt attempt = *pending(walk, i);
        *pending(walk, i) = (struct attempt){0};
        if (!is_again(walk, &attempt, passed, &changed)) {
            *pending(walk, kept++) = attempt;
        } else if (found.tries++) {
            attempt_done(&attempt);
        } else {
            found.refused = attempt;
            found.changed = changed;
        }
    }
    walk->count = kept;
    if (found.tries)
        keep(walk, &found, passed);
}

static void forget(struct walk *walk, int64_t before)
{
    while (walk->count && pending(walk, 0)->time < before)
        drop_first(walk);
}

/* To be sent later is what a limit asks for: that it passes then is no sign of a wrong refusal. */
static bool is_held_back(sqlite3_stmt *row)
{
    return equal("limits", row, RULE) || equal("login_state", row, RULE);
}

static void take(struct walk *walk, sqlite3_stmt *row)
{
    if (!walk->login || !equal(walk->login, row, LOGIN)) {
        forget(walk, INT64_MAX);
        sqlite3_free(walk->login);
        walk->login = copy(row, LOGIN);
        walk->failed = walk->failed || !walk->login;
    }
    forget(walk, sqlite3_column_int64(row, TIME) - SOON);
    enum summary_outcome outcome =
        summary_outcome_of((const char *)sqlite3_column_text(row, ACTION));
    const char *command = (const char *)sqlite3_column_text(row, COMMAND);
    if (outcome < SUMMARY_DEFERRED)
        take_success(walk, row);
    else if (!is_held_back(row) &&
             (!command || strcmp(command, "MAIL") == 0)) /* after RCPT the rest goes on */
        add_refusal(walk, row);
}

static int newest_first(const void *left, const void *right)
{
    const struct repeated *a = left, *b = right;
    return (a->passed < b->passed) - (a->passed > b->passed);
}

static bool hand_over(struct walk *walk)
{
    struct summary *summary = walk->question->summary;
    struct arena *arena = summary->arena;
    size_t count = walk->repeated_count;
    if (count)
        qsort(walk->repeated, count, sizeof *walk->repeated, newest_first);
    summary->friction.rows = arena_alloc(arena, count * sizeof *summary->friction.rows);
    for (size_t i = 0; i < count && !arena_failed(arena); i++) {
        const struct repeated *from = &walk->repeated[i];
        const struct attempt *refused = &from->refused;
        summary->friction.rows[i] = (struct summary_friction){
            .login = arena_text(arena, bytes_of(from->login)),
            .refused_from =
                arena_text(arena, bytes_of(refused->command ? refused->mail_from : refused->from)),
            .passed_from = arena_text(arena, bytes_of(from->from)),
            .changed = from->changed,
            .tries = from->tries,
            .refused = refused->time,
            .passed = from->passed,
            .rule = arena_text(arena, bytes_of(refused->rule)),
            .reason = arena_text(arena, bytes_of(refused->reason)),
            .refused_id = arena_text(arena, bytes_of(refused->id)),
            .passed_id = arena_text(arena, bytes_of(from->id)),
        };
    }
    summary->friction.count = count;
    return !arena_failed(arena) || error_set(walk->question->error, "out of memory");
}

static void walk_done(struct walk *walk)
{
    for (size_t i = 0; i < PENDING; i++)
        attempt_done(&walk->pending[i]);
    for (size_t i = 0; i < walk->repeated_count; i++)
        repeated_done(&walk->repeated[i]);
    free(walk->repeated);
    sqlite3_free(walk->login);
    sqlite3_finalize(walk->recipients);
}

bool summary_friction(const struct summary_question *question)
{
    struct walk walk = {.question = question,
                        .recipients = summary_ask(question, recipients),
                        .repeated = calloc(question->top + 1, sizeof *walk.repeated)};
    sqlite3_stmt *rows = walk.recipients ? summary_ask(question, attempts) : NULL;
    bool row = false, good = rows && (walk.repeated || error_set(question->error, "out of memory"));
    while (good && (good = summary_next(question, rows, &row)) && row) {
        take(&walk, rows);
        good = !walk.failed || error_set(question->error, "out of memory");
    }
    good = good && hand_over(&walk);
    sqlite3_finalize(rows);
    walk_done(&walk);
    return good;
}
