/* The words of what is counted. */
#include "policy/counting.h"

const int64_t window_seconds[WINDOW_COUNT] = {60, 3600, 86400};
const int64_t window_step[WINDOW_COUNT] = {1, 60, 900};

const char *quantity_word(enum quantity quantity)
{
    static const char *const words[] = {"messages", "recipients", "new", "bytes", "refusals"};
    return words[quantity];
}

const char *window_word(enum window window)
{
    static const char *const words[] = {"minute", "hour", "day"};
    return words[window];
}

const char *subject_word(enum subject_kind kind)
{
    static const char *const words[] = {"login", "group", "domain", "client", "network", "host"};
    return words[kind];
}

const char *login_state_word(enum login_state state)
{
    static const char *const words[] = {"normal", "slowed", "frozen"};
    return words[state];
}

/* limits/limits.h: an admin's cause begins so, a sign's is RULE.REASON. */
bool login_standing_is_by_admin(const struct login_standing *standing)
{
    return bytes_start_with_nocase(standing->cause, BYTES("by "));
}
