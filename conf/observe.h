/* Settings under which nothing is refused: what a drop-in has to say to watch before enforcing. */
#ifndef CONF_OBSERVE_H
#define CONF_OBSERVE_H

#include "conf/settings.h"

/* Whether any rule is enforced that may refuse mail or hold it back, for anybody; a key that is
 * missing does not count. */
bool observe_is_needed(const struct settings *settings);

/* The group `policies` of a file in conf.d: each rule that may refuse or hold back is only watched,
 * and a missing key holds nothing back. What groups of users enforce stays. */
void observe_write(const struct settings *settings, FILE *out);

/* A group of users for whom a rule stays enforced under that: it says so itself. NULL: none. */
const char *observe_group_left(const struct settings *settings);

#endif
