/* systemd's units made to fit submilter.conf, by one drop-in each. */
#ifndef CTL_SETUP_UNITS_H
#define CTL_SETUP_UNITS_H

#include "ctl/setup/setup.h"
#include "ctl/systemd.h"

struct units {
    bool managed; /* systemd runs this host, and its service the daemon with this configuration */
    struct systemd_unit service;
    struct systemd_unit socket;                 /* exists: it opens the socket and hands it over */
    struct systemd_state service_is, socket_is; /* where managed */
};

/* What the daemon is to be. */
struct units_wanted {
    const char *socket; /* as submilter.conf has it */
    unsigned mode;      /* of a unix socket */
    const char *group;  /* NULL: the user's own */
    const char *user;
    const char *records;  /* the file; NULL: none */
    const char *history;  /* the file; NULL: none */
    const char *counters; /* counters.file; NULL: none, or beside the history */
};

MUST_CHECK bool units_find(const struct setup_options *options, struct arena *arena,
                           struct units *ret_units);

/* Adds a drop-in for each unit that says something else; ret_changed: whether there is any, so that
 * the units have to be started anew. An error where a drop-in of the admin's says something else
 * again. */
MUST_CHECK bool units_add(const struct units *units, const struct units_wanted *wanted,
                          struct plan *plan, bool *ret_changed, struct error *error);

/* systemd reads its units anew where the plan has rows for our drop-ins. */
void units_add_read(struct plan *plan);

#endif
