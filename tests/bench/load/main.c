/* milter_load: a client that plays Postfix to a milter, as fast as it goes. Options: --help. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/load/workers.h"

static int complain(const struct error *error)
{
    fprintf(stderr, "milter_load: %s\n", error->text);
    return 1;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Opens the sessions that stay, tells when they are there, and waits for a word. */
static bool hold(const struct content *content, struct session *held, struct error *error)
{
    const struct options *options = content->options;
    for (unsigned i = 0; i < options->hold; i++) {
        char login[256];
        workers_login(options, i, login, sizeof login);
        if (!session_open(&held[i], options->milter, login, error) ||
            !message_begin(&held[i], content, options->hold_at, error))
            return error_prefix(error, "held session %u: ", i + 1);
    }
    if (!options->hold)
        return true;
    printf("held %u\n", options->hold);
    fflush(stdout);
    for (int letter = 0; letter != '\n' && letter != EOF;)
        letter = getchar();
    return true;
}

static void print_result(const struct workers_result *result)
{
    const struct latency *latency = &result->latency;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double seconds = (double)result->took_us / 1e6;
    double own = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    double count = latency->count ? (double)latency->count : 1;
    printf("{\"messages\":%zu,\"sessions\":%u,\"seconds\":%.6f,\"per_second\":%.1f,"
           "\"p50_us\":%u,\"p99_us\":%u,\"p999_us\":%u,\"max_us\":%u,\"client_cpu_us\":%.1f}\n",
           latency->count, result->sessions, seconds, (double)latency->count / seconds,
           latency_percentile(latency, 50), latency_percentile(latency, 99),
           latency_percentile(latency, 99.9), latency_percentile(latency, 100), own / count);
}

int main(int argc, char **argv)
{
    struct options options;
    struct content content;
    struct workers_result result = {0};
    struct error error;
    options_read(&options, argc, argv);
    raise_descriptor_limit();
    struct session *held = calloc(options.hold + 1, sizeof *held);
    for (unsigned i = 0; held && i < options.hold; i++)
        held[i].wire.fd = -1;
    bool good = held && content_init(&content, &options, &error) && hold(&content, held, &error) &&
                workers_run(&content, &result, &error);
    if (good)
        print_result(&result);
    for (unsigned i = 0; held && i < options.hold; i++)
        session_close(&held[i], false);
    free(held);
    latency_done(&result.latency);
    if (good)
        content_done(&content);
    return good && fflush(stdout) == 0 ? 0 : complain(&error);
}
