/* A store of one's own for the tests of limits/. */
#include "tests/unit/limits_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char base[] = "/tmp/submilter-limits.XXXXXX";
char limits_folder[100];
char limits_said[4096];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void say(const char *text)
{
    pthread_mutex_lock(&lock);
    size_t len = strlen(limits_said);
    snprintf(limits_said + len, sizeof limits_said - len, "%s\n", text);
    pthread_mutex_unlock(&lock);
}

bool limits_fixture_said(const char *text)
{
    pthread_mutex_lock(&lock);
    bool said = strstr(limits_said, text);
    pthread_mutex_unlock(&lock);
    return said;
}

int limits_fixture_clear(void **state)
{
    (void)state;
    DIR *folder = opendir(limits_folder);
    const struct dirent *file;
    char path[400];
    limits_said[0] = '\0';
    while (folder && (file = readdir(folder))) {
        snprintf(path, sizeof path, "%s/%s", limits_folder, file->d_name);
        unlink(path);
    }
    if (folder)
        closedir(folder);
    rmdir(limits_folder);
    return 0;
}

int limits_fixture_init(void **state)
{
    (void)state;
    if (!mkdtemp(base))
        return -1;
    snprintf(limits_folder, sizeof limits_folder, "%s/limits", base);
    return 0;
}

int limits_fixture_done(void **state)
{
    limits_fixture_clear(state);
    return rmdir(base);
}

struct limits_options limits_fixture_options(const char *file)
{
    return (struct limits_options){
        .file = file,
        .max_size = INT64_C(1) << 28,
        .fleet = "submilter",
        .remember = INT64_C(400) * 86400,
        .known_after = 86400,
        .network_bits_ipv4 = 24,
        .network_bits_ipv6 = 56,
        .secret = {1, 2, 3, 4},
        .say = say,
    };
}

struct limits *limits_fixture_open(const char *file)
{
    struct limits_options options = limits_fixture_options(file);
    struct limits *limits;
    struct error error;
    if (!limits_open(&options, &limits, &error))
        fail_msg("%s", error.text);
    return limits;
}

struct limits_request limits_fixture_request(enum limits_op op, int64_t now)
{
    struct limits_request request = {.op = op, .who.now = now};
    request.who.names[SUBJECT_LOGIN] = BYTES("alice");
    request.who.names[SUBJECT_GROUP] = BYTES("sales");
    request.who.names[SUBJECT_DOMAIN] = BYTES("example.com");
    request.who.names[SUBJECT_CLIENT] = BYTES("192.0.2.7");
    request.who.names[SUBJECT_NETWORK] = BYTES("192.0.2.0/24");
    request.who.names[SUBJECT_HOST] = BYTES("host");
    request.who.client_look = BYTES("PLAIN TLSv1.3 Thunderbird");
    if (op == LIMITS_CHARGE) {
        request.amounts[QUANTITY_MESSAGES] = 1;
        request.amounts[QUANTITY_RECIPIENTS] = 1;
        request.amounts[QUANTITY_BYTES] = 1000;
    }
    if (op == LIMITS_REFUSED)
        request.amounts[QUANTITY_REFUSALS] = 1;
    return request;
}

void limits_fixture_do(struct limits *limits, struct limits_request *request)
{
    limits_submit(limits, request);
    limits_collect(limits, request);
    assert_true(request->answer.answered);
}

bool limits_fixture_charge(struct limits *limits, const char *login, int64_t now,
                           int64_t recipients, const struct limits_bound *bound)
{
    struct limits_request request = {.op = LIMITS_CHARGE, .who.now = now};
    request.who.names[SUBJECT_LOGIN] = bytes_of(login);
    request.amounts[QUANTITY_MESSAGES] = 1;
    request.amounts[QUANTITY_RECIPIENTS] = recipients;
    request.bounds = bound;
    request.bound_count = bound ? 1 : 0;
    limits_fixture_do(limits, &request);
    return request.answer.admitted;
}

static struct limits_request look(const char *login, int64_t now)
{
    struct limits_request request = {.op = LIMITS_LOOK, .who.now = now};
    request.who.names[SUBJECT_LOGIN] = bytes_of(login);
    return request;
}

int64_t limits_fixture_count(struct limits *limits, const char *login, int64_t now,
                             enum quantity quantity, enum window window)
{
    struct limits_request request = look(login, now);
    limits_fixture_do(limits, &request);
    return request.answer.subjects[SUBJECT_LOGIN].counted.counts[quantity][window];
}

int64_t limits_fixture_since(struct limits *limits, const char *login, const char *rcpt,
                             int64_t now)
{
    struct limits_request request = look(login, now);
    struct bytes address = bytes_of(rcpt);
    request.op = LIMITS_KNOWN;
    request.rcpts = &address;
    request.rcpt_count = 1;
    limits_fixture_do(limits, &request);
    return request.answer.rcpt_since;
}

enum login_state limits_fixture_state(struct limits *limits, const char *login, int64_t now)
{
    struct limits_request request = look(login, now);
    limits_fixture_do(limits, &request);
    return request.answer.standing.state;
}
