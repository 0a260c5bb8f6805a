/* The name of the configuration, kept for hints. */
#include "dkim/our_command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/shell.h"

#define WITH_FILE "submilterctl -c "

static char words[sizeof WITH_FILE + 4 * PATH_MAX + 16] = "submilterctl";

/* Whole, and only where that cannot be had shortened: another file would be looked at. */
static void use(const char *path)
{
    struct arena *arena = arena_new(2 * sizeof words);
    const char *quoted = arena ? shell_quote(arena, path) : "";
    bool fits = *quoted && strlen(quoted) < sizeof words - sizeof WITH_FILE;
    snprintf(words, sizeof words, WITH_FILE "%s", fits ? quoted : shell_word(path).text);
    arena_free(arena);
}

/* It may be pasted in another folder, also of a file that is not there yet. */
static const char *absolute(const char *config, char ret_whole[PATH_MAX])
{
    if (*config == '/')
        return config;
    if (realpath(config, ret_whole))
        return ret_whole;
    if (!*config || !getcwd(ret_whole, PATH_MAX))
        return config;
    size_t len = strlen(ret_whole);
    size_t left = PATH_MAX - len;
    return snprintf(ret_whole + len, left, "/%s", config) < (int)left ? ret_whole : config;
}

void our_command_uses(const char *config)
{
    char whole[PATH_MAX];
    const char *path = absolute(config, whole);
    if (strcmp(path, SYSCONFDIR "/submilter.conf") == 0)
        snprintf(words, sizeof words, "submilterctl");
    else
        use(path);
}

const char *our_command(void)
{
    return words;
}
