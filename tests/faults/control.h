/* What the driver of a test writes and inject.so reads: a file of rows, one a call, in memory that
 * both share. tests/faults/injector.py writes the same layout. */
#ifndef TESTS_FAULTS_CONTROL_H
#define TESTS_FAULTS_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

#define CONTROL_ROWS 24

/* Fails the calls from the first to the last of those that it saw since seen was set to 0. */
struct control_row {
    char name[16]; /* empty: no row */
    atomic_uint_least64_t seen;
    atomic_uint_least64_t first; /* 1 is the next one; 0: none fails */
    atomic_uint_least64_t last;
    atomic_uint_least64_t struck;
    int32_t error; /* what errno gets; 0: the call is only delayed */
    int32_t delay; /* milliseconds */
    char path[96]; /* only calls on files whose path has this in it; empty: all */
};

struct control {
    struct control_row rows[CONTROL_ROWS];
};

#endif
