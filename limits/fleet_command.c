/* Requests as commands. */
#include "limits/fleet_command.h"

#include <stdio.h>
#include <string.h>

#include "policy/siphash.h"

#define DAY 86400

static struct bytes name_of(const struct fleet_keys *keys, const struct limits_who *who,
                            enum subject_kind kind, char buffer[LIMITS_NAME_MAX])
{
    if (!who->names[kind].len)
        return who->names[kind];
    return embedded_name(keys->names, kind, who->names[kind], buffer);
}

void fleet_command_key(struct redis_command *command, const struct fleet_keys *keys,
                       const char *name, struct bytes more)
{
    char key[512 + LIMITS_NAME_MAX];
    int head = snprintf(key, 512, "{submilter:%.400s}:%.60s", keys->fleet, name);
    size_t len = more.len < LIMITS_NAME_MAX ? more.len : LIMITS_NAME_MAX;
    if (len)
        memcpy(key + head, more.data, len);
    redis_command_word(command, (struct bytes){key, (size_t)head + len});
}

size_t fleet_count_key_head(const struct fleet_keys *keys, enum subject_kind kind, char *head,
                            size_t room)
{
    int len = snprintf(head, room, "{submilter:%.400s}:count:%s:", keys->fleet, subject_word(kind));
    return len > 0 && (size_t)len < room ? (size_t)len : 0;
}

void fleet_command_count_key(struct redis_command *command, const struct fleet_keys *keys,
                             enum subject_kind kind, struct bytes name)
{
    char key[512 + LIMITS_NAME_MAX];
    size_t head = fleet_count_key_head(keys, kind, key, 512);
    /* Hosts of a fleet have names of their own, and one count. */
    struct bytes last = kind == SUBJECT_HOST ? BYTES("all") : bytes_slice(name, 0, LIMITS_NAME_MAX);
    if (last.len)
        memcpy(key + head, last.data, last.len);
    redis_command_word(command, (struct bytes){key, head + last.len});
}

void fleet_command_script(struct redis_command *command, const struct fleet_keys *keys,
                          enum fleet_script script, size_t key_count)
{
    redis_command_text(command, "EVALSHA");
    redis_command_text(command, keys->shas->text[script]);
    redis_command_number(command, (int64_t)key_count);
}

void fleet_command_known_key(struct redis_command *command, const struct fleet_keys *keys,
                             int64_t seconds, int before, struct bytes login)
{
    char head[48];
    int64_t days = (keys->remember + DAY - 1) / DAY;
    int64_t time = seconds / DAY / (days > 0 ? days : 1);
    snprintf(head, sizeof head, "known:%lld:", (long long)(time - before));
    fleet_command_key(command, keys, head, login);
}

static void add_correspondent(struct redis_command *command, const struct fleet_keys *keys,
                              struct bytes login, struct bytes rcpt)
{
    uint8_t key[CORRESPONDENT_KEY];
    embedded_correspondent(keys->names, login, rcpt, key);
    /* The login's half is in Redis's key already. */
    redis_command_word(command, (struct bytes){(const char *)key + 8, CORRESPONDENT_KEY - 8});
}

/* A network or a client of a login: no names of them are kept. */
static void add_hash(struct redis_command *command, const struct fleet_keys *keys,
                     struct bytes text)
{
    uint64_t hash = text.len ? siphash(keys->secret + 16, text.data, text.len) : 0;
    redis_command_word(command, (struct bytes){(const char *)&hash, text.len ? sizeof hash : 0});
}

static size_t count_subjects(const struct limits_who *who)
{
    size_t count = 0;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        count += who->names[kind].len > 0;
    return count;
}

static void add_subjects(struct redis_command *command, const struct fleet_keys *keys,
                         const struct limits_who *who)
{
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        char buffer[LIMITS_NAME_MAX];
        if (who->names[kind].len)
            fleet_command_count_key(command, keys, (enum subject_kind)kind,
                                    name_of(keys, who, (enum subject_kind)kind, buffer));
    }
}

