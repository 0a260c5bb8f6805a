/* A time to wait, in words for people. */
#ifndef POLICY_HOW_LONG_H
#define POLICY_HOW_LONG_H

#include <stdint.h>

#define HOW_LONG_SIZE 32

/* "40 seconds", "1 minute", "2 hours", "3 days": rounded up, so that who waits that long has waited
 * long enough. At least a second. */
const char *how_long(int64_t seconds, char text[static HOW_LONG_SIZE]);

#endif
