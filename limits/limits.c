/* The way to whichever store counts. */
#include "limits/limits.h"

#include <stdlib.h>
#include <unistd.h>

#include "limits/embedded.h"
#include "limits/fleet.h"
#include "limits/fleet_admin.h"

#define FILE_MS 2000 /* that are the file's, of those in which all is to stop */

struct limits {
    struct embedded *embedded;
    struct fleet *fleet;           /* or NULL */
    struct fleet_admin *admin;     /* or NULL; nothing else then */
    struct limits_options options; /* of an admin */
    struct error alone; /* why an admin's fleet is gone; "": it is not, or there is none */
};

/* An admin's way from Redis, which failed with that error, to this host's file. */
static bool go_alone(struct limits *limits, struct error *error)
{
    struct error why;
    if (!limits->options.file)
        return false;
    if (!embedded_open_admin(&limits->options, &limits->embedded, &why))
        return error_prefix(error, "%s; and ", why.text);
    limits->alone = *error;
    fleet_admin_close(limits->admin);
    limits->admin = NULL;
    return true;
}

/* What Redis alone can do. */
static bool refuse_alone(const struct limits *limits, struct error *error)
{
    return !limits->alone.text[0] || error_set(error, "%s", limits->alone.text);
}

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

bool limits_stop(struct limits *limits, int64_t by)
{
    int64_t fleet_by = by == LIMITS_FOREVER ? by : by - FILE_MS;
    bool has_left = !limits->fleet || fleet_stop(limits->fleet, fleet_by);
    return embedded_stop(limits->embedded, by) && has_left;
}

void limits_close(struct limits *limits)
{
    if (!limits)
        return;
    fleet_admin_close(limits->admin);
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

bool limits_open_admin(const struct limits_options *options, struct limits **ret_limits,
                       struct error *error)
{
    struct limits *limits = calloc(1, sizeof *limits);
    if (!limits)
        return error_set(error, "out of memory");
    limits->options = *options;
    bool ok = options->redis
                  ? fleet_admin_open(options, &limits->admin, error) || go_alone(limits, error)
                  : embedded_open_admin(options, &limits->embedded, error);
    if (!ok) {
        free(limits);
        return false;
    }
    *ret_limits = limits;
    return true;
}

const char *limits_alone(const struct limits *limits)
{
    return limits->alone.text[0] ? limits->alone.text : NULL;
}

bool limits_set_standing(struct limits *limits, struct bytes login,
                         const struct login_standing *standing, struct error *error)
{
    /* Redis that lets itself be read may still refuse to be written. */
    if (limits->admin) {
        if (fleet_admin_set_standing(limits->admin, login, standing, error))
            return true;
        if (!go_alone(limits, error))
            return false;
    }
    return embedded_set_standing(limits->embedded, login, standing, limits->alone.text[0], error);
}

/* This host's share of what a fleet counted: what it still knew would be told to Redis again. */
static bool reset_own(const struct limits *limits, enum subject_kind kind, struct bytes name,
                      bool habit_too, struct error *error)
{
    struct embedded *own;
    if (!limits->options.file || access(limits->options.file, F_OK))
        return true;
    if (!embedded_open_admin(&limits->options, &own, error))
        return false;
    bool ok = embedded_reset(own, kind, name, habit_too, error);
    embedded_close(own);
    return ok;
}

bool limits_reset(struct limits *limits, enum subject_kind kind, struct bytes name, bool habit_too,
                  struct error *error)
{
    if (limits->admin)
        return reset_own(limits, kind, name, habit_too, error) &&
               fleet_admin_reset(limits->admin, kind, name, habit_too, error);
    return refuse_alone(limits, error) &&
           embedded_reset(limits->embedded, kind, name, habit_too, error);
}

bool limits_show(struct limits *limits, struct limits_request *look, bool *ret_found,
                 struct error *error)
{
    if (limits->admin && fleet_admin_show(limits->admin, look, ret_found, error))
        return true;
    if (limits->admin && !go_alone(limits, error))
        return false;
    return embedded_show(limits->embedded, look, ret_found, error);
}

bool limits_top(struct limits *limits, enum subject_kind kind, enum quantity quantity,
                enum window window, int64_t now, size_t most,
                bool (*visit)(const struct counted_subject *subject, void *context), void *context,
                struct error *error)
{
    if (limits->admin)
        return fleet_admin_top(limits->admin, kind, quantity, window, now, most, visit, context,
                               error);
    return embedded_top(limits->embedded, kind, quantity, window, now, most, visit, context, error);
}

bool limits_contained(struct limits *limits, int64_t now,
                      bool (*visit)(struct bytes login, const struct login_standing *standing,
                                    void *context),
                      void *context, struct error *error)
{
    if (limits->admin)
        return fleet_admin_contained(limits->admin, now, visit, context, error);
    return embedded_contained(limits->embedded, now, visit, context, error);
}

bool limits_count_correspondents(struct limits *limits, struct bytes login, int64_t now,
                                 int64_t *ret_remembered, int64_t *ret_known, struct error *error)
{
    if (limits->admin)
        return fleet_admin_count_correspondents(limits->admin, login, now, ret_remembered,
                                                ret_known, error);
    return embedded_count_correspondents(limits->embedded, login, now, ret_remembered, ret_known,
                                         error);
}

bool limits_learn(struct limits *limits, struct bytes login, struct bytes rcpt, int64_t first,
                  int64_t last, struct error *error)
{
    if (limits->admin)
        return fleet_admin_learn(limits->admin, login, rcpt, first, last, error);
    return refuse_alone(limits, error) &&
           embedded_learn(limits->embedded, login, rcpt, first, last, error);
}

bool limits_settle(struct limits *limits, struct error *error)
{
    /* Redis has said yes to each of them. */
    return limits->admin || embedded_settle(limits->embedded, error);
}
