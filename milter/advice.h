/* What is no fault in a configuration, but hardly what its admin wants: said by -n, at the start
 * and after a reload. */
#ifndef MILTER_ADVICE_H
#define MILTER_ADVICE_H

#include "gate/snapshot.h"

/* Takes one piece of advice, without a line end. */
typedef void advice_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To be called as the user that the daemon is. */
void advice_give(const struct snapshot *snapshot, advice_say *say);

/* For who read the keys as root and has become the daemon's user since: whether that one could. */
void advice_give_keys(const struct settings *settings, advice_say *say);

#endif
