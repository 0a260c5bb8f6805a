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

/* Whether both are the same: content, mode, owner; or both not there. */
bool place_same(const struct place_file *a, const struct place_file *b);

/* The file is there whole, on the disk, with its mode, owner and extended attributes (those of the
 * file `like`, where there is one), or what was there before still is. expected: what has to be
 * there in the moment before, else it is an error; NULL: whatever. Of two at once one fails. */
MUST_CHECK bool place_write(struct arena *arena, const char *path, const struct place_file *file,
                            const char *like, const struct place_file *expected,
                            struct error *error);

/* The name that place_write writes to first; one that is there and that nobody has locked (flock)
 * was left by a writer that was cut off. NULL when memory is out. */
const char *place_draft_of(struct arena *arena, const char *path);

/* Whether place_write and place_remove can work there, as far as one can know before: nothing is
 * mounted on the file, neither it nor its folder is immutable, the folder may be written. A folder
 * that is not there yet is no error. */
MUST_CHECK bool place_check(struct arena *arena, const char *path, struct error *error);

/* What is not there is removed already. expected: as above. */
MUST_CHECK bool place_remove(struct arena *arena, const char *path,
                             const struct place_file *expected, struct error *error);

/* The path with every link in it followed, as far as it is there yet. NULL when memory is out. */
const char *place_real_path(struct arena *arena, const char *path);

/* The folder that a path lies in. NULL when memory is out. */
const char *place_folder_of(struct arena *arena, const char *path);

#endif
