/* What the policy costs: one message judged again and again by the gate that the daemon uses,
 * without signing.
 *
 *   policy_bench FILE COUNT [record]     record: and its record and its line written each time
 *
 * Prints a line of JSON. Run twice by callgrind, the difference between two counts is what a
 * message takes: a figure that a busy machine does not move. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gate/record.h"
#include "tests/unit/case_judge.h"

static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool read_message(const char *path, struct policy_case *one)
{
    FILE *out = open_memstream(&one->message, &one->message_len);
    FILE *in = fopen(path, "rb");
    char part[4096];
    for (size_t got; in && (got = fread(part, 1, sizeof part, in));)
        fwrite(part, 1, got, out);
    fclose(out);
    if (!in)
        return false;
    fclose(in);
    return true;
}

static void write_record(const struct message *message)
{
    const struct record_context context = {.now = message->began, .queue_id = BYTES("4XyZ7D1mB")};
    struct json json;
    char line[2048];
    record_write_line(message, &context, line, sizeof line);
    json_init(&json);
    record_write_json(message, &context, &json);
    json_done(&json);
}

static const char *word_of(enum action action)
{
    static const char *const words[] = {[ACTION_ACCEPT] = "accept",
                                        [ACTION_FIX] = "fix",
                                        [ACTION_QUARANTINE] = "quarantine",
                                        [ACTION_TEMPFAIL] = "tempfail",
                                        [ACTION_REJECT] = "reject"};
    return words[action];
}

/* "... [rule.reason ID]" */
static void copy_reason(const char *text, char *ret_reason, size_t room)
{
    const char *bracket = strrchr(text, '[');
    if (bracket)
        snprintf(ret_reason, room, "%.*s", (int)strcspn(bracket + 1, " ]"), bracket + 1);
}

int main(int argc, char **argv)
{
    char unsigned_one[] = "dkim.mode = \"off\"";
    struct policy_case one = {.sets = {{unsigned_one}, 1}};
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    bool records = argc > 3 && strcmp(argv[3], "record") == 0;
    if (!count || !read_message(argv[1], &one)) {
        fprintf(stderr, "usage: policy_bench FILE COUNT [record]\n");
        return 64;
    }
    struct snapshot *snapshot = case_begin() ? case_snapshot(&one) : NULL;
    if (!snapshot)
        return 1;
    enum action action = ACTION_ACCEPT;
    char reason[200] = "";
    double began = cpu_seconds();
    for (size_t i = 0; i < count; i++) {
        struct message *message = case_judge(&one, snapshot);
        action = message->outcome.action;
        if (records)
            write_record(message);
        if (i == 0 && action >= ACTION_TEMPFAIL)
            copy_reason(message->outcome.reply.text, reason, sizeof reason);
        message_free(message);
    }
    printf("{\"action\":\"%s\",\"reason\":\"%s\",\"bytes\":%zu,\"us\":%.2f}\n", word_of(action),
           reason, one.message_len, (cpu_seconds() - began) * 1e6 / (double)count);
    case_end();
    free(one.message);
    return 0;
}
