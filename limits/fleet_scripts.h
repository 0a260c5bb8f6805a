/* The scripts that Redis runs for us (limits/scripts/): each of them is atomic. */
#ifndef LIMITS_FLEET_SCRIPTS_H
#define LIMITS_FLEET_SCRIPTS_H

#include "limits/redis.h"

enum fleet_script {
    FLEET_LOOK,
    FLEET_KNOWN,
    FLEET_CHARGE,
    FLEET_REFUSED,
    FLEET_SETTLE,
    FLEET_STAND,
    FLEET_LEARN,
    FLEET_BEAT,
    FLEET_PEEK,
    FLEET_SCRIPT_COUNT,
};

#define FLEET_SHA_LEN 40

/* By what EVALSHA calls them. */
struct fleet_shas {
    char text[FLEET_SCRIPT_COUNT][FLEET_SHA_LEN + 1];
};

/* Gives Redis all scripts. */
MUST_CHECK bool fleet_scripts_load(struct redis *redis, int64_t deadline,
                                   struct fleet_shas *ret_shas, struct error *error);

#endif
