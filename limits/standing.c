/* Which of several words about a login holds. */
#include "limits/standing.h"

#include <string.h>

static bool holds(const struct standing_word *word, int64_t now)
{
    return word->is_said && (!word->until || word->until > now);
}

static bool is_later(int64_t a, int64_t b)
{
    return b && (!a || a > b);
}

static struct login_standing tell(const struct standing *standing, enum login_state state)
{
    const struct standing_word *word = &standing->words[state];
    return (struct login_standing){
        .state = state,
        .since = word->since,
        .until = word->until,
        .cause = bytes_of(word->cause),
    };
}

bool standing_has(const struct standing *standing, enum login_state state, int64_t now,
                  struct login_standing *ret_standing)
{
    *ret_standing = (struct login_standing){.state = LOGIN_NORMAL};
    if (!standing || !holds(&standing->words[state], now))
        return false;
    *ret_standing = tell(standing, state);
    return true;
}

/* Whether an admin keeps signs off. */
static bool is_kept_normal(const struct standing *standing, int64_t now)
{
    return standing->words[LOGIN_NORMAL].until > now;
}

void standing_at(const struct standing *standing, int64_t now, struct login_standing *ret_standing)
{
    if (standing_has(standing, LOGIN_FROZEN, now, ret_standing) ||
        standing_has(standing, LOGIN_SLOWED, now, ret_standing))
        return;
    if (standing && is_kept_normal(standing, now))
        *ret_standing = tell(standing, LOGIN_NORMAL);
}

static void say(struct standing *standing, const struct login_standing *to)
{
    struct standing_word *word = &standing->words[to->state];
    struct bytes cause = bytes_slice(to->cause, 0, LIMITS_CAUSE_MAX);
    /* Not in the middle of a character of UTF-8. */
    while (cause.len < to->cause.len && cause.len && (to->cause.data[cause.len] & 0xc0) == 0x80)
        cause.len--;
    *word = (struct standing_word){.is_said = true, .since = to->since, .until = to->until};
    for (size_t i = 0; i < cause.len; i++) {
        unsigned char byte = (unsigned char)cause.data[i];
        word->cause[i] = (char)(byte < ' ' || byte == 0x7f ? '?' : byte);
    }
}

void standing_set(struct standing *standing, const struct login_standing *to, int64_t now)
{
    int64_t set = standing->set;
    *standing = (struct standing){.set = now > set ? now : set + 1};
    say(standing, to);
}

bool standing_is_raised_by(const struct standing *a, const struct login_standing *b, int64_t now)
{
    if (b->state == LOGIN_NORMAL || (b->until && b->until <= now) || (a && is_kept_normal(a, now)))
        return false;
    for (int state = b->state; a && state < LOGIN_STATES; state++)
        if (holds(&a->words[state], now) && !is_later(b->until, a->words[state].until))
            return false;
    return true;
}

bool standing_raise(struct standing *standing, const struct login_standing *to, int64_t now)
{
    if (!standing_is_raised_by(standing, to, now))
        return false;
    say(standing, to);
    return true;
}

bool standing_follow(struct standing *standing, const struct login_standing *told, int64_t now,
                     int64_t set)
{
    struct login_standing own;
    standing_at(standing, now, &own);
    if (told->state >= own.state && told->state != LOGIN_NORMAL && !is_kept_normal(standing, now))
        return standing_raise(standing, told, now);
    if (told->state == own.state && told->until == own.until)
        return false;
    standing_set(standing, told, set);
    return true;
}

void standing_merge(struct standing *standing, const struct standing *other, int64_t now)
{
    if (other->set > standing->set)
        *standing = *other;
    if (other->set != standing->set)
        return;
    for (int state = LOGIN_SLOWED; state < LOGIN_STATES; state++) {
        struct login_standing word;
        if (standing_has(other, (enum login_state)state, now, &word))
            standing_raise(standing, &word, now);
    }
    if (other->raised > standing->raised)
        standing->raised = other->raised;
}

int64_t standing_over(const struct standing *standing)
{
    int64_t over = (standing->set > standing->raised ? standing->set : standing->raised) / 1000;
    for (int state = 0; state < LOGIN_STATES; state++) {
        const struct standing_word *word = &standing->words[state];
        if (word->is_said && !word->until && state != LOGIN_NORMAL)
            return 0;
        if (word->until > over)
            over = word->until;
    }
    return over;
}
