/* The way to whichever store counts. */
#include "limits/limits.h"

#include <stdlib.h>

#include "limits/embedded.h"

struct limits {
    struct embedded *embedded;
};

bool limits_open(const struct limits_options *options, struct limits **ret_limits,
                 struct error *error)
{
    struct limits *limits = calloc(1, sizeof *limits);
    if (!limits)
        return error_set(error, "out of memory");
    if (!embedded_open(options, &limits->embedded, error)) {
        free(limits);
        return false;
    }
    *ret_limits = limits;
    return true;
}

void limits_close(struct limits *limits)
{
    if (limits)
        embedded_close(limits->embedded);
    free(limits);
}

void limits_submit(struct limits *limits, struct limits_request *request)
{
    embedded_do(limits->embedded, request, 0);
}

void limits_collect(struct limits *limits, struct limits_request *request)
{
    (void)limits;
    (void)request;
}

bool limits_is_ready(struct limits *limits, const struct limits_request *request)
{
    (void)limits;
    (void)request;
    return true;
}

void limits_raise(struct limits *limits, struct bytes login, const struct login_standing *standing)
{
    embedded_raise(limits->embedded, login, standing);
}

bool limits_claim(struct limits *limits, const char *key, int64_t seconds, int64_t now)
{
    return embedded_claim(limits->embedded, key, seconds, now);
}
