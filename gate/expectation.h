/* One line of a file of expectations: a submission, and what has to become of it.
 *
 *     alice@example.com from bob@example.com over TLS: refused from.not-owned
 *
 * submilter-expectations(5) has the grammar, which is a promise. */
#ifndef GATE_EXPECTATION_H
#define GATE_EXPECTATION_H

#include "gate/attempt.h"

enum expected_kind {
    EXPECTED_ACCEPTED,
    EXPECTED_REFUSED,
    EXPECTED_DEFERRED,
    EXPECTED_QUARANTINED,
    EXPECTED_FIXED,
    EXPECTED_SIGNED,
    EXPECTED_NOT_SIGNED,
    EXPECTED_POLICY,
    EXPECTED_LISTENER,
};

/* One of the things that have to hold. */
struct expected {
    enum expected_kind kind;
    bool would;          /* by a rule in mode observe */
    enum rule_id rule;   /* RULE_COUNT: whichever */
    struct bytes reason; /* no bytes: whatever */
    struct bytes name;   /* the policy, the listener, the signature's domain; no bytes: any */
    struct bytes selector;
    struct bytes written;
};

/* What a message has where nothing is said of it. */
enum own_field {
    OWN_FROM = 1,
    OWN_TO = 2,
    OWN_SUBJECT = 4,
    OWN_DATE = 8,
    OWN_MESSAGE_ID = 16,
};
#define OWN_FIELDS (OWN_FROM | OWN_TO | OWN_SUBJECT | OWN_DATE | OWN_MESSAGE_ID)

#define EXPECTATION_FIELDS_MAX 20
#define EXPECTATION_OUTCOMES_MAX 20
#define EXPECTATION_RCPTS_MAX 50

struct expectation {
    const char *file;
    unsigned line;
    struct bytes text; /* as written, without a comment */
    struct message_session session;
    struct bytes from; /* the address of From's first mailbox, where one can be told */
    bool has_mail_from;
    struct bytes mail_from;
    struct bytes *rcpts;
    size_t rcpt_count;
    size_t made_up_rcpts; /* "to 3 recipients" */
    bool smtputf8;
    unsigned own_fields;  /* enum own_field: those that the message has of itself */
    struct field *fields; /* in front of these */
    size_t field_count;
    struct expected *expected;
    size_t expected_count;
    bool about_signatures; /* whether any of expected is */
};

/* Reads one line, of which file and text are borrowed. False, with "FILE:LINE: ..." in the error.
 * ret_any: there is something in it, and not a comment or nothing. */
MUST_CHECK bool expectation_parse(const char *file, unsigned line, struct bytes text,
                                  struct arena *arena, bool *ret_any,
                                  struct expectation *ret_expectation, struct error *error);

#endif
