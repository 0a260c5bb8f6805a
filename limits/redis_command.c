/* Commands as Redis's protocol has them: "*<words>\r\n$<len>\r\n<word>\r\n...". */
#include "limits/redis_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATER_DIGITS 20
/* Room in front for the count, which is known last. */
#define HEAD 16

static char *room_for(struct redis_command *command, size_t len)
{
    if (command->failed)
        return NULL;
    if (!command->data)
        command->len = HEAD;
    if (!command->data || len > command->room - command->len) {
        size_t room = (command->len + len) * 2 + 512;
        char *data = malloc(room);
        if (!data) {
            command->failed = true;
            return NULL;
        }
        if (command->data) {
            memcpy(data, command->data, command->len);
            explicit_bzero(command->data, command->len);
            free(command->data);
        }
        command->data = data;
        command->room = room;
    }
    return command->data + command->len;
}

void redis_command_word(struct redis_command *command, struct bytes word)
{
    char *to = room_for(command, word.len + 32);
    if (!to)
        return;
    int head = snprintf(to, 32, "$%zu\r\n", word.len);
    if (word.len)
        memcpy(to + head, word.data, word.len);
    to[(size_t)head + word.len] = '\r';
    to[(size_t)head + word.len + 1] = '\n';
    command->len += (size_t)head + word.len + 2;
    command->words++;
}

void redis_command_text(struct redis_command *command, const char *word)
{
    redis_command_word(command, bytes_of(word));
}

void redis_command_number(struct redis_command *command, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, number);
    redis_command_word(command, (struct bytes){digits, (size_t)len});
}

size_t redis_command_later(struct redis_command *command)
{
    redis_command_word(command, BYTES("00000000000000000000"));
    return command->len - 2 - LATER_DIGITS;
}

void redis_command_set(struct redis_command *command, size_t at, uint64_t number)
{
    char digits[LATER_DIGITS + 1];
    snprintf(digits, sizeof digits, "%0*" PRIu64, LATER_DIGITS, number);
    memcpy(command->data + at, digits, LATER_DIGITS);
}

bool redis_command_end(struct redis_command *command)
{
    char head[HEAD + 1];
    if (command->failed || !command->data)
        return false;
    int len = snprintf(head, sizeof head, "*%zu\r\n", command->words);
    if (len < 0 || len > HEAD)
        return false;
    command->start = HEAD - (size_t)len;
    memcpy(command->data + command->start, head, (size_t)len);
    return true;
}

struct bytes redis_command_bytes(const struct redis_command *command)
{
    return (struct bytes){command->data + command->start, command->len - command->start};
}

void redis_command_wipe(struct redis_command *command)
{
    if (command->data)
        explicit_bzero(command->data, command->room);
    redis_command_done(command);
}

void redis_command_done(struct redis_command *command)
{
    free(command->data);
    *command = (struct redis_command){0};
}
