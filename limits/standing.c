/* Which of several words about a login holds. */
#include "limits/standing.h"

#include <string.h>

static bool holds(const struct standing *standing, int64_t now)
{
    return standing && standing->state != LOGIN_NORMAL &&
           (!standing->until || standing->until > now);
}

void standing_at(const struct standing *standing, int64_t now, struct login_standing *ret_standing)
{
    *ret_standing = (struct login_standing){.state = LOGIN_NORMAL};
    if (holds(standing, now) || (standing && standing->until > now))
        *ret_standing = (struct login_standing){
            .state = standing->state,
            .since = standing->since,
            .until = standing->until,
            .cause = bytes_of(standing->cause),
        };
}

void standing_of(const struct login_standing *from, struct standing *ret_standing)
{
    struct bytes cause = bytes_slice(from->cause, 0, LIMITS_CAUSE_MAX);
    /* Not in the middle of a character of UTF-8. */
    while (cause.len < from->cause.len && cause.len && (from->cause.data[cause.len] & 0xc0) == 0x80)
        cause.len--;
    *ret_standing = (struct standing){
        .state = from->state,
        .since = from->since,
        .until = from->until,
    };
    for (size_t i = 0; i < cause.len; i++) {
        unsigned char byte = (unsigned char)cause.data[i];
        ret_standing->cause[i] = (char)(byte < ' ' || byte == 0x7f ? '?' : byte);
    }
}

static bool is_later(int64_t a, int64_t b)
{
    return b && (!a || a > b);
}

bool standing_is_raised_by(const struct standing *a, const struct login_standing *b, int64_t now)
{
    if (b->state == LOGIN_NORMAL || (b->until && b->until <= now))
        return false;
    if (!holds(a, now) || b->state > a->state)
        return true;
    return b->state == a->state && is_later(b->until, a->until);
}

void standing_merge(struct standing *standing, const struct standing *other, int64_t now)
{
    struct standing own = *standing;
    if (other->set > standing->set) {
        *standing = *other;
        other = &own;
    }
    /* What a sign said before the admin spoke is over. */
    if (other->set < standing->set && other->raised <= standing->set)
        return;
    struct login_standing more;
    int64_t set = standing->set;
    standing_at(other, now, &more);
    if (standing_is_raised_by(standing, &more, now))
        *standing = *other;
    standing->set = set;
}
