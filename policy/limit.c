/* Reading a limit from the configuration. */
#include "policy/limit.h"

bool limit_parse(const char *text, struct limit *ret_limit, struct error *error)
{
    (void)ret_limit;
    return error_set(error, "%s: not read yet", text);
}

bool limit_check(const char *text, struct error *error)
{
    struct limit limit;
    return limit_parse(text, &limit, error);
}
