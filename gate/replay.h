/* Judging a recorded decision again, under settings, tables and keys that may be others.
 *
 * The same code decides as for a message that is there (gate/message.h). What a record does not
 * hold is taken over from it: of a rule that would have to see such a thing the recorded verdict
 * stands, with the mode and action of the new settings. No signature is made or verified. */
#ifndef GATE_REPLAY_H
#define GATE_REPLAY_H

#include "gate/recorded.h"

/* What became of a message, or of the command that was refused. */
struct replay_decision {
    enum action action;
    const char *command;       /* "MAIL", "RCPT", or NULL for a whole message */
    const char *rule, *reason; /* what decided; NULL for a plain accept */
};

/* Whether it can be told what would have become of it. */
enum replay_gap {
    REPLAY_NO_GAP,
    REPLAY_NOT_REFUSED, /* its MAIL or RCPT was refused then and would not be now: what would have
                           followed was never seen. now.action is that of the command */
    REPLAY_FAULT,       /* a fault inside decided then: not judged again */
};

/* What a rule leads to; for one that passed, or was not asked, ACCEPT and no reason. */
struct replay_effect {
    enum mode mode;
    enum action action;
    enum login_state contain; /* what it takes the login to */
    const char *reason;
};

struct replay_rule {
    struct replay_effect then, now;
    bool carried; /* now is then's verdict: the record does not hold what it would have to see */
    bool unknown; /* carried, but there was no verdict either: the rule was off */
};

struct replayed {
    bool differs; /* any of: decision, a rule's effect, rcpts_refused, edits, signed */
    enum replay_gap gap;
    struct replay_decision then, now;
    bool decision_differs;
    struct replay_rule rules[RULE_COUNT];
    struct replay_decision rcpt; /* of the first accepted recipient that would be refused */
    size_t rcpts_refused;        /* how many of them, where others would not be; else now says so */
    bool edits_differ;           /* where it left then and would leave now */
    bool signed_differs;         /* likewise: signed for other domains, or no more, or newly */
    bool keys_differ;            /* likewise: for the same domains by other keys; no difference */
    struct message *message;     /* as it was judged now: facts, verdicts, outcome. NULL after a
                                    fault */
    struct message_recorded recorded; /* what message borrows */
    struct verdict carried[RULE_COUNT];
};

/* Borrows the record and takes a reference of the snapshot until replay_done; *ret_replayed stays
 * where it is so long. Any number of threads may judge with one snapshot. False: memory is out. */
MUST_CHECK bool replay_judge(struct snapshot *snapshot, const struct recorded *recorded,
                             struct replayed *ret_replayed, struct error *error);
void replay_done(struct replayed *replayed);

bool replay_same_effect(const struct replay_effect *a, const struct replay_effect *b);

/* Whether an edit that was recorded and one that is asked for now come to the same. A Message-ID
 * that was made anew is the same as any for the same domain. */
bool replay_same_edit(const struct recorded_edit *then, const struct edit *now,
                      const struct facts_header *header);

#endif
