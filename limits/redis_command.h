/* A command for Redis, word by word. */
#ifndef LIMITS_REDIS_COMMAND_H
#define LIMITS_REDIS_COMMAND_H

#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct redis_command {
    char *data;   /* whole from start on after redis_command_end */
    size_t start; /* in front of it there is nothing */
    size_t len, room;
    size_t words;
    bool failed; /* no memory */
};

/* Zeroed before the first word. */
void redis_command_word(struct redis_command *command, struct bytes word);
void redis_command_text(struct redis_command *command, const char *word);
void redis_command_number(struct redis_command *command, int64_t number);

/* A number of a fixed width that is written later; returns where (redis_command_set). */
size_t redis_command_later(struct redis_command *command);

/* at: what redis_command_later gave; after the end, too. */
void redis_command_set(struct redis_command *command, size_t at, uint64_t number);

/* Puts the count of words in front. False: there was no memory. */
MUST_CHECK bool redis_command_end(struct redis_command *command);

/* What is to be sent; lives as long as the command. */
struct bytes redis_command_bytes(const struct redis_command *command);

void redis_command_done(struct redis_command *command);

/* The same for one with a secret in it, which is wiped. */
void redis_command_wipe(struct redis_command *command);

#endif
