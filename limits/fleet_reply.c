/* Redis's replies as answers: numbers as doubles in a row, then the standing's cause. */
#include <math.h>
#include <string.h>

#include "limits/fleet_command.h"

#define STANDING_NUMBERS 3
#define HABIT_NUMBERS 10
#define SUBJECTS_AT ((size_t)2 + STANDING_NUMBERS + HABIT_NUMBERS)

static int64_t number(struct bytes packed, size_t at)
{
    uint64_t bits = 0;
    double value;
    for (size_t i = 0; i < 8; i++)
        bits |= (uint64_t)(uint8_t)packed.data[at * 8 + i] << (8 * i);
    memcpy(&value, &bits, sizeof value);
    /* No garbage in, no undefined conversion out. */
    return isfinite(value) && value > -9e15 && value < 9e15 ? (int64_t)value : 0;
}

bool fleet_reply_fits(const struct redisReply *reply, enum limits_op op, size_t subjects)
{
    int64_t one;
    if (op == LIMITS_REFUSED)
        return redis_reply_number(reply, &one);
    size_t numbers =
        op == LIMITS_KNOWN ? 1 + STANDING_NUMBERS : SUBJECTS_AT + subjects * FLEET_SUBJECT_NUMBERS;
    return redis_reply_count(reply) == 2 &&
           redis_reply_bytes(redis_reply_item(reply, 0)).len == numbers * 8;
}

void fleet_reply_subject(struct bytes packed, size_t at, struct counted_subject *subject)
{
    for (size_t q = 0; q < QUANTITY_COUNT; q++)
        for (size_t w = 0; w < WINDOW_COUNT; w++, at++) {
            subject->counted.counts[q][w] = number(packed, at);
            subject->frees[q][w] = number(packed, at + FLEET_SUBJECT_NUMBERS / 2);
        }
}

static void read_standing(struct bytes packed, size_t at, struct bytes cause,
                          struct limits_answer *answer)
{
    int64_t state = number(packed, at);
    size_t len = cause.len < LIMITS_CAUSE_MAX ? cause.len : LIMITS_CAUSE_MAX;
    if (state != LOGIN_SLOWED && state != LOGIN_FROZEN &&
        (state != LOGIN_NORMAL || !number(packed, at + 2)))
        return;
    if (len)
        memcpy(answer->cause, cause.data, len);
    answer->cause[len] = '\0';
    answer->standing = (struct login_standing){
        .state = (enum login_state)state,
        .since = number(packed, at + 1),
        .until = number(packed, at + 2),
        .cause = {answer->cause, len},
    };
}

static void read_habit(struct bytes packed, size_t at, struct habit *habit)
{
    *habit = (struct habit){
        .since = number(packed, at),
        .messages = number(packed, at + 1),
        .networks_hour = number(packed, at + 2),
        .networks_day = number(packed, at + 3),
        .network_since = number(packed, at + 4),
        .network_hour = number(packed, at + 5),
        .client_since = number(packed, at + 6),
        .clients = number(packed, at + 7),
        .other_client_messages = number(packed, at + 8),
        .hour_permille = number(packed, at + 9),
    };
}

/* bound: from 1, among those whose subject has a name. */
static const struct limits_bound *bound_at(const struct limits_request *request, int64_t bound)
{
    for (size_t i = 0; i < request->bound_count; i++)
        if (request->who.names[request->bounds[i].subject].len && --bound == 0)
            return &request->bounds[i];
    return NULL;
}

void fleet_reply_read(const struct redisReply *reply, struct limits_request *request,
                      int64_t *ret_normal_since)
{
    struct limits_answer *answer = &request->answer;
    *answer = (struct limits_answer){.answered = true};
    if (ret_normal_since)
        *ret_normal_since = 0;
    if (request->op == LIMITS_REFUSED)
        return;
    struct bytes packed = redis_reply_bytes(redis_reply_item(reply, 0));
    struct bytes cause = redis_reply_bytes(redis_reply_item(reply, 1));
    size_t standing_at = request->op == LIMITS_KNOWN ? 1 : 2;
    if (ret_normal_since && number(packed, standing_at) == LOGIN_NORMAL)
        *ret_normal_since = number(packed, standing_at + 1);
    if (request->op == LIMITS_KNOWN) {
        answer->rcpt_since = number(packed, 0);
        read_standing(packed, standing_at, cause, answer);
        return;
    }
    answer->admitted = number(packed, 0) == 1;
    const struct limits_bound *passed =
        answer->admitted ? NULL : bound_at(request, number(packed, 1));
    if (passed)
        answer->passed = *passed;
    read_standing(packed, standing_at, cause, answer);
    read_habit(packed, 2 + STANDING_NUMBERS, &answer->habit);
    size_t at = SUBJECTS_AT;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        answer->subjects[kind].name = request->who.names[kind];
        if (!request->who.names[kind].len)
            continue;
        fleet_reply_subject(packed, at, &answer->subjects[kind]);
        at += FLEET_SUBJECT_NUMBERS;
    }
}
