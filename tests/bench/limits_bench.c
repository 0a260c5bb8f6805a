/* What counting costs: a message is LOOK, KNOWN and CHARGE, as gate/ asks them for one recipient.
 *
 *   limits_bench [LOGINS] [REDIS-LOGINS]     1,000,000 in a file, 100,000 in a Redis of its own.
 *                                            `make bench` runs it */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/limits_places.h"

#define THREADS 8
#define HOT 10000 /* logins that send again and again */

struct task {
    struct place *place;
    size_t host;
    size_t from, logins, messages;
    uint64_t random; /* 0: one login after the other */
    double *times;   /* us of each message */
    size_t degraded, refused;
    pthread_t thread;
};

static double now_by(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t resident(void)
{
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    char *second = got > 0 ? strchr(text, ' ') : NULL;
    return second ? strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

struct sender {
    char login[48], group[16], domain[32], client[24], network[24], rcpt[48];
};

static void sender_fill(struct sender *sender, size_t login, uint64_t number)
{
    (void)snprintf(sender->login, sizeof sender->login, "user%07zu@customer%zu.example", login,
                   login % 1000);
    (void)snprintf(sender->group, sizeof sender->group, "group%zu", login % 100);
    (void)snprintf(sender->domain, sizeof sender->domain, "customer%zu.example", login % 1000);
    (void)snprintf(sender->client, sizeof sender->client, "10.%zu.%zu.%zu", login / 65536 % 256,
                   login / 256 % 256, login % 256);
    (void)snprintf(sender->network, sizeof sender->network, "10.%zu.%zu.0/24", login / 65536 % 256,
                   login / 256 % 256);
    (void)snprintf(sender->rcpt, sizeof sender->rcpt, "friend%u@example.net",
                   (unsigned)(number % 8));
}

static struct limits_who who(const struct sender *sender)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct limits_who){
        .names = {bytes_of(sender->login), bytes_of(sender->group), bytes_of(sender->domain),
                  bytes_of(sender->client), bytes_of(sender->network), BYTES("host")},
        .client_look = BYTES("PLAIN TLSv1.3 TLS_AES_256_GCM_SHA384 Thunderbird"),
        .now = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
    };
}

static void one_message(struct task *task, size_t login, uint64_t number)
{
    static const struct limits_bound bounds[] = {
        {SUBJECT_LOGIN, {1000000, QUANTITY_MESSAGES, WINDOW_MINUTE}},
        {SUBJECT_LOGIN, {10000000, QUANTITY_RECIPIENTS, WINDOW_HOUR}},
        {SUBJECT_LOGIN, {10000000, QUANTITY_RECIPIENTS, WINDOW_DAY}},
    };
    struct sender sender;
    sender_fill(&sender, login, number);
    const struct limits_who by = who(&sender);
    const struct bytes rcpt = bytes_of(sender.rcpt);
    struct limits_request look = {.op = LIMITS_LOOK, .who = by};
    struct limits_request known = {.op = LIMITS_KNOWN, .who = by, .rcpts = &rcpt, .rcpt_count = 1};
    struct limits_request charge = {.op = LIMITS_CHARGE,
                                    .who = by,
                                    .amounts = {1, 1, 0, 20000, 0},
                                    .bounds = bounds,
                                    .bound_count = sizeof bounds / sizeof *bounds,
                                    .rcpts = &rcpt,
                                    .rcpt_count = 1};
    place_ask(task->place, task->host, &look);
    place_ask(task->place, task->host, &known);
    place_ask(task->place, task->host, &charge);
    task->degraded += charge.answer.degraded || look.answer.degraded;
    task->refused += !charge.answer.admitted;
}

