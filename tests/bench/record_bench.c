/* What a record costs: to write it, to read it back, to judge it again.
 *
 *   record_bench [COUNT]     of each, on one thread; at last ten times as many by two threads, as
 *                            `submilterctl replay` does it. `make bench` runs it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/replay/workers.h"
#include "gate/record.h"
#include "gate/replay.h"
#include "tests/unit/case_judge.h"

#define SENTENCE                                                                                   \
    "Received: from laptop.example.net (laptop.example.net [192.0.2.7])\r\n"                       \
    "\tby mail.example.com (Postfix) with ESMTPSA id 4XyZ7D1mBnz9sQ\r\n"                           \
    "\tfor <bob@example.net>; Sat, 21 Nov 2026 10:00:00 +0000 (UTC)\r\n"

static char text[] = SENTENCE "Message-ID: <20261121.1@example.com>\r\n"
                              "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
                              "MIME-Version: 1.0\r\n"
                              "User-Agent: Mozilla Thunderbird\r\n"
                              "Subject: lunch\r\n"
                              "From: Alice Example <alice@example.com>\r\n"
                              "To: Bob <bob@example.net>, Carol <carol@example.org>\r\n"
                              "Cc: Dave <dave@example.net>\r\n"
                              "References: <1@example.com> <2@example.com>\r\n"
                              "In-Reply-To: <2@example.com>\r\n"
                              "Content-Language: en-US\r\n"
                              "Content-Type: text/plain; charset=UTF-8; format=flowed\r\n"
                              "Content-Transfer-Encoding: 7bit\r\n"
                              "\r\n"
                              "Shall we?\r\n";

static double now_by(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double now(void)
{
    return now_by(CLOCK_THREAD_CPUTIME_ID);
}

static void say(const char *what, double seconds, size_t count)
{
    printf("%-24s %7.2f us\n", what, seconds * 1e6 / (double)count);
}

static void write_one(const struct message *message, struct json *json)
{
    const struct record_context context = {.now = message->began, .queue_id = BYTES("4XyZ7D1mB")};
    json_init(json);
    record_write_json(message, &context, json);
}

static void write_many(const struct message *message, size_t count)
{
    double began = now();
    for (size_t i = 0; i < count; i++) {
        struct json json;
        write_one(message, &json);
        json_done(&json);
    }
    say("writing a record", now() - began, count);
}

static void read_many(const struct json *json, size_t count)
{
    double began = now();
    for (size_t i = 0; i < count; i++) {
        struct recorded *recorded;
        struct error error;
        if (!recorded_new((struct bytes){json->data, json->len}, &recorded, &error))
            abort();
        recorded_free(recorded);
    }
    say("reading it back", now() - began, count);
}

static void judge_many(struct snapshot *snapshot, const struct json *json, size_t count)
{
    struct recorded *recorded;
    struct error error;
    if (!recorded_new((struct bytes){json->data, json->len}, &recorded, &error))
        abort();
    double began = now();
    for (size_t i = 0; i < count; i++) {
        struct replayed replayed;
        if (!replay_judge(snapshot, recorded, &replayed, &error) || replayed.differs)
            abort();
        replay_done(&replayed);
    }
    say("judging it again", now() - began, count);
    recorded_free(recorded);
}

static void judge_by_workers(struct snapshot *snapshot, const struct json *json, size_t count)
{
    const struct workers_options options = {.threads = 2, .sample_max = 5};
    struct differences differences;
    struct workers *workers;
    struct error error;
    double began = now_by(CLOCK_MONOTONIC);
    double worked = now_by(CLOCK_PROCESS_CPUTIME_ID);
    if (!differences_init(&differences, options.sample_max, &error) ||
        !workers_start(snapshot, &options, &workers, &error))
        abort();
    for (size_t i = 0; i < count; i++)
        if (!workers_give(workers, "bench", i, (struct bytes){json->data, json->len}))
            abort();
    if (!workers_end(workers, &differences, &error) || differences.judged != count)
        abort();
    printf("%zu records by two threads: %.1f s, of processors %.1f s\n", count,
           now_by(CLOCK_MONOTONIC) - began, now_by(CLOCK_PROCESS_CPUTIME_ID) - worked);
    differences_done(&differences);
}

/* A busy login's day: every subject and quantity but refusals. */
static void count_all(struct facts_limits *limits)
{
    static const int64_t counts[QUANTITY_COUNT][WINDOW_COUNT] = {
        {2, 14, 92}, {4, 31, 240}, {0, 3, 17}, {48211, 1730455, 28441091}, {0, 0, 0}};
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        memcpy(limits->subjects[i].counted.counts, counts, sizeof counts);
    limits->habit = (struct habit){.since = 1760000000,
                                   .messages = 4711,
                                   .networks_hour = 1,
                                   .networks_day = 3,
                                   .network_since = 1761000000,
                                   .network_hour = 14,
                                   .client_since = 1762000000,
                                   .clients = 2,
                                   .other_client_messages = 1200,
                                   .hour_permille = 140};
}

int main(int argc, char **argv)
{
    char nothing[] = "nothing";
    struct policy_case one = {.message = text, .message_len = sizeof text - 1};
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!case_begin())
        return 1;
    struct snapshot *snapshot = case_snapshot(&one);
    for (int i = 0; snapshot && i < 3; i++) {
        struct json json;
        int capture = i == 1;
        snapshot->settings->log.capture = capture;
        if (i == 2)
            one.counted = (struct case_values){{nothing}, 1};
        struct message *message = case_judge(&one, snapshot);
        if (i == 2)
            count_all(message->limits_asked);
        write_one(message, &json);
        printf("capture = %s%s: %zu bytes\n", capture ? "headers" : "none",
               i == 2 ? ", counted" : "", json.len);
        write_many(message, count);
        read_many(&json, count);
        judge_many(snapshot, &json, count);
        judge_by_workers(snapshot, &json, 10 * count);
        json_done(&json);
        message_free(message);
    }
    case_end();
    return 0;
}
