/* Random requests. */
#include "tests/unit/limits_traffic.h"

#include <stdio.h>
#include <string.h>

#define ADDRESSES 40

static uint64_t random_state;

void traffic_seed(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15ULL | 1;
    for (int i = 0; i < 10; i++)
        chance(2);
}

unsigned chance(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

int64_t between(int64_t least, int64_t most)
{
    return least + (int64_t)chance((unsigned)(most - least + 1));
}

static void make_name(struct made *made, enum subject_kind kind, unsigned number)
{
    static const char *const forms[SUBJECT_COUNT][2] = {
        {"user", "@example.com"}, {"group", ""},        {"d", ".example"},
        {"192.0.2.", ""},         {"198.51.", ".0/24"}, {"host", ""},
    };
    char *name = made->names[kind];
    (void)snprintf(name, sizeof made->names[kind], "%s%u%s", forms[kind][0], number,
                   forms[kind][1]);
    if (kind == SUBJECT_LOGIN && chance(3) == 0)
        name[0] = 'U';
    if (kind == SUBJECT_LOGIN && number == TRAFFIC_NAMES - 1) { /* too long to stand in a key */
        memset(name + strlen(name), 'x', 290);
        name[300] = '\0';
    }
    made->request.who.names[kind] = bytes_of(name);
}

void traffic_request(const struct traffic *traffic, struct made *made, enum limits_op op)
{
    *made = (struct made){.request = {.op = op, .who.now = traffic->now}};
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        if (kind == SUBJECT_LOGIN || chance(8) > 0)
            make_name(made, (enum subject_kind)kind,
                      kind == SUBJECT_HOST ? 0 : chance(traffic->names)); /* a fleet is one host */
    (void)snprintf(made->looks, sizeof made->looks, "PLAIN TLSv1.3 mailer%u", chance(3));
    made->request.who.client_look = bytes_of(made->looks);
}

void traffic_rcpts(struct made *made, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(made->rcpts[i], sizeof made->rcpts[i], "r%u@example.net", chance(ADDRESSES));
        made->rcpt_list[i] = bytes_of(made->rcpts[i]);
    }
    made->request.rcpts = made->rcpt_list;
    made->request.rcpt_count = count;
}

void traffic_charge(const struct traffic *traffic, struct made *made)
{
    traffic_request(traffic, made, LIMITS_CHARGE);
    traffic_rcpts(made, chance(TRAFFIC_RCPTS + 1));
    int64_t *amounts = made->request.amounts;
    amounts[QUANTITY_MESSAGES] = 1;
    amounts[QUANTITY_RECIPIENTS] = between(1, chance(20) == 0 ? 200 : 5);
    amounts[QUANTITY_NEW] = between(0, amounts[QUANTITY_RECIPIENTS]);
    amounts[QUANTITY_BYTES] = between(100, 1 << 20) << chance(12);
    made->request.bound_count = chance(TRAFFIC_BOUNDS + 1);
    for (size_t i = 0; i < made->request.bound_count; i++) {
        enum quantity quantity = chance(QUANTITY_COUNT);
        int64_t max = between(chance(10) == 0 ? 0 : 1, traffic->max_most);
        made->bounds[i] = (struct limits_bound){
            chance(SUBJECT_COUNT),
            {quantity == QUANTITY_BYTES ? max << 24 : max, quantity, chance(WINDOW_COUNT)},
        };
    }
    made->request.bounds = made->bounds;
}
