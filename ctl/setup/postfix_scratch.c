/* Copying main.cf and master.cf, and letting postconf(1) edit the copy. */
#include "ctl/setup/postfix_scratch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mta/program.h"

#define SECONDS 30

static const char *const copied[] = {"main.cf", "master.cf", "dynamicmaps.cf"};

static const char *in_folder(const struct postfix_scratch *scratch, const char *folder,
                             const char *name)
{
    return arena_printf(scratch->plan->arena, "%s/%s", folder, name);
}

/* Postfix's tools wait until a file that they read is two seconds old, lest somebody still write.
 */
static void let_settle(const struct postfix_scratch *scratch)
{
    const struct timespec past[] = {{.tv_sec = time(NULL) - 60}, {.tv_sec = time(NULL) - 60}};
    for (size_t i = 0; i < 2; i++) {
        const char *path = in_folder(scratch, scratch->folder, copied[i]);
        if (path)
            utimensat(AT_FDCWD, path, past, 0);
    }
}

/* postconf would write its first line behind a last one that has no end. */
static bool end_last_line(struct arena *arena, struct bytes *text)
{
    if (text->len == 0 || text->data[text->len - 1] == '\n')
        return true;
    char *ended = arena_alloc(arena, text->len + 1);
    if (!ended)
        return false;
    memcpy(ended, text->data, text->len);
    ended[text->len] = '\n';
    *text = (struct bytes){ended, text->len + 1};
    return true;
}

bool postfix_scratch_open(struct postfix_scratch *scratch, struct error *error)
{
    struct arena *arena = scratch->plan->arena;
    if (!scratch_make(arena, &scratch->place, error))
        return false;
    const char *folder = scratch->folder = scratch->place.folder;
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        struct place_file file;
        const char *from = in_folder(scratch, scratch->live->config, copied[i]);
        const char *to = in_folder(scratch, folder, copied[i]);
        if (!from || !to || !place_read(arena, from, &file, error))
            return arena_failed(arena) ? error_set(error, "memory is out") : false;
        file.user = geteuid(); /* whoever only looks need not be root */
        file.group = getegid();
        if (file.exists && !end_last_line(arena, &file.content))
            return error_set(error, "memory is out");
        if (file.exists && !place_write(arena, to, &file, NULL, NULL, error))
            return false;
    }
    let_settle(scratch);
    return postfix_read(arena, folder, &scratch->now, error);
}

void postfix_scratch_close(struct postfix_scratch *scratch)
{
    scratch_remove(&scratch->place);
}

bool postfix_scratch_set(struct postfix_scratch *scratch, const char *option,
                         const char *assignment, struct error *error)
{
    const char *const argv[] = {"postconf", "-c", scratch->folder, option, assignment, NULL};
    struct program_output output;
    if (!assignment)
        return error_set(error, "memory is out");
    if (!program_must_run(scratch->plan->arena, argv, SECONDS, &output, error))
        return false;
    scratch->changed[strcmp(option, "-e") != 0] = true;
    let_settle(scratch);
    return postfix_read(scratch->plan->arena, scratch->folder, &scratch->now, error);
}

bool postfix_scratch_take_over(const struct postfix_scratch *scratch, struct error *error)
{
    static const struct plan_access readable = {.mode = 0644};
    for (size_t i = 0; i < 2; i++) { /* main.cf first: it defines what master.cf names */
        struct place_file file;
        const char *from = in_folder(scratch, scratch->folder, copied[i]);
        const char *to = in_folder(scratch, scratch->live->config, copied[i]);
        if (!scratch->changed[i])
            continue;
        if (!from || !to)
            return error_set(error, "memory is out");
        if (!place_read(scratch->plan->arena, from, &file, error))
            return false;
        plan_file(scratch->plan, to, file.content, readable);
    }
    return plan_good(scratch->plan, error);
}
