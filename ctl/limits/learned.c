/* Gathering correspondents. */
#include "ctl/limits/learned.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/names.h"
#include "gate/counters.h"
#include "gate/recorded.h"
#include "policy/arena.h"

#define PAIRS_MAX 100000 /* that wait at once: some 20 MB */
#define TEXT_CEILING ((size_t)4 << 20)

struct learned_pairs {
    struct names *texts; /* the login, a NUL, the recipient */
    struct arena *arena; /* for one record */
    struct pair {
        int64_t first, last; /* seconds since 1970 */
        size_t login_len;
    } times[PAIRS_MAX]; /* by the text's number */
};

bool learned_init(struct learned *learned, struct limits *limits)
{
    *learned = (struct learned){.limits = limits};
    learned->waiting = calloc(1, sizeof *learned->waiting);
    if (!learned->waiting)
        return false;
    learned->waiting->texts = names_new();
    learned->waiting->arena = arena_new(TEXT_CEILING);
    return learned->waiting->texts && learned->waiting->arena;
}

void learned_done(struct learned *learned)
{
    if (!learned->waiting)
        return;
    names_free(learned->waiting->texts);
    arena_free(learned->waiting->arena);
    free(learned->waiting);
    learned->waiting = NULL;
}

bool learned_flush(struct learned *learned, struct error *error)
{
    struct learned_pairs *waiting = learned->waiting;
    for (uint32_t i = 0; i < names_count(waiting->texts); i++) {
        struct bytes text = names_text(waiting->texts, i);
        const struct pair *pair = &waiting->times[i];
        if (!limits_learn(learned->limits, bytes_slice(text, 0, pair->login_len),
                          bytes_slice(text, pair->login_len + 1, text.len), pair->first, pair->last,
                          error))
            return false;
        learned->pairs++;
    }
    names_free(waiting->texts);
    waiting->texts = names_new();
    return waiting->texts || error_set(error, "out of memory");
}

static bool add(struct learned *learned, struct bytes login, struct bytes rcpt, int64_t when,
                struct error *error)
{
    struct learned_pairs *waiting = learned->waiting;
    size_t len = login.len + 1 + rcpt.len;
    char *data = arena_alloc(waiting->arena, len);
    if (!data)
        return error_set(error, "out of memory");
    memcpy(data, login.data, login.len);
    data[login.len] = '\0';
    memcpy(data + login.len + 1, rcpt.data, rcpt.len);
    if (names_count(waiting->texts) == PAIRS_MAX && !learned_flush(learned, error))
        return false;
    uint32_t known = names_count(waiting->texts);
    uint32_t number = names_add(waiting->texts, (struct bytes){data, len});
    if (number == NAMES_NONE)
        return error_set(error, "out of memory");
    struct pair *pair = &waiting->times[number];
    if (number == known)
        *pair = (struct pair){.first = when, .last = when, .login_len = login.len};
    if (when < pair->first)
        pair->first = when;
    if (when > pair->last)
        pair->last = when;
    return true;
}

static bool add_rcpts(struct learned *learned, const struct recorded *recorded, struct error *error)
{
    for (size_t i = 0; i < recorded->rcpts_len; i++) {
        arena_clear(learned->waiting->arena);
        struct bytes rcpt = counters_rcpt(learned->waiting->arena, recorded->rcpts[i]);
        if (rcpt.len &&
            !add(learned, recorded->session.login.name, rcpt, recorded->began / 1000, error))
            return false;
    }
    return true;
}

/* As it left: what was refused was never written. */
static bool has_left(const struct history_row *row)
{
    return !row->command.len && row->login.len &&
           (bytes_equal(row->action, BYTES("accept")) || bytes_equal(row->action, BYTES("fix")));
}

bool learned_row(struct learned *learned, const struct history_row *row, struct error *error)
{
    struct recorded *recorded;
    struct error unread;
    learned->decisions++;
    if (!has_left(row))
        return true;
    if (!recorded_new(row->record, &recorded, &unread)) {
        if (!learned->unreadable++)
            error_set(&learned->first_unreadable, "%.*s: %s", (int)row->id.len,
                      row->id.len ? row->id.data : "", unread.text);
        return true;
    }
    bool well = true;
    if (recorded->session.login.state == FACT_KNOWN && recorded->session.login.name.len) {
        learned->messages++;
        well = add_rcpts(learned, recorded, error);
    }
    recorded_free(recorded);
    return well;
}
