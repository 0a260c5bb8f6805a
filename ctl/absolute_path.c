/* A path from the root on, of one from the working folder on. */
#include "ctl/absolute_path.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

const char *absolute_path(struct arena *arena, const char *path)
{
    char folder[PATH_MAX];
    if (!*path || *path == '/' || !getcwd(folder, sizeof folder))
        return path;
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    if (!*path || strcmp(path, ".") == 0)
        return arena_text(arena, bytes_of(folder));
    return arena_printf(arena, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, path);
}