static void *work(void *context)
{
    struct task *task = context;
    for (size_t i = 0; i < task->messages; i++) {
        size_t login = i % task->logins;
        if (task->random) {
            task->random = task->random * 6364136223846793005ULL + 1442695040888963407ULL;
            login = (size_t)(task->random >> 33) % task->logins;
        }
        double began = now_by(CLOCK_MONOTONIC);
        one_message(task, task->from + login, i);
        task->times[i] = (now_by(CLOCK_MONOTONIC) - began) * 1e6;
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return (one > other) - (one < other);
}

static void say(const char *what, double *times, size_t count, double seconds)
{
    qsort(times, count, sizeof *times, by_size);
    printf("%-44s %9.0f/s  p50 %7.1f  p99 %7.1f  p99.9 %8.1f  most %9.1f us\n", what,
           (double)count / seconds, times[count / 2], times[count * 99 / 100],
           times[count * 999 / 1000], times[count - 1]);
}

/* The same by one thread or several, spread over the place's hosts. */
static void measure(const char *what, const struct task *like, size_t threads)
{
    struct task tasks[THREADS];
    double *times = calloc(like->messages * threads, sizeof *times);
    double began = now_by(CLOCK_MONOTONIC);
    for (size_t i = 0; i < threads; i++) {
        tasks[i] = *like;
        tasks[i].times = times + i * like->messages;
        tasks[i].host = i % like->place->host_count;
        tasks[i].random = like->random ? like->random + i : 0;
        if (pthread_create(&tasks[i].thread, NULL, work, &tasks[i]) != 0)
            abort();
    }
    size_t degraded = 0;
    size_t refused = 0;
    for (size_t i = 0; i < threads; i++) {
        pthread_join(tasks[i].thread, NULL);
        degraded += tasks[i].degraded;
        refused += tasks[i].refused;
    }
    say(what, times, like->messages * threads, now_by(CLOCK_MONOTONIC) - began);
    if (degraded + refused > 0)
        printf("    %zu of them degraded, %zu refused\n%s", degraded, refused, place_said());
    free(times);
}

static void say_file(const struct place *place, size_t logins)
{
    char folder[128];
    char path[160];
    struct stat status;
    place_file(place, 0, folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/data.mdb", folder);
    if (stat(path, &status) != 0 && stat(folder, &status) != 0)
        return;
    printf("    file: %lld MB, %lld bytes a login\n", (long long)status.st_blocks * 512 / 1000000,
           (long long)status.st_blocks * 512 / (long long)logins);
}

/* Pages of the file leave the system's memory, as after a start of the machine. */
static void forget_pages(const struct place *place)
{
    char folder[128];
    char path[160];
    place_file(place, 0, folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/data.mdb", folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

/* As if whoever had it open had been killed: it is looked through wholly. */
static void forget_closing(const struct place *place)
{
    char folder[128];
    char path[160];
    place_file(place, 0, folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/closed", folder);
    if (unlink(path) != 0)
        perror(path);
}

static void measure_opening(struct place *place, const char *what)
{
    double began = now_by(CLOCK_MONOTONIC);
    place_open_again(place);
    printf("opening %s: %.3f s\n", what, now_by(CLOCK_MONOTONIC) - began);
}

static void bench_file(size_t logins)
{
    struct place place;
    size_t before = resident();
    place_open(&place, PLACE_FILE, 1);
    struct task all = {.place = &place, .logins = logins, .messages = logins};
    struct task warm = {.place = &place, .logins = HOT, .messages = logins / 4, .random = 1};
    struct task cold = {.place = &place, .logins = logins, .messages = HOT, .random = 2};
    printf("embedded, %zu logins, one thread\n", logins);
    measure("a first message of every login", &all, 1);
    printf("    resident: %zu MB, %zu bytes a login\n", (resident() - before) / 1000000,
           (resident() - before) / logins);
    measure("warm: 10,000 logins, again and again", &warm, 1);
    measure("warm, 8 threads", &warm, THREADS);
    double began = now_by(CLOCK_MONOTONIC);
    place_close(&place);
    printf("closing: %.2f s\n", now_by(CLOCK_MONOTONIC) - began);
    say_file(&place, logins);
    forget_closing(&place);
    measure_opening(&place, "after a kill");
    place_close(&place);
    forget_closing(&place);
    forget_pages(&place);
    measure_opening(&place, "after the machine stopped, from the disk");
    place_close(&place);
    forget_pages(&place);
    before = resident();
    measure_opening(&place, "after it was closed, from the disk");
    measure("cold: logins not yet in memory, nor the file", &cold, 1);
    measure("a message of every login, from the file", &all, 1);
    printf("    resident: %zu MB (the file's mapped pages among them)\n",
           (resident() - before) / 1000000);
    place_close(&place);
    say_file(&place, logins);
}

/* A machine that is busy with something else loses its Redis for a moment; what is measured then is
 * the embedded store. */
static void wait_for_redis(struct place *place)
{
    for (size_t host = 0; host < place->host_count; host++) {
        struct limits_request look;
        do {
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
            struct sender sender;
            sender_fill(&sender, 0, 0);
            look = (struct limits_request){.op = LIMITS_LOOK, .who = who(&sender)};
            place_ask(place, host, &look);
        } while (look.answer.degraded);
    }
}

static void bench_redis(size_t logins)
{
    char info[8192];
    struct place place;
    if (!place_is_there(PLACE_FLEET)) {
        printf("there is no redis-server here\n");
        return;
    }
    printf("Redis on a unix socket, %zu logins\n", logins);
    place_open(&place, PLACE_FLEET, 3);
    struct task all = {.place = &place, .logins = logins, .messages = logins};
    struct task warm = {.place = &place, .logins = HOT, .messages = logins / 8, .random = 1};
    wait_for_redis(&place);
    measure("a first message of every login, one thread", &all, 1);
    place_redis("INFO memory", info, sizeof info);
    const char *used = strstr(info, "used_memory:");
    long bytes = used ? strtol(used + strlen("used_memory:"), NULL, 10) : 0;
    printf("    Redis: %ld MB, %ld bytes a login\n", bytes / 1000000, bytes / (long)logins);
    wait_for_redis(&place);
    measure("warm: 10,000 logins, one thread", &warm, 1);
    wait_for_redis(&place);
    measure("warm, 8 threads on 3 hosts", &warm, THREADS);
    place_close(&place);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    bench_file(argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000);
    bench_redis(argc > 2 ? strtoul(argv[2], NULL, 10) : 100000);
    places_end();
    return 0;
}