static void add_amounts(struct redis_command *command, const int64_t amounts[QUANTITY_COUNT])
{
    for (int q = 0; q < QUANTITY_COUNT; q++)
        redis_command_number(command, amounts[q]);
}

static void add_place(struct fleet_order *order, int64_t now)
{
    order->epoch_at = redis_command_later(&order->command);
    order->sequence_at = redis_command_later(&order->command);
    redis_command_number(&order->command, now);
}

static void build_look(const struct fleet_keys *keys, const struct limits_request *request,
                       int64_t now, struct bytes login, struct fleet_order *order)
{
    struct redis_command *command = &order->command;
    fleet_command_script(command, keys, FLEET_LOOK, 2 + order->subjects);
    fleet_command_key(command, keys, "standing", BYTES(""));
    fleet_command_key(command, keys, "habit:", login);
    add_subjects(command, keys, &request->who);
    redis_command_number(command, now);
    redis_command_word(command, login);
    add_hash(command, keys, request->who.names[SUBJECT_NETWORK]);
    add_hash(command, keys, request->who.client_look);
}

static void build_known(const struct fleet_keys *keys, const struct limits_request *request,
                        int64_t now, struct bytes login, struct fleet_order *order)
{
    struct redis_command *command = &order->command;
    struct bytes rcpt = request->rcpt_count ? request->rcpts[0] : BYTES("");
    fleet_command_script(command, keys, FLEET_KNOWN, 3);
    fleet_command_key(command, keys, "standing", BYTES(""));
    fleet_command_known_key(command, keys, now / 1000, 0, login);
    fleet_command_known_key(command, keys, now / 1000, 1, login);
    redis_command_number(command, now);
    redis_command_word(command, login);
    add_correspondent(command, keys, login, rcpt);
    redis_command_number(command, now / 1000 / DAY - (keys->remember + DAY - 1) / DAY);
}

/* A subject's place among those that have a name, from 1; 0: it has none. */
static int64_t place_of(const struct limits_who *who, enum subject_kind kind)
{
    int64_t place = 0;
    for (int other = 0; other <= (int)kind; other++)
        place += who->names[other].len > 0;
    return who->names[kind].len ? place : 0;
}

static void add_bounds(struct redis_command *command, const struct limits_request *request)
{
    int64_t count = 0;
    for (size_t i = 0; i < request->bound_count; i++)
        count += place_of(&request->who, request->bounds[i].subject) > 0;
    redis_command_number(command, count);
    for (size_t i = 0; i < request->bound_count; i++) {
        const struct limits_bound *bound = &request->bounds[i];
        int64_t place = place_of(&request->who, bound->subject);
        if (!place)
            continue;
        redis_command_number(command, place);
        redis_command_number(command, (int64_t)bound->limit.quantity + 1);
        redis_command_number(command, (int64_t)bound->limit.window + 1);
        redis_command_number(command, bound->limit.max);
    }
}

static void build_charge(const struct fleet_keys *keys, const struct limits_request *request,
                         int64_t now, struct bytes login, struct fleet_order *order)
{
    struct redis_command *command = &order->command;
    fleet_command_script(command, keys, FLEET_CHARGE, 5 + order->subjects);
    fleet_command_key(command, keys, "host:", bytes_of(keys->instance));
    fleet_command_key(command, keys, "standing", BYTES(""));
    fleet_command_key(command, keys, "habit:", login);
    fleet_command_known_key(command, keys, now / 1000, 0, login);
    fleet_command_known_key(command, keys, now / 1000, 1, login);
    add_subjects(command, keys, &request->who);
    add_place(order, now);
    redis_command_number(command, keys->remember);
    redis_command_word(command, login);
    add_hash(command, keys, request->who.names[SUBJECT_NETWORK]);
    add_hash(command, keys, request->who.client_look);
    add_amounts(command, request->amounts);
    redis_command_number(command, (int64_t)request->bars);
    add_bounds(command, request);
    for (size_t i = 0; login.len && i < request->rcpt_count && i < LIMITS_RCPTS_MAX; i++)
        add_correspondent(command, keys, login, request->rcpts[i]);
}

