/* Talking to Redis without waiting: our own socket, hiredis reads the replies. */
#include "limits/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "limits/redis_address.h"

#define PIECE 16384
#define PIECES 64                  /* that are read before it is looked at what they are */
#define MOST ((size_t)4 * 1048576) /* bytes; those pieces are less */

struct redis {
    int fd, cancel;
    redisReader *reader;
    size_t unread, most; /* bytes that came and are no whole reply yet; so many may be */
    char *out;           /* [sent, len) waits */
    size_t sent, len, room;
};

int64_t redis_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until something can be done with the descriptor. */
static bool await(struct redis *redis, short events, int64_t deadline, struct error *error)
{
    for (;;) {
        int64_t left = deadline - redis_clock();
        struct pollfd polled[2] = {{.fd = redis->fd, .events = events},
                                   {.fd = redis->cancel, .events = POLLIN}};
        int ready = poll(polled, redis->cancel >= 0 ? 2 : 1, left > 0 ? (int)left : 0);
        if (ready > 0 && polled[0].revents)
            return true;
        if (ready > 0)
            return error_set(error, "it is given up");
        if (ready == 0 && left <= 0)
            return error_set(error, "it does not answer in time");
        if (ready < 0 && errno != EINTR)
            return error_set(error, "poll: %s", strerror(errno));
    }
}

static bool finish_connecting(struct redis *redis, int64_t deadline, struct error *error)
{
    int failed = 0;
    socklen_t len = sizeof failed;
    if (!await(redis, POLLOUT, deadline, error))
        return false;
    if (getsockopt(redis->fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0)
        failed = errno;
    if (failed)
        return error_set(error, "connecting: %s", strerror(failed));
    return true;
}

bool redis_connect(const char *address, int64_t deadline, int cancel, struct redis **ret_redis,
                   struct error *error)
{
    struct redis *redis = calloc(1, sizeof *redis);
    *ret_redis = NULL;
    if (!redis)
        return error_set(error, "out of memory");
    redis->cancel = cancel;
    redis->most = MOST;
    redis->fd = -1;
    redis->reader = redisReaderCreate();
    bool waits = false;
    if (!redis->reader) {
        error_set(error, "out of memory");
        goto failed;
    }
    redis->fd = redis_address_connect(address, &waits, error);
    if (redis->fd < 0 || (waits && !finish_connecting(redis, deadline, error)))
        goto failed;
    *ret_redis = redis;
    return true;
failed:
    redis_close(redis);
    return false;
}

void redis_never_cancel(struct redis *redis)
{
    redis->cancel = -1;
}

void redis_close(struct redis *redis)
{
    if (!redis)
        return;
    if (redis->fd >= 0)
        close(redis->fd);
    if (redis->reader)
        redisReaderFree(redis->reader);
    if (redis->out)
        explicit_bzero(redis->out, redis->len); /* a password may wait there, never sent */
    free(redis->out);
    free(redis);
}

bool redis_append(struct redis *redis, const char *command, size_t len, struct error *error)
{
    if (!len)
        return true;
    if (redis->sent == redis->len)
        redis->sent = redis->len = 0;
    if (len > redis->room - redis->len) {
        size_t room = (redis->len + len) * 2;
        char *out = realloc(redis->out, room);
        if (!out)
            return error_set(error, "out of memory");
        redis->out = out;
        redis->room = room;
    }
    memcpy(redis->out + redis->len, command, len);
    redis->len += len;
    return true;
}

bool redis_flush(struct redis *redis, struct error *error)
{
    while (redis->sent < redis->len) {
        ssize_t sent = send(redis->fd, redis->out + redis->sent, redis->len - redis->sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            redis->sent += (size_t)sent;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return true;
        else if (errno != EINTR)
            return error_set(error, "sending: %s", strerror(errno));
    }
    return true;
}

void redis_wipe_sent(struct redis *redis)
{
    if (redis->out)
        explicit_bzero(redis->out, redis->sent);
}

bool redis_wants_to_send(const struct redis *redis)
{
    return redis->sent < redis->len;
}

int redis_descriptor(const struct redis *redis)
{
    return redis->fd;
}

static bool reader_failed(const struct redis *redis, struct error *error)
{
    return error_set(error, "it does not speak Redis's protocol: %s",
                     redis->reader->err ? redis->reader->errstr : "out of memory");
}

void redis_expect_at_most(struct redis *redis, size_t bytes)
{
    redis->most = bytes;
}

bool redis_receive(struct redis *redis, struct error *error)
{
    char buffer[PIECE];
    for (int pieces = 0; pieces < PIECES; pieces++) {
        ssize_t got = recv(redis->fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got == 0)
            return error_set(error, "it closed the connection");
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK
                       ? true
                       : error_set(error, "reading: %s", strerror(errno));
        if (redisReaderFeed(redis->reader, buffer, (size_t)got) != REDIS_OK)
            return reader_failed(redis, error);
        redis->unread += (size_t)got;
        if (redis->unread > redis->most)
            return error_set(error, "its answer has more than %zu bytes", redis->most);
        if ((size_t)got < sizeof buffer)
            return true;
    }
    return true;
}

bool redis_next(struct redis *redis, struct redisReply **ret_reply, struct error *error)
{
    void *reply = NULL;
    *ret_reply = NULL;
    if (redisReaderGetReply(redis->reader, &reply) != REDIS_OK)
        return reader_failed(redis, error);
    if (reply)
        redis->unread = redis->reader->len - redis->reader->pos;
    *ret_reply = reply;
    return true;
}

void redis_reply_free(struct redisReply *reply)
{
    if (reply)
        freeReplyObject(reply);
}

bool redis_ask(struct redis *redis, const char *command, size_t len, int64_t deadline,
               struct redisReply **ret_reply, struct error *error)
{
    struct redisReply *reply = NULL;
    *ret_reply = NULL;
    if (!redis_append(redis, command, len, error) || !redis_flush(redis, error) ||
        !redis_next(redis, &reply, error))
        return false;
    while (!reply) {
        short events = redis_wants_to_send(redis) ? POLLIN | POLLOUT : POLLIN;
        if (!await(redis, events, deadline, error) || !redis_flush(redis, error) ||
            !redis_receive(redis, error) || !redis_next(redis, &reply, error))
            return false;
    }
    if (redis_reply_is_error(reply, error)) {
        redis_reply_free(reply);
        return false;
    }
    *ret_reply = reply;
    return true;
}

bool redis_reply_is_error(const struct redisReply *reply, struct error *error)
{
    if (reply->type != REDIS_REPLY_ERROR)
        return false;
    char text[160];
    size_t len = reply->len < sizeof text ? reply->len : sizeof text - 1;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(reply->str[i] >= ' ' && reply->str[i] < 0x7f ? reply->str[i] : '?');
    text[len] = '\0';
    error_set(error, "it says: %s", text);
    return true;
}

bool redis_reply_number(const struct redisReply *reply, int64_t *ret_number)
{
    if (!reply || reply->type != REDIS_REPLY_INTEGER)
        return false;
    *ret_number = reply->integer;
    return true;
}

struct bytes redis_reply_bytes(const struct redisReply *reply)
{
    if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS))
        return (struct bytes){NULL, 0};
    return (struct bytes){reply->str, reply->len};
}

size_t redis_reply_count(const struct redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const struct redisReply *redis_reply_item(const struct redisReply *reply, size_t index)
{
    return index < redis_reply_count(reply) ? reply->element[index] : NULL;
}
