/* The password and the scripts. */
#include "limits/fleet_greet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limits/redis_command.h"

#define PATIENCE_MS 1000

int64_t fleet_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The first line of the file; to be freed. */
static bool read_password(const char *path, char **ret_password, struct error *error)
{
    size_t room = 0;
    FILE *file = fopen(path, "re");
    *ret_password = NULL;
    if (!file)
        return error_set(error, "%s: %s", path, strerror(errno));
    ssize_t len = getline(ret_password, &room, file);
    fclose(file);
    while (len > 0 && strchr("\r\n", (*ret_password)[len - 1]))
        (*ret_password)[--len] = '\0';
    if (len > 0)
        return true;
    free(*ret_password);
    *ret_password = NULL;
    return error_set(error, "%s: no password in its first line", path);
}

bool fleet_greet(struct redis *redis, const char *password_file, struct fleet_shas *ret_shas,
                 struct error *error)
{
    int64_t deadline = redis_clock() + PATIENCE_MS;
    if (password_file) {
        struct redis_command command = {0};
        struct redisReply *reply = NULL;
        char *password;
        if (!read_password(password_file, &password, error))
            return false;
        redis_command_text(&command, "AUTH");
        redis_command_text(&command, password);
        free(password);
        bool ok = redis_command_end(&command) || error_set(error, "out of memory");
        struct bytes bytes = ok ? redis_command_bytes(&command) : (struct bytes){0};
        ok = ok && redis_ask(redis, bytes.data, bytes.len, deadline, &reply, error);
        redis_reply_free(reply);
        redis_command_done(&command);
        if (!ok)
            return false;
    }
    return fleet_scripts_load(redis, deadline, ret_shas, error);
}
