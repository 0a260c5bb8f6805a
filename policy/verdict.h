/* What one rule says of one message. */
#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include "policy/edit.h"

enum outcome {
    OUTCOME_NOT_ASKED, /* its stage has not come, or the rule is off */
    OUTCOME_PASS,
    OUTCOME_VIOLATION,   /* with edits where the rule knows how to mend it */
    OUTCOME_UNAVAILABLE, /* a fact that it needs could not be found out */
};

struct verdict {
    enum outcome outcome;
    const char *reason;   /* static, stable word; always there for VIOLATION and UNAVAILABLE */
    struct bytes fact;    /* what it turned on: client's bytes, escaped by whoever writes them */
    int code;             /* SMTP reply when enforced: 550, ... */
    const char *enhanced; /* "5.7.1" */
    const char
        *sentence; /* for people, says what to do; client's bytes in it are made safe by reply.c */
    bool discreet; /* the reply does not name rule and reason: its bracket has the id */
    bool beyond_mending;      /* where the action is "fix", it is refused */
    enum login_state contain; /* a sign of theft: what the login is taken to, where enforced */
    int64_t contain_for;      /* seconds; 0: until an admin eases it */
    struct edit *edits;
    struct edit *last_edit; /* of edits: a block of 10,000 fields may all have to go */
    struct unsigned_field *unsigned_fields; /* each name once */
};

/* PASS with a reason word that the record shows ("owned", "null-sender"), or NULL. */
void verdict_pass(struct verdict *verdict, const char *reason);

/* A violation with reply, sentence as by printf. The sentence ends without a full stop. */
void verdict_violation(struct verdict *verdict, struct arena *arena, const char *reason, int code,
                       const char *enhanced, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* What cannot be decided now: a 451 4.3.0 when enforced. */
void verdict_unavailable(struct verdict *verdict, struct arena *arena, const char *reason,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Asks for an edit. False when memory is out (the arena remembers). */
bool verdict_add_field(struct verdict *verdict, struct arena *arena, struct bytes name,
                       struct bytes value);
bool verdict_replace_field(struct verdict *verdict, struct arena *arena, const struct facts *facts,
                           size_t field, struct bytes value);
bool verdict_delete_field(struct verdict *verdict, struct arena *arena, const struct facts *facts,
                          size_t field);

/* Asks that no signature covers the fields of a name. False when memory is out. */
bool verdict_leave_unsigned(struct verdict *verdict, struct arena *arena, struct bytes name);

#endif
