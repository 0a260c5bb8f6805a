/* Waiting up to a moment, or for good. */
#ifndef LIMITS_UNTIL_H
#define LIMITS_UNTIL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* As pthread_cond_wait. by: milliseconds of CLOCK_MONOTONIC, which is the condition's clock, or
 * LIMITS_FOREVER. False: that moment has come. */
bool until_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t by);

#endif
