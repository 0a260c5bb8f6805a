/* The way to whichever store counts. */
#include "limits/limits.h"

#include <stdlib.h>

#include "limits/embedded.h"
#include "limits/fleet.h"

struct limits {
    struct embedded *embedded;
    struct fleet *fleet; /* or NULL */
};

bool limits_open(const struct limits_options *options, struct limits **ret_limits,
                 struct error *error)
{
    struct limits *limits = calloc(1, sizeof *limits);
    if (!limits)
        return error_set(error, "out of memory");
    if (!embedded_open(options, &limits->embedded, error) ||
        (options->redis && !fleet_open(options, limits->embedded, &limits->fleet, error))) {
        limits_close(limits);
        return false;
    }
    *ret_limits = limits;
    return true;
}

void limits_close(struct limits *limits)
{
    if (!limits)
        return;
    fleet_close(limits->fleet);
    embedded_close(limits->embedded);
    free(limits);
}

void limits_submit(struct limits *limits, struct limits_request *request)
{
    if (limits->fleet)
        fleet_submit(limits->fleet, request);
    else
        embedded_do(limits->embedded, request, 0);
}

void limits_collect(struct limits *limits, struct limits_request *request)
{
    if (limits->fleet)
        fleet_collect(limits->fleet, request);
}

bool limits_is_ready(struct limits *limits, const struct limits_request *request)
{
    return !limits->fleet || fleet_is_ready(limits->fleet, request);
}

void limits_raise(struct limits *limits, struct bytes login, const struct login_standing *standing)
{
    if (limits->fleet)
        fleet_raise(limits->fleet, login, standing);
    else
        embedded_raise(limits->embedded, login, standing);
}

bool limits_claim(struct limits *limits, const char *key, int64_t seconds, int64_t now)
{
    if (limits->fleet)
        return fleet_claim(limits->fleet, key, seconds, now);
    return embedded_claim(limits->embedded, key, seconds, now);
}