static void build_refused(const struct fleet_keys *keys, const struct limits_request *request,
                          int64_t now, struct fleet_order *order)
{
    struct redis_command *command = &order->command;
    fleet_command_script(command, keys, FLEET_REFUSED, 1 + order->subjects);
    fleet_command_key(command, keys, "host:", bytes_of(keys->instance));
    add_subjects(command, keys, &request->who);
    add_place(order, now);
    add_amounts(command, request->amounts);
}

bool fleet_command_request(const struct fleet_keys *keys, const struct limits_request *request,
                           int64_t offset, struct fleet_order *ret_order)
{
    char buffer[LIMITS_NAME_MAX];
    struct bytes login = name_of(keys, &request->who, SUBJECT_LOGIN, buffer);
    int64_t now = request->who.now + offset;
    *ret_order = (struct fleet_order){.subjects = count_subjects(&request->who)};
    if (request->op == LIMITS_LOOK)
        build_look(keys, request, now, login, ret_order);
    else if (request->op == LIMITS_KNOWN)
        build_known(keys, request, now, login, ret_order);
    else if (request->op == LIMITS_CHARGE)
        build_charge(keys, request, now, login, ret_order);
    else
        build_refused(keys, request, now, ret_order);
    return redis_command_end(&ret_order->command);
}

bool fleet_command_stand(const struct fleet_keys *keys, struct bytes login,
                         const struct login_standing *standing, enum fleet_how how, int64_t now,
                         int64_t said, struct redis_command *ret_command)
{
    static const char *const hows[] = {"raise", "set", "tell"};
    char buffer[LIMITS_NAME_MAX];
    *ret_command = (struct redis_command){0};
    fleet_command_script(ret_command, keys, FLEET_STAND, 1);
    fleet_command_key(ret_command, keys, "standing", BYTES(""));
    redis_command_number(ret_command, now);
    redis_command_word(ret_command, embedded_name(keys->names, SUBJECT_LOGIN, login, buffer));
    redis_command_number(ret_command, (int64_t)standing->state);
    redis_command_number(ret_command, standing->since);
    redis_command_number(ret_command, standing->until);
    redis_command_word(ret_command, bytes_slice(standing->cause, 0, LIMITS_CAUSE_MAX));
    redis_command_text(ret_command, hows[how]);
    redis_command_number(ret_command, said);
    return redis_command_end(ret_command);
}

bool fleet_command_learn(const struct fleet_keys *keys, struct bytes login, struct bytes rcpt,
                         int64_t first, int64_t last, struct redis_command *ret_command)
{
    char buffer[LIMITS_NAME_MAX];
    struct bytes name = embedded_name(keys->names, SUBJECT_LOGIN, login, buffer);
    *ret_command = (struct redis_command){0};
    fleet_command_script(ret_command, keys, FLEET_LEARN, 1);
    fleet_command_known_key(ret_command, keys, last, 0, name);
    add_correspondent(ret_command, keys, name, rcpt);
    redis_command_number(ret_command, first / 3600);
    redis_command_number(ret_command, last / DAY);
    redis_command_number(ret_command, keys->remember);
    return redis_command_end(ret_command);
}

bool fleet_command_claim(const struct fleet_keys *keys, const char *key, int64_t seconds,
                         struct redis_command *ret_command)
{
    *ret_command = (struct redis_command){0};
    redis_command_text(ret_command, "SET");
    fleet_command_key(ret_command, keys, "claim:", bytes_of(key));
    redis_command_text(ret_command, keys->instance);
    redis_command_text(ret_command, "EX");
    redis_command_number(ret_command, seconds > 0 ? seconds : 1);
    redis_command_text(ret_command, "NX");
    return redis_command_end(ret_command);
}
