/* A small hash table of times, of a fixed size. */
#include "milter/alert_recent.h"

#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "policy/siphash.h"

#define SETS 1024
#define WAYS 4

struct seen {
    uint64_t hash;
    int64_t at; /* seconds since 1970; 0: nothing */
};

static struct {
    struct seen sets[SETS][WAYS];
    uint8_t secret[16]; /* who picks logins does not pick sets */
    bool ready;
} recent;

bool alert_recent_is_new(const char *key, int64_t seconds, int64_t now)
{
    if (!recent.ready) {
        ssize_t ignored = getrandom(recent.secret, sizeof recent.secret, 0);
        (void)ignored; /* a known secret costs an alert or two at the worst */
        recent.ready = true;
    }
    uint64_t hash = siphash(recent.secret, key, strlen(key));
    struct seen *set = recent.sets[hash % SETS];
    struct seen *oldest = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].at && set[i].hash == hash) {
            bool is_new = now < set[i].at || now - set[i].at >= seconds;
            if (is_new)
                set[i].at = now;
            return is_new;
        }
        if (set[i].at < oldest->at)
            oldest = &set[i];
    }
    *oldest = (struct seen){.hash = hash, .at = now};
    return true;
}
