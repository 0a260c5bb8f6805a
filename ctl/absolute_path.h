/* Paths in what may be pasted in another folder. */
#ifndef CTL_ABSOLUTE_PATH_H
#define CTL_ABSOLUTE_PATH_H

#include "policy/arena.h"

/* From the working folder on; nothing needs to be there, and links stay. "" stays, which names
 * nothing, and so does a path where nobody can tell the folder. NULL when memory is out. */
const char *absolute_path(struct arena *arena, const char *path);

#endif
