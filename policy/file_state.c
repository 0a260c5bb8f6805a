/* A file's times are those of a clock that only ticks now and then: what is written twice within a
 * tick, and read in between, looks the same both times. */
#include "policy/file_state.h"

#define COARSEST_SECONDS 2 /* FAT's times; a kernel's tick is 10 ms at most */

struct file_state file_state_of(const struct stat *status, struct timespec now)
{
    return (struct file_state){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size = status->st_size,
        .changed = status->st_mtim,
        .altered = status->st_ctim,
        .settled = status->st_ctim.tv_sec < now.tv_sec - COARSEST_SECONDS,
    };
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_state_same(const struct file_state *before, const struct stat *status)
{
    return before->device == status->st_dev && before->inode == status->st_ino &&
           before->size == status->st_size && same_time(before->changed, status->st_mtim) &&
           same_time(before->altered, status->st_ctim);
}
