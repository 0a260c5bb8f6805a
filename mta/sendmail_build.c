/* Making a .cf of a .mc, and asking Sendmail what it thinks of it. */
#include "mta/sendmail_build.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mta/program.h"

#define SECONDS 120 /* Sendmail waits a minute for a full name of its host */

static const char *const programs[] = {"/usr/libexec/sendmail/sendmail",
                                       "/usr/sbin/sendmail.sendmail",
                                       "/usr/lib/sm.bin/sendmail",
                                       "/usr/sbin/sendmail",
                                       "/usr/lib/sendmail",
                                       NULL};
static const char *const folders[] = {"/usr/share/sendmail/cf", "/usr/share/sendmail-cf",
                                      "/usr/local/share/sendmail/cf", NULL};

/* Whether the .mc includes m4/cf.m4 itself, as Debian's and Red Hat's do. */
static bool includes_cf_m4(const struct sendmail_mc *mc)
{
    for (size_t i = 0; i < mc->count; i++)
        if (strcmp(mc->calls[i].name, "include") == 0 &&
            bytes_end_with_nocase(bytes_of(mc_call_argument(&mc->calls[i], 0)), BYTES("m4/cf.m4")))
            return true;
    return false;
}

static bool find_folder(struct arena *arena, struct sendmail_build *build, struct error *error)
{
    for (size_t i = 0; folders[i]; i++) {
        const char *path = arena_printf(arena, "%s/m4/cf.m4", folders[i]);
        if (path && access(path, R_OK) == 0) {
            build->cf_folder = folders[i];
            return true;
        }
    }
    return error_set(error,
                     "%s does not include m4/cf.m4, and it is in none of the usual folders: name "
                     "the folder of Sendmail's m4 files with --cf-dir",
                     build->mc);
}

/* From wherever m4 runs it is the same. */
static const char *whole_path(struct arena *arena, const char *path)
{
    char real[PATH_MAX];
    return *path != '/' && realpath(path, real) ? arena_text(arena, bytes_of(real)) : path;
}

bool sendmail_build_find(struct arena *arena, const struct sendmail_mc *mc,
                         struct sendmail_build *build, struct error *error)
{
    if (!build->cf)
        build->cf = sendmail_build_cf_of(arena, build->mc);
    if (build->cf_folder && !(build->cf_folder = whole_path(arena, build->cf_folder)))
        return error_set(error, "memory is out");
    for (size_t i = 0; !build->program && programs[i]; i++)
        if (access(programs[i], X_OK) == 0)
            build->program = programs[i];
    if (!build->program)
        return error_set(error, "there is no Sendmail on this host");
    return build->cf_folder || includes_cf_m4(mc) || find_folder(arena, build, error);
}

static bool write_all(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t put = write(fd, text.data, text.len);
        if (put < 0 && errno != EINTR)
            return false;
        text = bytes_slice(text, put < 0 ? 0 : (size_t)put, text.len);
    }
    return true;
}

/* A file for a program to read; its name is written into path, a template of mkstemp(3). */
static bool scratch(char *path, struct bytes text, struct error *error)
{
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    bool written = write_all(fd, text) || error_set(error, "%s: %s", path, strerror(errno));
    close(fd);
    if (!written)
        unlink(path);
    return written;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return arena_text(arena, (struct bytes){path, (size_t)(slash - path) + 1});
}

/* m4 looks for what a .mc includes in its current folder first, and runs it: that is the .mc's own,
 * as where the MTA's Makefile runs, whatever folder the caller is in. */
