/* Files of the host, read whole and put in place in one step. */
#ifndef CTL_SETUP_PLACE_H
#define CTL_SETUP_PLACE_H

#include <sys/types.h>

#include "policy/arena.h"
#include "policy/error.h"

struct place_file {
    bool exists; /* false: the rest says nothing */
    struct bytes content;
    mode_t mode; /* permission bits */
    uid_t user;
    gid_t group;
};

/* A regular file of at most 16 MB; one that is not there is no error. Content in the arena. */
MUST_CHECK bool place_read(struct arena *arena, const char *path, struct place_file *ret_file,
                           struct error *error);

/* The file is there whole, on the disk, with its mode, owner and extended attributes (those of the
 * file `like`, where there is one), or what was there before still is. */
MUST_CHECK bool place_write(struct arena *arena, const char *path, const struct place_file *file,
                            const char *like, struct error *error);

/* What is not there is removed already. */
MUST_CHECK bool place_remove(const char *path, struct error *error);

/* The path with every link in it followed; the path itself where nothing is there yet. NULL when
 * memory is out. */
const char *place_real_path(struct arena *arena, const char *path);

/* The folder that a path lies in. NULL when memory is out. */
const char *place_folder_of(struct arena *arena, const char *path);

#endif
