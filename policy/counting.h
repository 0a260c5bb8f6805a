/* What is counted, over which windows, of whom: the answers of limits/, which rules judge by.
 *
 * A window slides: it ends now, and what lies in it is at most its length old plus the resolution
 * of its counters (COUNTING_STEP), so that a limit is never passed at a window's edge. */
#ifndef POLICY_COUNTING_H
#define POLICY_COUNTING_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/bytes.h"

enum quantity {
    QUANTITY_MESSAGES,
    QUANTITY_RECIPIENTS, /* one message to 50 is 50 */
    QUANTITY_NEW,        /* recipients that the login never wrote to before */
    QUANTITY_BYTES,      /* header and body, once a message */
    QUANTITY_REFUSALS,   /* refused commands, recipients (by the MTA too) and messages */
    QUANTITY_COUNT,
};

enum window { WINDOW_MINUTE, WINDOW_HOUR, WINDOW_DAY, WINDOW_COUNT };

/* Whose. */
enum subject_kind {
    SUBJECT_LOGIN,
    SUBJECT_GROUP,   /* the first group of the configuration that the login is in */
    SUBJECT_DOMAIN,  /* of From, or of MAIL FROM where From tells none */
    SUBJECT_CLIENT,  /* its address */
    SUBJECT_NETWORK, /* its address's first bits: /24, /56 by setting */
    SUBJECT_HOST,    /* all mail of this host, or of the fleet */
    SUBJECT_COUNT,
};

struct counters {
    int64_t counts[QUANTITY_COUNT][WINDOW_COUNT];
};

struct counted_subject {
    struct bytes name;                           /* no bytes: there is none of that kind */
    struct counters counted;                     /* before this message */
    int64_t frees[QUANTITY_COUNT][WINDOW_COUNT]; /* seconds until the oldest of them leaves its
                                                    window; 0 where nothing is in it */
};

/* How far a login may go just now. */
enum login_state { LOGIN_NORMAL, LOGIN_SLOWED, LOGIN_FROZEN };

struct login_standing {
    enum login_state state;
    int64_t since;      /* seconds since 1970 */
    int64_t until;      /* it is normal again from then on; 0: until an admin says so. NORMAL: an
                           admin said so, and no sign takes it further before; 0: none did */
    struct bytes cause; /* "many_networks.burst", "by root: phished"; client's bytes never */
};

/* What the login's mail was like until now, and how this session compares. */
struct habit {
    int64_t since;    /* the login's first message that was counted; 0: there was none */
    int64_t messages; /* counted since then */
    int64_t networks_hour, networks_day; /* different ones within, this session's included */
    int64_t network_since; /* this session's network was first seen; 0: never before */
    int64_t network_hour;  /* messages from this network within an hour, this one not included */
    int64_t
        client_since; /* this mechanism, TLS and mail program were first seen; 0: never before */
    int64_t clients;  /* how many different ones were seen in the last 30 days: this one, and those
                         that had been there for a day when it came */
    int64_t other_client_messages; /* by those clients that had been there for a day when this one
                                      came */
    int64_t
        hour_permille; /* share of its messages that came in this hour of the day (UTC) and the ones
                          beside it, the last day left out; 1000 for all, or where there are none */
};

extern const int64_t window_seconds[WINDOW_COUNT];
extern const int64_t window_step[WINDOW_COUNT]; /* resolution, seconds: 1, 60, 900 */

/* The words that stand in configuration, records and replies: "messages", "minute", "login",
 * "slowed". */
const char *quantity_word(enum quantity quantity);
const char *window_word(enum window window);
const char *subject_word(enum subject_kind kind);
const char *login_state_word(enum login_state state);

/* Whether an admin, and no sign of theft, is the cause. */
bool login_standing_is_by_admin(const struct login_standing *standing);

#endif
