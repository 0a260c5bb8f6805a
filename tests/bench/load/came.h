/* What came back for a message, and whether it is what was expected. */
#ifndef BENCH_LOAD_CAME_H
#define BENCH_LOAD_CAME_H

#include <stdio.h>

#include "tests/bench/load/options.h"
#include "tests/bench/load/wire.h"

#define CAME_SIGNATURES_MAX 8

struct came {
    unsigned signatures;
    char algorithms[CAME_SIGNATURES_MAX][32]; /* their a= */
    bool wrong_domain, without_from; /* a signature with another d=, or From not in its h= */
    bool added;                      /* the field that has to be */
    unsigned others;                 /* edits that are none of these */
    char *above;                     /* where a sample is wanted: inserted fields, top down */
    char reply;
    char reply_class;
    char text[200]; /* of the reply */
};

/* An edit of the filter's. False: no filter may send that, or memory is out. leads: values bring
 * their own leading blank. */
MUST_CHECK bool came_edit(struct came *came, const struct options *options,
                          const struct packet *edit, bool leads, struct error *error);

/* The reply that ended the message. */
void came_reply(struct came *came, const struct packet *reply);

MUST_CHECK bool came_as_expected(const struct came *came, const struct options *options,
                                 struct error *error);
void came_done(struct came *came);

#endif
