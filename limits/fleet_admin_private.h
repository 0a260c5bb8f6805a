/* What the files of the admin's calls share. */
#ifndef LIMITS_FLEET_ADMIN_PRIVATE_H
#define LIMITS_FLEET_ADMIN_PRIVATE_H

#include "limits/fleet_admin.h"
#include "limits/fleet_command.h"

struct fleet_admin {
    struct redis *redis;
    char *address, *fleet;
    int64_t known_after;
    struct embedded *names; /* in memory, and empty: for what names and hashes are made of */
    struct fleet_keys keys;
    struct fleet_shas shas;
};

/* One command (ended here) and its reply, to be freed; the command is done with afterwards. */
MUST_CHECK bool fleet_admin_ask(struct fleet_admin *admin, struct redis_command *command,
                                struct redisReply **ret_reply, struct error *error);

/* A request of limits.h's and its answer. */
MUST_CHECK bool fleet_admin_request(struct fleet_admin *admin, struct limits_request *request,
                                    struct error *error);

#endif
