/* A real Redis of a test's own, on a unix socket in a folder of its own; and a stand-in that says
 * what no Redis does. */
#ifndef TESTS_UNIT_REDIS_FIXTURE_H
#define TESTS_UNIT_REDIS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

/* The folder, and "unix:" with the socket in it, which both listen at. */
extern char redis_folder[];
extern char redis_address[];

int redis_fixture_init(void **state);
int redis_fixture_done(void **state);
/* Whether there is a redis-server here at all. */
bool redis_fixture_is_there(void);

/* It answers when this returns. extra: more arguments, NULL at the end; may be NULL. */
void redis_start(const char *const *extra);
/* As redis_start, but does not wait for more than the socket. */
void redis_start_at_once(const char *const *extra);
void redis_kill(void);     /* SIGKILL, nothing is left of what it knew; no matter whether it runs */
void redis_stop(void);     /* SIGSTOP */
void redis_continue(void); /* SIGCONT */

/* One command of words, NULL at the end; the reply as the protocol has it, cut. */
const char *redis_say(const char *const *words);
#define REDIS(...) redis_say((const char *const[]){__VA_ARGS__, NULL})

/* A server in Redis's place that answers whatever it is asked with these bytes, after so many
 * milliseconds; no bytes: silence. */
void stand_in_start(const char *answer, size_t len, int milliseconds);
void stand_in_stop(void);

#endif
