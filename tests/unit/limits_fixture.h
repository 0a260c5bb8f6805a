/* A store of one's own for the tests of limits/, and requests in a line. */
#ifndef TESTS_UNIT_LIMITS_FIXTURE_H
#define TESTS_UNIT_LIMITS_FIXTURE_H

#include "limits/limits.h"

#define NOON INT64_C(1767268800000) /* 2026-01-01 12:00:00 UTC, milliseconds */

/* The file's folder, in a folder of one's own that limits_fixture_done removes. */
extern char limits_folder[];
/* What the stores have said, one line after the other. */
extern char limits_said[4096];
/* The same while one is open: whether it has said so by now. */
bool limits_fixture_said(const char *text);

int limits_fixture_init(void **state);
int limits_fixture_done(void **state);
/* Removes what a test left in the folder. */
int limits_fixture_clear(void **state);

/* file: limits_folder, or NULL for memory alone. */
struct limits_options limits_fixture_options(const char *file);
struct limits *limits_fixture_open(const char *file);

/* A request of alice's, from 192.0.2.0/24, of the group sales. */
struct limits_request limits_fixture_request(enum limits_op op, int64_t now);

/* Submits and collects; fails the test where it is not answered. */
void limits_fixture_do(struct limits *limits, struct limits_request *request);

/* One message of a login to so many recipients; whether it was admitted to within `bound` (NULL: no
 * bound). */
bool limits_fixture_charge(struct limits *limits, const char *login, int64_t now,
                           int64_t recipients, const struct limits_bound *bound);

/* How much a login was counted for. */
int64_t limits_fixture_count(struct limits *limits, const char *login, int64_t now,
                             enum quantity quantity, enum window window);

/* Since when (seconds) a login writes to somebody; 0: never. */
int64_t limits_fixture_since(struct limits *limits, const char *login, const char *rcpt,
                             int64_t now);

enum login_state limits_fixture_state(struct limits *limits, const char *login, int64_t now);

#endif
