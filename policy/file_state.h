/* What a file was like when it was read, to tell later whether it has to be read again. */
#ifndef POLICY_FILE_STATE_H
#define POLICY_FILE_STATE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/* All zeroes: of no file, and settled is false. */
struct file_state {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed; /* contents */
    struct timespec altered; /* contents, owner or mode; nobody can set it */
    bool settled;            /* the file had been left alone for longer than clocks are coarse: who
                                changed it after it was read gave it other times for certain */
};

/* status: of the open file, before its contents were read; now: CLOCK_REALTIME's, not later than
 * the reading. */
struct file_state file_state_of(const struct stat *status, struct timespec now);

/* Where before is settled, the contents are the same, too. */
bool file_state_same(const struct file_state *before, const struct stat *status);

#endif
