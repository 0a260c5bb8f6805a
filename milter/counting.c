/* Opening, lending and closing. */
#include "milter/counting.h"

#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>

#include "gate/counters.h"
#include "milter/log.h"

#define STOP_MILLISECONDS 5000
#define LOOK_MILLISECONDS 10

static struct limits *limits;
static atomic_bool closed = true;
static atomic_uint lent;

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
    for (int waited = 0; atomic_load(&lent) > 0 && waited < STOP_MILLISECONDS;
         waited += LOOK_MILLISECONDS)
        poll(NULL, 0, LOOK_MILLISECONDS);
    if (atomic_load(&lent) > 0) {
        struct error error;
        /* What was counted until now is kept all the same; without a file there is nothing to. */
        (void)!limits_settle(limits, &error);
        return;
    }
    limits_close(limits);
    limits = NULL;
}
