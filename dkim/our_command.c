/* The name of the configuration, kept for hints. */
#include "dkim/our_command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void our_command_uses(const char *config)
{
    char whole[PATH_MAX]; /* it may be pasted in another folder */
    const char *path = config[0] != '/' && realpath(config, whole) ? whole : config;
    if (strcmp(path, SYSCONFDIR "/submilter.conf") == 0)
        snprintf(words, sizeof words, "submilterctl");
    else
        use(path);
}

const char *our_command(void)
{
    return words;
}
