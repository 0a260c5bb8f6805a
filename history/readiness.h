/* How messages came in: with which TLS, by which login and mechanism, from which client. What a
 * stricter setting of the rules tls and auth would be asked about. */
#ifndef HISTORY_READINESS_H
#define HISTORY_READINESS_H

#include "history/filter.h"
#include "history/history.h"
#include "policy/bytes.h"

/* Messages that are alike in all of these; the texts are good within the callback. No bytes where
 * there is none of it. */
struct readiness_row {
    struct bytes policy, listener;
    struct bytes login;   /* no bytes: without a login */
    struct bytes network; /* the client's */
    struct bytes helo;
    struct bytes auth_mech, tls_version, cipher;
    int64_t cipher_bits;
    struct bytes tls_terminator;
    bool certificate;   /* a client certificate that the MTA trusted */
    bool tls_unknown;   /* it could not be found out whether there was TLS */
    bool login_unknown; /* ... who logged in */
    int64_t messages;
    int64_t refused;     /* of them, for good or for now, by whatever rule */
    int64_t first, last; /* milliseconds since 1970 */
};

/* wanted: asked about each message, of which policy, listener, login, auth_mech, tls_version and
 * cipher are set; the others are only looked up where it says true, as that takes much longer. row
 * returns false to end it, which is no error. */
struct readiness_question {
    bool (*wanted)(const struct readiness_row *message, void *context);
    bool (*row)(const struct readiness_row *row, void *context);
    void *context;
};
MUST_CHECK bool readiness_ask(struct history *history, const struct history_filter *filter,
                              const struct readiness_question *question, struct error *error);

/* The mechanisms by which somebody logged in, each once. name returns false to end it, which is no
 * error; the text is good until it returns. */
MUST_CHECK bool readiness_mechanisms(struct history *history, const struct history_filter *filter,
                                     bool (*name)(struct bytes mechanism, void *context),
                                     void *context, struct error *error);

/* How much that was: what "nobody" is said over. */
struct readiness_extent {
    int64_t messages; /* decisions, refused commands too */
    int64_t logins;
    int64_t first, last; /* milliseconds since 1970; 0 where there is none */
};
MUST_CHECK bool readiness_extent(struct history *history, const struct history_filter *filter,
                                 struct readiness_extent *ret_extent, struct error *error);

#endif
