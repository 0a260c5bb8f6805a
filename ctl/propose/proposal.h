/* All that `submilterctl propose senders` has to say. */
#ifndef CTL_PROPOSE_PROPOSAL_H
#define CTL_PROPOSE_PROPOSAL_H

#include <stdio.h>

#include "conf/settings.h"
#include "ctl/propose/proposed.h"

struct proposal {
    const struct settings *settings; /* outlives it */
    int64_t since, until;            /* as asked for; 0: open */
    int64_t least_messages;
    const char *output; /* whole path of the file that it goes to; NULL: standard output */

    /* By proposal_make: */
    struct gathered gathered;
    struct addresses addresses;
    struct extensions extensions;
    struct pairs pairs;
    struct proposed_rows rows;
    struct arena *arena;
};

/* Asks the history and the tables. False: the error says which of them did not answer, or that
 * memory is out. proposal_done all the same. */
MUST_CHECK bool proposal_make(struct proposal *proposal, struct history *history,
                              const struct senders *senders, struct error *error);
void proposal_done(struct proposal *proposal);

/* Rows that would hold, and rows that are commented out. */
size_t proposal_rows(const struct proposal *proposal);
size_t proposal_suspects(const struct proposal *proposal);

/* The table, for texthash, with everything that is to be known of a row above it. False: memory is
 * out; writing is for the caller to check. */
MUST_CHECK bool proposal_write_table(const struct proposal *proposal, FILE *out,
                                     struct error *error);

/* The same as one JSON object. */
MUST_CHECK bool proposal_write_json(const struct proposal *proposal, FILE *out,
                                    struct error *error);

/* How to look at it, try it and use it, as lines that begin with before. */
void proposal_write_advice(const struct proposal *proposal, const char *before, FILE *out);

#endif
