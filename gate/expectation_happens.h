/* What became of the submission of an expectation, and whether that is what was expected. */
#ifndef GATE_EXPECTATION_HAPPENS_H
#define GATE_EXPECTATION_HAPPENS_H

#include "gate/expectation_judge.h"

struct happened {
    const struct message *message;  /* judged to its end, by all rules */
    bool refused;                   /* whether MAIL or RCPT were */
    struct message_outcome outcome; /* what the client is told */
    enum action action;             /* of that, as happens_action has it */
    enum rule_id decider;           /* of that; RULE_COUNT: none */
};

/* What did not answer, in the arena; NULL: everything did. */
const char *happens_silent(const struct happened *happened, struct arena *arena);

/* How an expectation calls what a rule's verdict leads to: what is refused with a 4xx is deferred.
 */
enum action happens_action(enum action action, int code);

void happens_compare(const struct happened *happened, const struct expectation *expectation,
                     struct arena *arena, struct finding *ret_finding);

/* The finding's sentence: outcomes as they would be written, the reply, and what may help. */
const char *happens_sentence(const struct happened *happened, const struct expectation *expectation,
                             const struct expected *unmet, struct arena *arena);

/* The reply without its bracket, whose id is in no record; NULL where there is none. */
const char *happens_reply(const struct happened *happened, struct arena *arena);

#endif
