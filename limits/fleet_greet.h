/* What every connection to the fleet's store begins with. */
#ifndef LIMITS_FLEET_GREET_H
#define LIMITS_FLEET_GREET_H

#include "limits/fleet_scripts.h"

/* The password and the scripts. password_file may be NULL; its first line is the password. */
MUST_CHECK bool fleet_greet(struct redis *redis, const char *password_file,
                            struct fleet_shas *ret_shas, struct error *error);

/* Milliseconds since 1970. */
int64_t fleet_wall_clock(void);

#endif