bool sendmail_build_make(struct arena *arena, const struct sendmail_build *build, struct bytes mc,
                         struct bytes *ret_cf, struct error *error)
{
    char path[] = "/tmp/submilter-mc-XXXXXX";
    const char *folder = folder_of(arena, build->mc);
    const char *argv[8] = {"m4"};
    size_t count = 1;
    struct program_output output;
    const char *cf_folder = build->cf_folder;
    if (cf_folder) {
        argv[count++] = arena_printf(arena, "-D_CF_DIR_=%s/", cf_folder);
        argv[count++] = arena_printf(arena, "%s/m4/cf.m4", cf_folder);
    }
    argv[count] = path;
    if (arena_failed(arena))
        return error_set(error, "memory is out");
    if (!scratch(path, mc, error))
        return false;
    bool made = program_must_run_in(arena, folder, argv, SECONDS, &output, error);
    unlink(path);
    /* FEATURE() and its like complain so, and m4 goes on. */
    if (made && output.err.data && strstr(output.err.data, "ERROR"))
        made =
            error_set(error, "m4 says: %.*s", (int)bytes_find(output.err, '\n'), output.err.data);
    *ret_cf = output.out;
    return made || error_prefix(error, "%s: ", build->mc);
}

/* "(canonical domain name) $j = mail.example.com" */
static const char *host_in(struct arena *arena, struct bytes said)
{
    struct bytes key = BYTES("(canonical domain name) $j = ");
    size_t at = bytes_find_nocase(said, key);
    if (at == said.len)
        return "";
    struct bytes rest = bytes_slice(said, at + key.len, said.len);
    return arena_text(arena, bytes_trim(bytes_slice(rest, 0, bytes_find(rest, '\n'))));
}

bool sendmail_build_check(struct arena *arena, const struct sendmail_build *build, struct bytes cf,
                          const char **ret_host, struct error *error)
{
    char path[] = "/tmp/submilter-cf-XXXXXX";
    const char *const argv[] = {build->program, "-C", path, "-bt", "-d0.1", NULL};
    struct program_output output;
    if (!scratch(path, cf, error))
        return false;
    bool good = program_run(arena, argv, SECONDS, &output, error);
    if (good && output.status != 0) {
        /* What it complains about begins with the file's name. */
        struct bytes said = output.err.len ? output.err : output.out;
        said = bytes_slice(said, bytes_find_nocase(said, bytes_of(path)), said.len);
        size_t colon = said.len ? bytes_find(said, ':') + 1 : 0;
        said = bytes_trim(bytes_slice(said, colon, bytes_find(said, '\n')));
        good = error_set(error, "%s does not take what m4 makes of %s: %.*s", build->program,
                         build->mc, (int)said.len, said.data ? said.data : "");
    }
    unlink(path);
    if (good)
        *ret_host = host_in(arena, output.out);
    return good && (*ret_host || error_set(error, "memory is out"));
}

/* The next line that says something; no bytes after the last. */
static struct bytes next_line(struct bytes *rest)
{
    while (rest->len) {
        size_t end = bytes_find(*rest, '\n');
        struct bytes line = bytes_slice(*rest, 0, end);
        *rest = bytes_slice(*rest, end + 1, rest->len);
        if (bytes_trim(line).len && line.data[0] != '#')
            return line;
    }
    return (struct bytes){NULL, 0};
}

bool sendmail_build_same(struct arena *arena, struct bytes made, struct bytes found,
                         const char **ret_line)
{
    for (;;) {
        struct bytes a = next_line(&made);
        struct bytes b = next_line(&found);
        if (!bytes_equal(a, b)) {
            *ret_line = arena_text(arena, a.len ? a : b);
            return false;
        }
        if (a.len == 0)
            return true;
    }
}

static const char *with_ending(struct arena *arena, const char *path, const char *old,
                               const char *new)
{
    struct bytes name = bytes_of(path);
    size_t len = bytes_end_with_nocase(name, bytes_of(old)) ? name.len - strlen(old) : name.len;
    return arena_printf(arena, "%.*s%s", (int)len, path, new);
}

const char *sendmail_build_cf_of(struct arena *arena, const char *mc)
{
    const char *same = with_ending(arena, mc, ".mc", ".cf");
    /* FreeBSD makes sendmail.cf of HOST.mc. */
    const char *usual = arena_printf(arena, "%ssendmail.cf", folder_of(arena, mc));
    bool other = same && usual && access(same, F_OK) != 0 && access(usual, F_OK) == 0;
    return other ? usual : same;
}

const char *sendmail_build_mc_of(struct arena *arena, const char *cf)
{
    return with_ending(arena, cf, ".cf", ".mc");
}
