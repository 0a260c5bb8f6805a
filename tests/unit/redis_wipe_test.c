/* What could not be sent to Redis is wiped before its memory is given back: a password may be in
 * it. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "limits/redis.h"
#include "limits/redis_command.h"

#define SECRET "correct-horse-battery-staple"

static bool freed_secret;

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    if (memory && memmem(memory, malloc_usable_size(memory), SECRET, strlen(SECRET)))
        freed_secret = true;
    __real_free(memory);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void test_what_could_not_be_sent(void **state)
{
    (void)state;
    char folder[] = "/tmp/redis_wipe_test.XXXXXX";
    char path[64];
    char address[80];
    struct redis *redis;
    struct redis_command command = {0};
    struct redisReply *reply;
    struct error error;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(address, sizeof address, "unix:%s", path);
    int listening = listen_at(path);
    assert_true(redis_connect(address, redis_clock() + 10000, -1, &redis, &error));
    close(listening); /* and with it whoever waits for a reply */
    redis_command_text(&command, "AUTH");
    redis_command_text(&command, SECRET);
    assert_true(redis_command_end(&command));
    struct bytes bytes = redis_command_bytes(&command);
    assert_false(redis_ask(redis, bytes.data, bytes.len, redis_clock() + 10000, &reply, &error));
    assert_true(redis_wants_to_send(redis));
    redis_wipe_sent(redis);
    redis_command_wipe(&command);
    assert_false(freed_secret);
    redis_close(redis);
    assert_false(freed_secret);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_could_not_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
