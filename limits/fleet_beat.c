/* Being there: how many hosts share the limits, whether they hash alike, what time it is in Redis,
 * and whether it is the same data as before. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "limits/embedded_own.h"
#include "limits/fleet_greet.h"
#include "limits/fleet_private.h"

#define CLOCK_SLACK_MS 2000                    /* less is left as it is */
#define CLOCK_MAX_MS INT64_C(1000000000000000) /* no clock; and nothing overflows below */
#define SAID_AT_MOST 10                        /* an hour */
#define HOUR_MS 3600000
#define LEAVE_MS 200

bool fleet_beat_command(struct fleet *fleet, struct redis_command *ret_command)
{
    uint8_t random[FLEET_WORD / 2];
    char word[FLEET_WORD + 1], epoch[24], alone[24];
    *ret_command = (struct redis_command){0};
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return false;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(word + 2 * i, 3, "%02x", random[i]);
    pthread_mutex_lock(&fleet->lock);
    snprintf(epoch, sizeof epoch, "%" PRIu64, fleet->epoch);
    bool is_alone = fleet->gone_since && !fleet->usable;
    pthread_mutex_unlock(&fleet->lock);
    fleet_command_script(ret_command, &fleet->keys, FLEET_BEAT, 3);
    fleet_command_key(ret_command, &fleet->keys, "host:", bytes_of(fleet->instance));
    fleet_command_key(ret_command, &fleet->keys, "hosts", BYTES(""));
    fleet_command_key(ret_command, &fleet->keys, "born", BYTES(""));
    redis_command_text(ret_command, fleet->member);
    redis_command_text(ret_command, epoch);
    redis_command_text(ret_command, FLEET_BEAT_LIVES);
    redis_command_text(ret_command, word);
    snprintf(alone, sizeof alone, "%" PRId64, is_alone ? redis_clock() - fleet->gone_since : 0);
    redis_command_text(ret_command, alone);
    return redis_command_end(ret_command);
}

static bool read_number(struct bytes text, uint64_t *ret_number)
{
    *ret_number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char)text.data[i]) || *ret_number > UINT64_MAX / 10 - 1)
            return false;
        *ret_number = *ret_number * 10 + (uint64_t)(text.data[i] - '0');
    }
    return text.len > 0;
}

static void look_at_secrets(struct fleet *fleet, const struct redisReply *members)
{
    struct bytes own = bytes_of(fleet->member + FLEET_WORD);
    bool differ = false;
    for (size_t i = 0; i < redis_reply_count(members); i++) {
        struct bytes member = redis_reply_bytes(redis_reply_item(members, i));
        differ = differ || !bytes_equal(bytes_slice(member, FLEET_WORD, member.len), own);
    }
    if (differ && !fleet->said_secret)
        fleet_say(fleet,
                  "is used by a host with another secret: none knows the other's correspondents; "
                  "put the same counters.secret_file on all hosts and restart them");
    fleet->said_secret = differ;
}

static void look_at_clock(struct fleet *fleet, int64_t theirs)
{
    int64_t ahead = theirs - fleet_wall_clock();
    bool is_off = ahead > CLOCK_SLACK_MS || ahead < -CLOCK_SLACK_MS;
    pthread_mutex_lock(&fleet->lock);
    fleet->offset = is_off ? ahead : 0;
    pthread_mutex_unlock(&fleet->lock);
    if (is_off && !fleet->said_clock)
        fleet_say(fleet,
                  "has a clock that is %lld s %s this host's: its time is used for counting; see "
                  "that both clocks are set by NTP",
                  (long long)((ahead > 0 ? ahead : -ahead) / 1000),
                  ahead > 0 ? "ahead of" : "behind");
    fleet->said_clock = is_off;
}

static void state_keep(const struct fleet *fleet, int64_t hosts)
{
    char line[FLEET_WORD + 24];
    snprintf(line, sizeof line, "%s %" PRId64, fleet->born, hosts);
    embedded_note(fleet->own, line);
}

/* What an earlier process knew: without it a host that starts while Redis is gone would take all of
 * the limits for itself. */
void fleet_state_read(struct fleet *fleet)
{
    char line[FLEET_WORD + 24] = "";
    uint64_t hosts;
    if (!embedded_noted(fleet->own, line, sizeof line))
        return;
    struct bytes text = bytes_trim(bytes_of(line));
    if (strspn(line, "0123456789abcdef") != FLEET_WORD || line[FLEET_WORD] != ' ' ||
        !read_number(bytes_slice(text, FLEET_WORD + 1, text.len), &hosts) || hosts < 1 ||
        hosts >= 100000)
        return;
    memcpy(fleet->born, line, FLEET_WORD);
    fleet->hosts = (int64_t)hosts;
}

bool fleet_beat_read(struct fleet *fleet, const struct redisReply *reply, uint64_t *ret_last,
                     bool *ret_lost, struct error *error)
{
    uint64_t clock;
    struct bytes born = redis_reply_bytes(redis_reply_item(reply, 1));
    const struct redisReply *members = redis_reply_item(reply, 3);
    int64_t hosts = (int64_t)redis_reply_count(members);
    struct bytes denied = redis_reply_bytes(redis_reply_item(reply, 5));
    if (redis_reply_count(reply) != 6 || !denied.data || denied.len >= sizeof fleet->denied ||
        hosts < 1 || born.len != FLEET_WORD ||
        !read_number(redis_reply_bytes(redis_reply_item(reply, 0)), ret_last) ||
        !read_number(redis_reply_bytes(redis_reply_item(reply, 2)), &clock) ||
        clock > CLOCK_MAX_MS || !redis_reply_number(redis_reply_item(reply, 4), &fleet->silent))
        return error_set(error, "its answer is none to what was asked");
    *ret_lost = !bytes_equal(born, bytes_of(fleet->born));
    look_at_secrets(fleet, members);
    look_at_clock(fleet, (int64_t)clock);
    pthread_mutex_lock(&fleet->lock);
    bool changed = *ret_lost || fleet->hosts != hosts;
    fleet->hosts = hosts;
    pthread_mutex_unlock(&fleet->lock);
    memcpy(fleet->born, born.data, FLEET_WORD);
    memcpy(fleet->denied, denied.data, denied.len);
    fleet->denied[denied.len] = '\0';
    if (changed)
        state_keep(fleet, hosts);
    return true;
}

bool fleet_may_say(struct fleet_often *often)
{
    int64_t now = redis_clock();
    if (!often->since || now - often->since >= HOUR_MS)
        *often = (struct fleet_often){.since = now};
    return often->times++ < SAID_AT_MOST;
}

void fleet_say_hosts(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    int64_t hosts = fleet->hosts;
    pthread_mutex_unlock(&fleet->lock);
    if (hosts == fleet->said_hosts || !fleet_may_say(&fleet->often_hosts))
        return;
    fleet->said_hosts = hosts;
    fleet_say(fleet, "counts for the fleet \"%s\": %lld %s", fleet->name, (long long)hosts,
              hosts == 1 ? "host, this one" : "hosts");
}

void fleet_leave(struct fleet *fleet)
{
    struct redis_command command = {0};
    struct redisReply *reply = NULL;
    struct error error;
    redis_command_text(&command, "ZREM");
    fleet_command_key(&command, &fleet->keys, "hosts", BYTES(""));
    redis_command_text(&command, fleet->member);
    /* Where it fails, it is forgotten some seconds later. */
    if (redis_command_end(&command))
        (void)!fleet_call(fleet, &command, LEAVE_MS, &reply, &error);
    redis_reply_free(reply);
    redis_command_done(&command);
}
