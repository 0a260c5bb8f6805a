/* By the lines of the files: an undo is wanted where the MTA's programs are gone, too. */
#include "ctl/setup/leftover.h"

#include <dirent.h>
#include <stddef.h>
#include <unistd.h>

static bool has(struct bytes text, struct bytes needle)
{
    return bytes_find_nocase(text, needle) < text.len;
}

/* "smtpd_milters = ... submilter", "-o smtpd_milters=...", "submilter = {...}",
 * "INPUT_MAIL_FILTER(`submilter', ...)"; a path that has the name in it is none of these. */
static bool hooks_in(struct bytes line)
{
    struct bytes value = bytes_slice(line, bytes_find(line, '='), line.len);
    struct bytes name = bytes_slice(line, 0, bytes_find(line, '='));
    if (line.len == 0 || *line.data == '#' || bytes_start_with_nocase(line, BYTES("dnl")))
        return false;
    return (has(name, BYTES("_milters")) && has(value, BYTES("submilter"))) ||
           (value.len && bytes_equal(bytes_trim(name), BYTES("submilter"))) ||
           (has(line, BYTES("MAIL_FILTER")) && has(line, BYTES("submilter")));
}

static bool is_hooked(const struct backup *backup, const char *path)
{
    struct place_file file;
    struct error ignored;
    if (access(path, F_OK) != 0 || !place_read(backup->arena, path, &file, &ignored))
        return false;
    for (struct bytes rest = file.content; rest.len;) {
        size_t end = bytes_find(rest, '\n');
        if (hooks_in(bytes_trim(bytes_slice(rest, 0, end))))
            return true;
        rest = bytes_slice(rest, end + 1, rest.len);
    }
    return false;
}

/* With blanks before each; "" where there is none. */
static const char *list_manifests(const struct backup *backup, const char *top)
{
    const char *list = "";
    DIR *state = opendir(top);
    for (struct dirent *file; list && state && (file = readdir(state));) {
        const char *path = arena_printf(backup->arena, "%s/%s/manifest", top, file->d_name);
        if (path && *file->d_name != '.' && access(path, F_OK) == 0)
            list = arena_printf(backup->arena, "%s %s", list, path);
    }
    if (state)
        closedir(state);
    return list;
}

bool leftover_check(const struct backup *backup, const char *place, struct error *error)
{
    static const char *const names[] = {"", "/main.cf", "/master.cf"};
    const char *top = place_folder_of(backup->arena, backup->folder);
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
        const char *path = arena_printf(backup->arena, "%s%s", place, names[i]);
        if (path && is_hooked(backup, path))
            found = path;
    }
    if (!found)
        return true;
    const char *list = top ? list_manifests(backup, top) : NULL;
    if (!list)
        return error_set(error, "memory is out");
    return error_set(
        error,
        "%s asks submilter, but %s has no setup of it written down (there is:%s): name "
        "the --state or the MTA's configuration that it was set up with, or take "
        "setup's lines out by hand",
        found, top, *list ? list : " nothing");
}
