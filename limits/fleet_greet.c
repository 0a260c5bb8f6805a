/* The password and the scripts. */
#include "limits/fleet_greet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "limits/redis_command.h"

#define PATIENCE_MS 1000
#define PASSWORD_SIZE 4096

int64_t fleet_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Of a pipe, which nobody may ever write into, nothing is waited for. */
static int open_password(const char *path, struct error *error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return fd;
    if (fd < 0)
        error_set(error, "%s: %s", path, strerror(errno));
    else
        error_set(error,
                  "%s: it is no regular file: one with the password in its first line is expected",
                  path);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The first line of the file. Not by stdio, whose buffers nobody wipes. */
static bool read_password(const char *path, char password[PASSWORD_SIZE], struct error *error)
{
    int fd = open_password(path, error);
    if (fd < 0)
        return false;
    size_t len = 0;
    ssize_t got = 0;
    while (len < PASSWORD_SIZE - 1 && (got = read(fd, password + len, PASSWORD_SIZE - 1 - len)) > 0)
        len += (size_t)got;
    int cause = errno;
    close(fd);
    if (got < 0)
        return error_set(error, "%s: cannot be read: %s", path, strerror(cause));
    password[len] = '\0';
    size_t line = strcspn(password, "\n");
    while (line && password[line - 1] == '\r')
        line--;
    password[line] = '\0';
    if (line && line < PASSWORD_SIZE - 1)
        return true;
    return error_set(error, "%s: no password in its first line%s", path,
                     line ? " that Redis would take: it is too long" : "");
}

/* password NULL: sees that none is needed. The scripts are too long for Redis to take them from
 * somebody who needs one: it would speak of its protocol, and not of a password. */
static bool authenticate(struct redis *redis, const char *password, int64_t deadline,
                         struct error *error)
{
    struct redis_command command = {0};
    struct redisReply *reply = NULL;
    redis_command_text(&command, password ? "AUTH" : "PING");
    if (password)
        redis_command_text(&command, password);
    bool ok = redis_command_end(&command) || error_set(error, "out of memory");
    struct bytes bytes = ok ? redis_command_bytes(&command) : (struct bytes){0};
    ok = ok && redis_ask(redis, bytes.data, bytes.len, deadline, &reply, error);
    redis_reply_free(reply);
    redis_wipe_sent(redis);
    redis_command_wipe(&command);
    return ok;
}

bool fleet_greet(struct redis *redis, const char *password_file, struct fleet_shas *ret_shas,
                 struct error *error)
{
    int64_t deadline = redis_clock() + PATIENCE_MS;
    char password[PASSWORD_SIZE];
    bool ok = (!password_file || read_password(password_file, password, error)) &&
              authenticate(redis, password_file ? password : NULL, deadline, error);
    explicit_bzero(password, sizeof password);
    return ok && fleet_scripts_load(redis, deadline, ret_shas, error);
}
