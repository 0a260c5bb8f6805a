/* Judging the submission of an expectation as the daemon would, and comparing. */
#ifndef GATE_EXPECTATION_JUDGE_H
#define GATE_EXPECTATION_JUDGE_H

#include "gate/expectation.h"

enum expectation_result {
    EXPECTATION_HOLDS,
    EXPECTATION_BROKEN,
    EXPECTATION_UNTOLD, /* something did not answer: nobody knows what would become of it */
};

struct finding {
    enum expectation_result result;
    struct bytes unmet; /* the first outcome that does not hold, as written; UNTOLD: no bytes */
    /* What happens instead, in the words of expectations, with the reply and what may help behind
     * it; UNTOLD: what did not answer. Never NULL where it does not hold. */
    const char *happens;
    enum action action;
    const char *rule;   /* that decided, or NULL */
    const char *reason; /* likewise */
    const char *reply;  /* "550 5.7.1 ...", without its bracket, or NULL */
    const char *policy;
    const char *listener;
};

/* now: milliseconds since 1970. Texts are in the arena or the snapshot's. */
void expectation_judge(const struct expectation *expectation, struct snapshot *snapshot,
                       int64_t now, struct arena *arena, struct finding *ret_finding);

#endif
