/* The lines counted, standing, habit, new-rcpt and unknown-rcpt of a case, as facts. */
#include "tests/unit/case_counted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/unit.h"

static const struct {
    const char *word;
    size_t offset;
    bool is_time; /* how long ago; 0: never */
} habits[] = {
    {"since", offsetof(struct habit, since), true},
    {"messages", offsetof(struct habit, messages), false},
    {"networks_hour", offsetof(struct habit, networks_hour), false},
    {"networks_day", offsetof(struct habit, networks_day), false},
    {"network_since", offsetof(struct habit, network_since), true},
    {"network_hour", offsetof(struct habit, network_hour), false},
    {"client_since", offsetof(struct habit, client_since), true},
    {"clients", offsetof(struct habit, clients), false},
    {"other_client_messages", offsetof(struct habit, other_client_messages), false},
    {"hour_permille", offsetof(struct habit, hour_permille), false},
};

static void require(bool good, const struct policy_case *one, const char *line)
{
    if (good)
        return;
    printf("Bail out! line %d, %s: \"%s\" makes no sense\n", one->line, one->title, line);
    exit(1);
}

static bool find_counter(const char *word, size_t *ret_quantity, size_t *ret_window)
{
    for (int i = 0; i < QUANTITY_COUNT; i++)
        for (int j = 0; j < WINDOW_COUNT; j++) {
            char name[64];
            snprintf(name, sizeof name, "%s/%s", quantity_word((enum quantity)i),
                     window_word((enum window)j));
            if (strcmp(word, name) != 0)
                continue;
            *ret_quantity = (size_t)i;
            *ret_window = (size_t)j;
            return true;
        }
    return false;
}

/* "login messages/minute 31 frees 40" */
static bool add_counter(const char *line, struct facts_limits *limits)
{
    char subject[32], counter[64];
    int64_t count, frees = 0;
    size_t quantity, window;
    int found =
        sscanf(line, "%31s %63s %" SCNd64 " frees %" SCNd64, subject, counter, &count, &frees);
    for (int i = 0; found >= 3 && i < SUBJECT_COUNT; i++) {
        if (strcmp(subject, subject_word((enum subject_kind)i)) != 0)
            continue;
        if (!find_counter(counter, &quantity, &window))
            return false;
        limits->subjects[i].counted.counts[quantity][window] = count;
        limits->subjects[i].frees[quantity][window] = frees;
        return true;
    }
    return strcmp(line, "nothing") == 0;
}

/* "slowed until 2h because by root: phished" */
static bool set_standing(const char *line, int64_t now, struct login_standing *standing)
{
    char word[32], until[32];
    const char *because = strstr(line, "because ");
    const char *end = strstr(line, "until ");
    if (sscanf(line, "%31s", word) != 1)
        return false;
    for (int i = LOGIN_NORMAL; i <= LOGIN_FROZEN; i++)
        if (strcmp(word, login_state_word((enum login_state)i)) == 0)
            standing->state = (enum login_state)i;
    standing->since = now - 60;
    standing->cause = because ? bytes_of(because + strlen("because ")) : BYTES("by root");
    if (!end)
        return strcmp(word, login_state_word(standing->state)) == 0;
    bool past = end[strlen("until ")] == '-';
    return sscanf(end, "until %31s", until) == 1 &&
           unit_read(OPTION_DURATION, bytes_of(until + past), &standing->until) &&
           (standing->until = now + (past ? -standing->until : standing->until)) > 0;
}

/* "networks_hour 5", "since 30d" */
static bool set_habit(const char *line, int64_t now, struct habit *habit)
{
    char word[32], value[32];
    int64_t number;
    if (sscanf(line, "%31s %31s", word, value) != 2 ||
        !unit_read(OPTION_DURATION, bytes_of(value), &number))
        return false;
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        if (strcmp(word, habits[i].word) == 0) {
            if (habits[i].is_time && number)
                number = now - number;
            memcpy((char *)habit + habits[i].offset, &number, sizeof number);
            return true;
        }
    return false;
}

bool case_counted_is(const struct policy_case *one)
{
    return one->counted.count || one->habit.count || one->standing || one->new_rcpts.count ||
           one->unknown_rcpts.count;
}

void case_counted_begin(const struct policy_case *one, struct message *message)
{
    struct facts_limits *limits = &message->facts.limits;
    const char *group = settings_group(message->snapshot->settings, message->facts.login.name);
    int64_t now = message->facts.now;
    if (!case_counted_is(one))
        return;
    limits->state = FACT_KNOWN;
    if (message->facts.login.state == FACT_KNOWN) {
        limits->subjects[SUBJECT_LOGIN].name = message->facts.login.name;
        limits->subjects[SUBJECT_GROUP].name = bytes_of(group ? group : "staff");
    }
    limits->subjects[SUBJECT_DOMAIN].name = BYTES("example.com");
    limits->subjects[SUBJECT_CLIENT].name = message->facts.connection.client_address;
    limits->subjects[SUBJECT_NETWORK].name = BYTES("192.0.2.0/24");
    limits->subjects[SUBJECT_HOST].name = BYTES("host");
    limits->habit.hour_permille = 1000;
    for (size_t i = 0; i < one->counted.count; i++)
        require(add_counter(one->counted.items[i], limits), one, one->counted.items[i]);
    for (size_t i = 0; i < one->habit.count; i++)
        require(set_habit(one->habit.items[i], now, &limits->habit), one, one->habit.items[i]);
    if (one->standing)
        require(set_standing(one->standing, now, &limits->standing), one, one->standing);
}

static bool names(const struct case_values *rcpts, const char *rcpt)
{
    for (size_t i = 0; i < rcpts->count; i++)
        if (strcmp(rcpts->items[i], rcpt) == 0)
            return true;
    return false;
}

void case_counted_rcpt(const struct policy_case *one, const char *rcpt, struct message *message)
{
    struct facts_limits *limits = &message->facts.limits;
    if (!case_counted_is(one))
        return;
    limits->rcpt_is_new = names(&one->new_rcpts, rcpt);
    limits->rcpt_is_known = !limits->rcpt_is_new && !names(&one->unknown_rcpts, rcpt);
}

void case_counted_accepted(struct message *message)
{
    struct facts_limits *limits = &message->facts.limits;
    if (limits->state != FACT_KNOWN)
        return;
    limits->new_rcpts += limits->rcpt_is_new;
    limits->unknown_rcpts += !limits->rcpt_is_known;
}
