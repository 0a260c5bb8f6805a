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

bool limits_count_correspondents(struct limits *limits, struct bytes login, int64_t now,
                                 int64_t known_after, int64_t *ret_remembered, int64_t *ret_known,
                                 struct error *error)
{
    struct embedded_count count;
    bool counted = embedded_count_correspondents(limits->embedded, login, now / 1000, known_after,
                                                 &count, error);
    *ret_remembered = count.remembered;
    *ret_known = count.known;
    return counted;
}
