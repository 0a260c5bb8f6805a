/* The settings by which it was decided. */
#ifndef CTL_EXPLAIN_IN_FORCE_H
#define CTL_EXPLAIN_IN_FORCE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "policy/error.h"

struct history;

enum in_force_now { IN_FORCE_YES, IN_FORCE_NO, IN_FORCE_UNKNOWN };

struct in_force {
    char hash[64];
    char *text;         /* what `submilterctl conf` printed; NULL: it is not kept */
    int64_t first_seen; /* milliseconds since 1970; 0: not known */
    enum in_force_now now;
};

/* From the history, or, where they are in force now, from the configuration. */
MUST_CHECK bool in_force_find(const json_t *record, const char *config, struct history *history,
                              struct in_force *ret_settings, struct error *error);
void in_force_done(struct in_force *settings);

/* Those that concern the record and are no defaults, and all of the rule that decided. */
void in_force_print(const struct in_force *settings, const json_t *record, FILE *out);

/* A new object; NULL: memory is out. */
json_t *in_force_json(const struct in_force *settings);

#endif
