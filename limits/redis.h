/* A connection to Redis (or Valkey), and the only place that knows hiredis. Nothing here waits
 * without a bound; one thread at a time. */
#ifndef LIMITS_REDIS_H
#define LIMITS_REDIS_H

#include <stddef.h>
#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct redis;
struct redisReply;

/* Milliseconds by the clock that nobody sets; deadlines are by it. */
int64_t redis_clock(void);

/* "unix:/path" or "inet:PORT@ADDRESS". Connected when it returns, or failed at the deadline.
 * cancel: a descriptor; what waits fails when it can be read; -1: none. */
MUST_CHECK bool redis_connect(const char *address, int64_t deadline, int cancel,
                              struct redis **ret_redis, struct error *error);
void redis_close(struct redis *redis); /* NULL is taken */

/* From now on nothing but a deadline ends what waits. */
void redis_never_cancel(struct redis *redis);

/* Whether it is an address; error says what was expected. */
MUST_CHECK bool redis_address_check(const char *address, struct error *error);

/* A whole command as the protocol has it; it is sent by redis_flush. */
MUST_CHECK bool redis_append(struct redis *redis, const char *command, size_t len,
                             struct error *error);

/* Sends what can be sent at once. */
MUST_CHECK bool redis_flush(struct redis *redis, struct error *error);

/* Wipes what was sent: there was a secret in it. */
void redis_wipe_sent(struct redis *redis);
bool redis_wants_to_send(const struct redis *redis);
int redis_descriptor(const struct redis *redis);

/* An answer that is longer fails; 4 MiB where nobody says. */
void redis_expect_at_most(struct redis *redis, size_t bytes);

/* Reads what is there already, or some of it. */
MUST_CHECK bool redis_receive(struct redis *redis, struct error *error);

/* The next reply, or NULL where there is none yet; to be freed by redis_reply_free. */
MUST_CHECK bool redis_next(struct redis *redis, struct redisReply **ret_reply, struct error *error);
void redis_reply_free(struct redisReply *reply);

/* One command and its reply, where nothing else is under way; no bytes: the next reply to what was
 * appended. An error reply fails. */
MUST_CHECK bool redis_ask(struct redis *redis, const char *command, size_t len, int64_t deadline,
                          struct redisReply **ret_reply, struct error *error);

/* What is in a reply. Asking for what is not there gives false, or no bytes. */
bool redis_reply_is_error(const struct redisReply *reply, struct error *error);
bool redis_reply_number(const struct redisReply *reply, int64_t *ret_number);
struct bytes redis_reply_bytes(const struct redisReply *reply);
size_t redis_reply_count(const struct redisReply *reply);
const struct redisReply *redis_reply_item(const struct redisReply *reply, size_t index);

#endif
