/* What would have become of many decisions under another configuration, added up. */
#ifndef CTL_REPLAY_DIFFERENCES_H
#define CTL_REPLAY_DIFFERENCES_H

#include <stdio.h>

#include "ctl/replay/counts.h"
#include "gate/replay.h"

/* A decision that differs is of the first of these kinds that holds. */
enum difference {
    DIFFERENCE_REFUSED,     /* it left then and would be refused or deferred now, or some of its
                               recipients would */
    DIFFERENCE_QUARANTINED, /* it left then */
    DIFFERENCE_ACCEPTED,    /* it did not leave then and would now */
    DIFFERENCE_LET_ON,      /* MAIL or RCPT was refused then and would not be: what would have
                               followed was never seen */
    DIFFERENCE_OTHERWISE,   /* it does not leave, for another reason or in another way */
    DIFFERENCE_EDITED,
    DIFFERENCE_SIGNED,
    DIFFERENCE_OBSERVED, /* no difference but in what rules find that only observe, or that another
                            one outweighs */
    DIFFERENCE_KINDS
};

/* "newly refused"; "newly_refused" for JSON. */
const char *difference_word(enum difference kind);
const char *difference_key(enum difference kind);

/* One decision that differs; texts are cut. */
struct difference_sample {
    uint64_t number; /* its place in the order in which they were read */
    char id[DECISION_ID_LEN + 1];
    char time[40];
    char login[256], from[256];
    char then[256], now[256];
};

/* How the numbers of a row of rules stand. */
enum { DIFFERENCES_DECISIONS, DIFFERENCES_LOGINS };

struct differences {
    uint64_t judged;
    uint64_t kinds[DIFFERENCE_KINDS];
    uint64_t other_keys; /* the same but for the keys that sign */
    uint64_t faults;     /* a fault inside decided them: not judged again */
    uint64_t older;      /* records without all that a decision stands on */
    uint64_t carried[RULE_COUNT], unknown[RULE_COUNT]; /* struct replay_rule */
    uint64_t unreadable;                               /* no records */
    uint64_t first_unreadable;                         /* the number of the first one */
    char unreadable_why[1400];
    int64_t first, last;   /* milliseconds since 1970 of the earliest and the latest; 0: none */
    struct counts *rules;  /* by "RULE\tTHEN\tNOW": decisions, logins */
    struct counts *people; /* by that and the login */
    struct counts *logins; /* by login, "" for none: decisions of each kind */
    size_t sample_max;     /* of each kind: the last so many */
    struct difference_sample *samples[DIFFERENCE_KINDS];
    uint64_t sample_count[DIFFERENCE_KINDS]; /* that there were; more than are kept */
};

MUST_CHECK bool differences_init(struct differences *differences, size_t sample_max,
                                 struct error *error);
void differences_done(struct differences *differences);

/* One decision more; number: its place. False: memory is out. */
MUST_CHECK bool differences_add(struct differences *differences, uint64_t number,
                                const struct recorded *recorded, const struct replayed *replayed,
                                struct error *error);
void differences_unreadable(struct differences *differences, uint64_t number, const char *place,
                            uint64_t line, const struct error *why);

/* Takes all of the other's in, which then is of no use but to be done with. */
MUST_CHECK bool differences_merge(struct differences *differences, struct differences *other,
                                  struct error *error);

/* Whether there is any. */
bool differences_any(const struct differences *differences);

/* The samples of a kind in their order, at most sample_max of them. */
size_t differences_samples(const struct differences *differences, enum difference kind,
                           const struct difference_sample **ret_samples);

#endif
