/* Asking diff(1), which never sees the file itself: both sides are in memory. */
#include "ctl/setup/diff.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mta/program.h"

#define SECONDS 30

/* diff opens it by its number, so it has to live on in the program that is run. */
static int in_memory(struct bytes text)
{
    int fd = memfd_create("side", 0);
    while (fd >= 0 && text.len) {
        ssize_t written = write(fd, text.data, text.len);
        if (written < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        if (written > 0)
            text = bytes_slice(text, (size_t)written, text.len);
    }
    return fd;
}

static bool compare(struct arena *arena, const struct plan_row *row, const int sides[2],
                    struct bytes *ret_text, struct error *error)
{
    const char *paths[2];
    struct program_output output;
    for (int i = 0; i < 2; i++)
        paths[i] = arena_printf(arena, "/proc/self/fd/%d", sides[i]);
    const char *before = row->from.exists && !row->whole ? row->path : "/dev/null";
    const char *after = row->to.exists ? row->path : "/dev/null";
    if (arena_failed(arena))
        return error_set(error, "memory is out");
    const char *const argv[] = {"diff", "-u", "--label", before,   "--label",
                                after,  "--", paths[0],  paths[1], NULL};
    if (!program_run(arena, argv, SECONDS, &output, error))
        return false;
    *ret_text = output.out;
    return output.status < 2 || error_set(error, "diff failed: %s", output.err.data);
}

bool diff_of_row(struct arena *arena, const struct plan_row *row, struct bytes *ret_text,
                 struct error *error)
{
    *ret_text = BYTES("");
    if ((row->kind != PLAN_FILE && row->kind != PLAN_REMOVE) || row->secret)
        return true;
    const int sides[2] = {in_memory(row->whole ? BYTES("") : row->from.content),
                          in_memory(row->to.content)};
    bool done = sides[0] >= 0 && sides[1] >= 0
                    ? compare(arena, row, sides, ret_text, error)
                    : error_set(error, "memory is out: %s cannot be compared", row->path);
    for (int i = 0; i < 2; i++)
        if (sides[i] >= 0)
            close(sides[i]);
    return done;
}
