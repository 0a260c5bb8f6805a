/* Requests as commands for Redis, and its replies as answers.
 *
 * Keys begin with "{submilter:FLEET}:", so that a cluster keeps them together:
 *
 *     count:KIND:NAME  counters     habit:LOGIN  what it is like     known:N:LOGIN  correspondents
 *     standing         all logins whose standing is not normal       claim:KEY      told already
 *     hosts            who is there   host:INSTANCE  what of it was counted   born  which data */
#ifndef LIMITS_FLEET_COMMAND_H
#define LIMITS_FLEET_COMMAND_H

#include "limits/embedded.h"
#include "limits/fleet_scripts.h"
#include "limits/redis_command.h"

struct fleet_keys {
    const char *fleet;            /* its name */
    const char *instance;         /* of this process */
    const struct embedded *names; /* whose embedded_name and embedded_correspondent are used */
    uint8_t secret[32];
    int64_t remember;
    const struct fleet_shas *shas;
};

/* A command whose epoch and sequence are filled in when it is put in line. */
struct fleet_order {
    struct redis_command command;
    size_t epoch_at, sequence_at; /* 0: it has none */
    size_t subjects;              /* how many counters its reply holds */
};

/* offset: milliseconds by which Redis's clock is ahead of ours. False: no memory. */
MUST_CHECK bool fleet_command_request(const struct fleet_keys *keys,
                                      const struct limits_request *request, int64_t offset,
                                      struct fleet_order *ret_order);

/* Pieces of commands. */
void fleet_command_key(struct redis_command *command, const struct fleet_keys *keys,
                       const char *name, struct bytes more);
void fleet_command_count_key(struct redis_command *command, const struct fleet_keys *keys,
                             enum subject_kind kind, struct bytes name);
/* What is before the name in such a key; its length. */
size_t fleet_count_key_head(const struct fleet_keys *keys, enum subject_kind kind, char *head,
                            size_t room);
/* Correspondents that were last written to at that time (seconds), or `before` times earlier: a
 * time is as long as they are remembered, and Redis forgets a key a time after it is over. */
void fleet_command_known_key(struct redis_command *command, const struct fleet_keys *keys,
                             int64_t seconds, int before, struct bytes login);
void fleet_command_script(struct redis_command *command, const struct fleet_keys *keys,
                          enum fleet_script script, size_t key_count);

/* stand.lua's. now: seconds; said: milliseconds, when an admin said it. */
enum fleet_how {
    FLEET_RAISE, /* what a sign says: never eases */
    FLEET_SET,   /* what an admin says now */
    FLEET_TELL   /* what an admin said before: as if it had been set then */
};
MUST_CHECK bool fleet_command_stand(const struct fleet_keys *keys, struct bytes login,
                                    const struct login_standing *standing, enum fleet_how how,
                                    int64_t now, int64_t said, struct redis_command *ret_command);
MUST_CHECK bool fleet_command_learn(const struct fleet_keys *keys, struct bytes login,
                                    struct bytes rcpt, int64_t first, int64_t last,
                                    struct redis_command *ret_command);
MUST_CHECK bool fleet_command_claim(const struct fleet_keys *keys, const char *key, int64_t seconds,
                                    struct redis_command *ret_command);

/* Whether a reply is what such a request is answered with. */
bool fleet_reply_fits(const struct redisReply *reply, enum limits_op op, size_t subjects);

/* Fills the answer of a reply that fits. *ret_normal_since: since when Redis knows that a login is
 * normal again; 0: it never heard of it, or it is not normal. NULL is taken. */
void fleet_reply_read(const struct redisReply *reply, struct limits_request *request,
                      int64_t *ret_normal_since);

/* "count of every quantity and window, then frees": one subject's 30 numbers. */
#define FLEET_SUBJECT_NUMBERS ((size_t)2 * QUANTITY_COUNT * WINDOW_COUNT)
void fleet_reply_subject(struct bytes packed, size_t at, struct counted_subject *subject);

#endif
