/* Beginning and ending: the thread, and who this host is. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "limits/fleet_private.h"
#include "limits/until.h"
#include "policy/siphash.h"

#define OPEN_PATIENCE_MS 1000

static bool name_self(struct fleet *fleet, const uint8_t secret[32])
{
    uint8_t random[FLEET_WORD / 2];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return false;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(fleet->instance + 2 * i, 3, "%02x", random[i]);
    static const char what[] = "submilter fleet";
    snprintf(fleet->member, sizeof fleet->member, "%s:%016llx", fleet->instance,
             (unsigned long long)(siphash(secret, what, sizeof what) ^
                                  siphash(secret + 16, what, sizeof what)));
    return true;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static bool fill(struct fleet *fleet, const struct limits_options *options, struct error *error)
{
    fleet->say = options->say;
    fleet->hosts = 1;
    fleet->address = copy(options->redis);
    fleet->password_file = copy(options->redis_password_file);
    fleet->name = copy(options->fleet ? options->fleet : "submilter");
    if (!fleet->address || !fleet->name || (options->redis_password_file && !fleet->password_file))
        return error_set(error, "out of memory");
    if (!name_self(fleet, options->secret))
        return error_set(error, "getrandom: %s", strerror(errno));
    fleet->keys = (struct fleet_keys){
        .fleet = fleet->name,
        .instance = fleet->instance,
        .names = fleet->own,
        .remember = options->remember,
        .shas = &fleet->shas,
    };
    memcpy(fleet->keys.secret, options->secret, sizeof fleet->keys.secret);
    fleet->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fleet->wake < 0)
        return error_set(error, "eventfd: %s", strerror(errno));
    fleet_state_read(fleet);
    return true;
}

static bool start(struct fleet *fleet, struct error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&fleet->thread, NULL, fleet_run, fleet);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? error_set(error, "a thread: %s", strerror(failed)) : true;
}

static void free_fleet(struct fleet *fleet)
{
    struct fleet_work *work;
    while ((work = fleet_line_take(&fleet->line)) != NULL)
        fleet_work_free(work);
    while ((work = fleet_line_take(&fleet->unsettled)) != NULL)
        fleet_work_free(work);
    while (fleet->doubts) {
        struct fleet_doubt *doubt = fleet->doubts;
        fleet->doubts = doubt->next;
        free(doubt);
    }
    while (fleet->raises) {
        struct fleet_raise *raise = fleet->raises;
        fleet->raises = raise->next;
        free(raise);
    }
    if (fleet->wake >= 0)
        close(fleet->wake);
    pthread_cond_destroy(&fleet->tried);
    pthread_mutex_destroy(&fleet->lock);
    free(fleet->address);
    free(fleet->password_file);
    free(fleet->name);
    free(fleet);
}

bool fleet_open(const struct limits_options *options, struct embedded *own,
                struct fleet **ret_fleet, struct error *error)
{
    *ret_fleet = NULL;
    if (!redis_address_check(options->redis, error))
        return error_prefix(error, "counters.redis: ");
    struct fleet *fleet = calloc(1, sizeof *fleet);
    pthread_condattr_t monotonic;
    if (!fleet)
        return error_set(error, "out of memory");
    fleet->own = own;
    fleet->wake = -1;
    fleet_line_init(&fleet->line);
    fleet_line_init(&fleet->flying);
    fleet_line_init(&fleet->unsettled);
    pthread_mutex_init(&fleet->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&fleet->tried, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!fill(fleet, options, error) || !start(fleet, error)) {
        free_fleet(fleet);
        return false;
    }
    struct timespec until = fleet_time_of(redis_clock() + OPEN_PATIENCE_MS);
    pthread_mutex_lock(&fleet->lock);
    while (!fleet->has_tried)
        if (pthread_cond_timedwait(&fleet->tried, &fleet->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&fleet->lock);
    *ret_fleet = fleet;
    return true;
}

bool fleet_stop(struct fleet *fleet, int64_t by)
{
    const uint64_t one = 1;
    if (fleet->has_joined)
        return true;
    pthread_mutex_lock(&fleet->lock);
    fleet->stop = true;
    while (write(fleet->wake, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    while (!fleet->has_ended && until_wait(&fleet->tried, &fleet->lock, by))
        continue;
    bool has_ended = fleet->has_ended;
    pthread_mutex_unlock(&fleet->lock);
    if (!has_ended) {
        fleet_say(fleet, "does not know what was counted last: its thread is held up");
        return false;
    }
    pthread_join(fleet->thread, NULL);
    fleet->has_joined = true;
    return true;
}

void fleet_close(struct fleet *fleet)
{
    if (fleet && fleet_stop(fleet, LIMITS_FOREVER))
        free_fleet(fleet);
}
