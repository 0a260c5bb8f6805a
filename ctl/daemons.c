/* Finding daemons in /proc, by what they run and by their arguments. */
#include "ctl/daemons.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_proc(pid_t pid, const char *name, char *text, size_t size, size_t *ret_len)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    *ret_len = len > 0 ? (size_t)len : 0;
    return len > 0;
}

/* What a link of a process's leads to, as the kernel says it. */
static bool read_link(pid_t pid, const char *name, char ret_path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/%s", (int)pid, name);
    ssize_t len = readlink(link, ret_path, PATH_MAX - 1);
    ret_path[len > 0 ? len : 0] = '\0';
    return len > 0;
}

static bool is_named(pid_t pid)
{
    char name[64];
    size_t len;
    return read_proc(pid, "comm", name, sizeof name, &len) && strcmp(name, "submilter\n") == 0;
}

/* Or was started from it: what lay there then lies there no more. */
static bool is_file(pid_t pid, const char *program)
{
    static const char gone[] = " (deleted)";
    char link[64], path[PATH_MAX], real[PATH_MAX];
    struct stat wanted, running;
    if (!read_link(pid, "exe", path) || !realpath(program, real))
        return false;
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    if (stat(real, &wanted) == 0 && stat(link, &running) == 0 && running.st_dev == wanted.st_dev &&
        running.st_ino == wanted.st_ino)
        return true;
    size_t len = strlen(real);
    return strncmp(path, real, len) == 0 && strcmp(path + len, gone) == 0;
}

/* As getopt_long reads them in milter/arguments.c: of the letters c alone takes a word, of the long
 * options (a successor's) none does, and what comes last holds. NULL: with -n it serves nobody. */
static const char *config_of(const char *arguments, size_t len)
{
    const char *config = SYSCONFDIR "/submilter.conf";
    const char *end = arguments + len;
    for (const char *at = arguments + strlen(arguments) + 1; at < end; at += strlen(at) + 1) {
        if (strcmp(at, "--") == 0)
            break;
        if (at[0] != '-' || at[1] == '-')
            continue;
        at += strcspn(at, "cn");
        if (*at == 'n')
            return NULL;
        if (*at == 'c' && at + 2 < end)
            config = at += at[1] ? 1 : 2;
    }
    return config;
}

static bool same_file(const char *one, const char *other)
{
    char a[PATH_MAX], b[PATH_MAX];
    return strcmp(one, other) == 0 || (realpath(one, a) && realpath(other, b) && strcmp(a, b) == 0);
}

/* In the background a daemon is in "/". */
static bool means(pid_t pid, const char *given, const char *config)
{
    char folder[PATH_MAX], whole[3 * PATH_MAX];
    if (*given == '/' || !read_link(pid, "cwd", folder))
        return same_file(given, config);
    snprintf(whole, sizeof whole, "%s/%s", folder, given);
    return same_file(whole, config) || (strcmp(folder, "/") == 0 && same_file(given, config));
}

static bool has_config(pid_t pid, const char *config)
{
    char text[PATH_MAX + 4096];
    size_t len;
    const char *given =
        read_proc(pid, "cmdline", text, sizeof text, &len) ? config_of(text, len) : NULL;
    return given && means(pid, given, config);
}

bool daemons_is(pid_t pid, const char *program, const char *config)
{
    return (program ? is_file(pid, program) : is_named(pid)) && has_config(pid, config);
}

size_t daemons_find(const char *program, const char *config, pid_t *ret_pids, size_t most)
{
    DIR *processes = opendir("/proc");
    size_t found = 0;
    for (const struct dirent *entry; found < most && processes && (entry = readdir(processes));) {
        char *rest;
        pid_t pid = (pid_t)strtol(entry->d_name, &rest, 10);
        if (pid > 0 && !*rest && daemons_is(pid, program, config))
            ret_pids[found++] = pid;
    }
    if (processes)
        closedir(processes);
    return found;
}

pid_t daemons_find_one(const char *program, const char *config)
{
    pid_t pid;
    return daemons_find(program, config, &pid, 1) ? pid : 0;
}
