/* Hosts of a fleet for the tests: requests in a line, and what was said. */
#ifndef TESTS_UNIT_FLEET_FIXTURE_H
#define TESTS_UNIT_FLEET_FIXTURE_H

#include "limits/limits.h"

#define FLEET_PATIENCE_MS 60000 /* then what should have happened did not */

/* Milliseconds: the longest that an answer took since the test began. */
extern _Atomic int64_t fleet_longest;

/* For a test: nothing was said; Redis is killed after it. */
int fleet_fixture_begin(void **state);
int fleet_fixture_end(void **state);

/* All that was said, and how often something stands in it. */
extern char fleet_said[8192];
size_t fleet_said_count(const char *what);
size_t fleet_said_gone(void); /* how often that Redis is gone, or was late on a busy machine */
void fleet_said_clear(void);

/* A host with nothing in a file, of the Redis of redis_fixture.h. password_file may be NULL. */
struct limits *fleet_open_host(const char *password_file);
struct limits_options fleet_host_options(void);

struct limits_request fleet_request(enum limits_op op, const char *login);
/* Submits and collects; fails the test where it is not answered, or far too late. */
void fleet_ask(struct limits *limits, struct limits_request *request);
/* One message to friend@example.org; max: messages an hour, -1: no bound. */
struct limits_answer fleet_charge(struct limits *limits, const char *login, int64_t max);
struct limits_answer fleet_look(struct limits *limits, const char *login);
/* Messages of a day, as Redis has them: waits until it is there. */
int64_t fleet_count(struct limits *limits, const char *login);
/* Until the circuit is open, or closed. */
void fleet_wait_for_degraded(struct limits *limits, bool wanted);
/* Until the host knows the login's state. */
void fleet_wait_for_state(struct limits *limits, const char *login, enum login_state wanted);

/* The word of it comes after the circuit was broken. */
void fleet_wait_for_said_gone(void);
/* It was gone at least once, and is back; each time was said once. More than once it is gone where
 * the machine is so busy that 50 ms pass. */
void fleet_wait_for_said_once_a_change(void);

/* Milliseconds since 1970. */
int64_t fleet_now(void);

#endif
