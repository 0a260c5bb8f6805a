/* Opening, lending and closing. */
#include "milter/counting.h"

#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>

#include "gate/counters.h"
#include "milter/clock.h"
#include "milter/log.h"

#define STOP_MILLISECONDS 5000
#define LENT_MILLISECONDS 2000 /* of them */
#define LOOK_MILLISECONDS 10

static struct limits *limits;
static atomic_bool closed = true;
static atomic_uint lent;
static bool hangs;

static void say(const char *text)
{
    log_warning("%s", text);
}

bool counting_start(const struct settings *settings, struct error *error)
{
    struct limits_options options;
    if (!counters_prepare(settings, error) || !counters_options(settings, &options, error))
        return false;
    options.say = say;
    if (!limits_open(&options, &limits, error))
        return settings_blame(settings, "counters", settings->counters.redis ? "redis" : "file",
                              error);
    atomic_store(&closed, false);
    return true;
}

struct limits *counting_take(void)
{
    atomic_fetch_add(&lent, 1);
    if (!atomic_load(&closed))
        return limits;
    atomic_fetch_sub(&lent, 1);
    return NULL;
}

void counting_give(struct limits *taken)
{
    if (taken)
        atomic_fetch_sub(&lent, 1);
}

void counting_stop(void)
{
    if (atomic_exchange(&closed, true))
        return;
    int64_t began = clock_milliseconds();
    while (atomic_load(&lent) > 0 && clock_milliseconds() < began + LENT_MILLISECONDS)
        poll(NULL, 0, LOOK_MILLISECONDS);
    hangs = !limits_stop(limits, began + STOP_MILLISECONDS);
    if (hangs || atomic_load(&lent) > 0)
        return;
    limits_close(limits);
    limits = NULL;
}

bool counting_hangs(void)
{
    return hangs;
}
