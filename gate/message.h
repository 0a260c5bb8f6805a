/* One message on its way through the gate, from MAIL to its decision: the same for the daemon, for
 * `submilterctl test` and for the case runner. Knows nothing of libmilter.
 *
 * Order of calls: message_new, message_mail, message_rcpt..., message_field..., message_body...,
 * message_end. An MTA that leaves some out, or comes back to an earlier one, does no harm. */
#ifndef GATE_MESSAGE_H
#define GATE_MESSAGE_H

#include "gate/snapshot.h"
#include "limits/limits.h"
#include "policy/body.h"
#include "policy/decision_id.h"
#include "policy/engine.h"

/* What one message may take: past it the answer is a 451 (memory), or the block is too large
 * (header). */
#define MESSAGE_ARENA_CEILING ((size_t)24 << 20)
#define MESSAGE_HEADER_CEILING ((size_t)2 << 20)
#define MESSAGE_FIELDS_CEILING ((size_t)10000)
#define MESSAGE_RCPTS_KEPT ((size_t)1000)

/* What is known of the session when MAIL comes; borrowed until the message is freed. */
struct message_session {
    const char
        *listener; /* the name of the one to take; NULL, as in the daemon: the first that matches */
    struct facts_connection connection; /* listener is found by the message */
    struct facts_tls tls;
    struct facts_login login;
    bool without_signing;  /* the decision alone is asked for: no signature is made */
    struct limits *limits; /* NULL: nothing is counted */
};

struct message_clock {
    int64_t milliseconds; /* since 1970 */
    uint8_t random[26];   /* from the kernel */
};

/* What is known of a message that is not there any more, for judging it again (gate/replay.h). */
struct message_recorded {
    const struct verdict *carried[RULE_COUNT]; /* what stands for a rule's verdict; NULL: it is
                                                  asked */
    bool names_tell[RULE_COUNT]; /* but where it found nothing then, what is violated as far as
                                    can be seen is violated */
    size_t header_size;
    bool header_too_large;
    struct facts_body body;
    enum fact own_signature;
    struct bytes own_signature_domain;
    const char *not_signed; /* what only the values could tell, where they are not known; or NULL */

    const struct facts_limits *limits;  /* what was counted; NULL: it is not known */
    const struct facts_limits *settled; /* ... at the settling */
    enum stage limits_from;             /* at stages before it so little that nothing is passed */
    bool standing_is_own; /* the standing at the settling is what its own sign took the login to */
    bool rcpt_is_new, rcpt_is_known;  /* of the recipient that is asked about */
    int64_t new_rcpts, unknown_rcpts; /* at the stage that is asked */
};

/* What is to be done, once message_end (or a refusal of MAIL or RCPT) has been said. */
struct message_outcome {
    enum action action;
    struct reply reply;                 /* for REJECT, TEMPFAIL, QUARANTINE */
    const struct edit *edits;           /* to be carried out for ACCEPT, FIX, QUARANTINE */
    const struct signature *signatures; /* recorded ones: their values are empty */
    size_t signature_count;
};

struct message {
    struct arena *arena;
    struct snapshot *snapshot;
    const char *listener; /* as in message_session, and so is the next */
    bool without_signing;
    const struct policy *policy;
    const char *policy_name;
    struct facts facts;
    struct decision decision;
    struct message_outcome outcome;
    const char
        *refused_command; /* "MAIL", "RCPT" where one was refused; NULL for a whole message */
    const char
        *not_signed;   /* why no signature can stand on it, though rule dkim would sign; NULL */
    const char *fault; /* what went wrong inside, for the log; NULL */
    bool contained;    /* an enforced sign of theft took its login further: facts.limits.standing */
    char id[DECISION_ID_LEN + 1];
    uint8_t id_random[10]; /* what id was made of */
    int64_t began;         /* milliseconds since 1970 */

    struct field *fields;
    size_t field_room;
    struct header_caps caps; /* what would pass them need not be kept: it is refused */
    bool header_ended;
    struct bytes *rcpts; /* the accepted ones, the first MESSAGE_RCPTS_KEPT of them */
    size_t rcpt_kept, rcpt_room;
    struct body_scan scan;
    struct signing_profile *profile; /* its own, where some fields stay unsigned */
    struct signer *signer;
    struct limits *limits;
    struct counted *counted;           /* gate/counted.c's own; NULL where nothing is counted */
    struct facts_limits *limits_asked; /* as the rules saw it that were last asked before the
                                          settling; NULL: there was nothing to see */
    struct verifier *verifier;

    const struct message_recorded *recorded; /* borrowed; NULL: header, body and all are there. Set
                                                before MAIL: no body is fed then */
};

/* Takes its own reference of the snapshot; session and clock are copied (session's bytes are
 * borrowed). NULL when memory is out. */
struct message *message_new(struct snapshot *snapshot, const struct message_session *session,
                            const struct message_clock *clock);
void message_free(struct message *message);

/* The envelope sender as given, and whether SMTPUTF8 stood among the parameters. Settles listener
 * and policy. outcome.action is REJECT or TEMPFAIL when the command is to be refused. */
void message_mail(struct message *message, struct bytes path, bool smtputf8);

/* Asks about one recipient. True: it is accepted. False: outcome says how to refuse it; the message
 * goes on with the others after message_rcpt_refused. */
bool message_rcpt(struct message *message, struct bytes path);
void message_rcpt_refused(struct message *message);

/* The MTA has refused a recipient by itself, for good: it is none of the message's. */
void message_rcpt_refused_by_mta(struct message *message);

/* One field in order; name and value are copied. */
void message_field(struct message *message, struct bytes name, struct bytes value);

/* Body bytes with CRLF line ends, in any cuts. */
void message_body(struct message *message, struct bytes chunk);

/* All has been seen: settles outcome. */
void message_end(struct message *message);

/* Whether a rule's recorded verdict stands for its own, once its stage has been judged. */
bool message_is_carried(const struct message *message, enum rule_id rule);

/* Something inside went wrong: the outcome is a 451 whatever the rules say. what: static, or
 * in the message's arena. */
void message_fault(struct message *message, const char *what);

#endif
