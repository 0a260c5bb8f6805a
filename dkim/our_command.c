/* The name of the configuration, kept for hints. */
#include "dkim/our_command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/shell.h"

static char words[sizeof "submilterctl -c " + sizeof(struct shell_word)] = "submilterctl";

void our_command_uses(const char *config)
{
    char whole[PATH_MAX]; /* it may be pasted in another folder */
    const char *path = config[0] != '/' && realpath(config, whole) ? whole : config;
    if (strcmp(path, SYSCONFDIR "/submilter.conf") == 0)
        snprintf(words, sizeof words, "submilterctl");
    else
        snprintf(words, sizeof words, "submilterctl -c %s", shell_word(path).text);
}

const char *our_command(void)
{
    return words;
}
