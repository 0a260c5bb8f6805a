/* Asking the fleet's store for an admin: one connection, one question after the other. */
#include "limits/fleet_admin.h"

#include <stdlib.h>
#include <string.h>

#include "limits/fleet_admin_private.h"
#include "limits/fleet_greet.h"

#define PATIENCE_MS 5000
#define ANSWER_MAX ((size_t)1 << 30) /* bytes: all correspondents of a login */

bool fleet_admin_open(const struct limits_options *options, struct fleet_admin **ret_admin,
                      struct error *error)
{
    struct limits_options in_memory = *options;
    struct fleet_admin *admin = calloc(1, sizeof *admin);
    *ret_admin = NULL;
    if (!admin)
        return error_set(error, "out of memory");
    in_memory.file = NULL;
    admin->address = strdup(options->redis);
    admin->fleet = strdup(options->fleet ? options->fleet : "submilter");
    admin->known_after = options->known_after;
    if (!admin->address || !admin->fleet) {
        error_set(error, "out of memory");
        goto failed;
    }
    if (!embedded_open(&in_memory, &admin->names, error))
        goto failed;
    admin->keys = (struct fleet_keys){
        .fleet = admin->fleet,
        .instance = "admin",
        .names = admin->names,
        .remember = options->remember,
        .shas = &admin->shas,
    };
    memcpy(admin->keys.secret, options->secret, sizeof admin->keys.secret);
    bool ok = redis_connect(options->redis, redis_clock() + PATIENCE_MS, -1, &admin->redis, error);
    if (ok)
        redis_expect_at_most(admin->redis, ANSWER_MAX);
    if (!ok || !fleet_greet(admin->redis, options->redis_password_file, &admin->shas, error)) {
        error_prefix(error, "Redis at %s: ", options->redis);
        goto failed;
    }
    *ret_admin = admin;
    return true;
failed:
    fleet_admin_close(admin);
    return false;
}

void fleet_admin_close(struct fleet_admin *admin)
{
    if (!admin)
        return;
    redis_close(admin->redis);
    embedded_close(admin->names);
    free(admin->address);
    free(admin->fleet);
    free(admin);
}

bool fleet_admin_ask(struct fleet_admin *admin, struct redis_command *command,
                     struct redisReply **ret_reply, struct error *error)
{
    bool ok = redis_command_end(command) || error_set(error, "out of memory");
    *ret_reply = NULL;
    if (ok) {
        struct bytes bytes = redis_command_bytes(command);
        ok = redis_ask(admin->redis, bytes.data, bytes.len, redis_clock() + PATIENCE_MS, ret_reply,
                       error) ||
             error_prefix(error, "Redis at %s: ", admin->address);
    }
    redis_command_done(command);
    return ok;
}

/* Its answer says nothing. */
static bool tell(struct fleet_admin *admin, struct redis_command *command, struct error *error)
{
    struct redisReply *reply;
    bool ok = fleet_admin_ask(admin, command, &reply, error);
    redis_reply_free(reply);
    return ok;
}

bool fleet_admin_request(struct fleet_admin *admin, struct limits_request *request,
                         struct error *error)
{
    struct fleet_order order;
    struct redisReply *reply;
    if (!fleet_command_request(&admin->keys, request, 0, &order)) {
        redis_command_done(&order.command);
        return error_set(error, "out of memory");
    }
    if (!fleet_admin_ask(admin, &order.command, &reply, error))
        return false;
    bool ok = fleet_reply_fits(reply, request->op, order.subjects) ||
              error_set(error, "Redis at %s: its answer is none to what was asked", admin->address);
    if (ok)
        fleet_reply_read(reply, request, NULL);
    redis_reply_free(reply);
    return ok;
}

bool fleet_admin_set_standing(struct fleet_admin *admin, struct bytes login,
                              const struct login_standing *standing, struct error *error)
{
    struct redis_command command;
    if (!fleet_command_stand(&admin->keys, login, standing, FLEET_SET, standing->since,
                             fleet_wall_clock(), &command)) {
        redis_command_done(&command);
        return error_set(error, "out of memory");
    }
    return tell(admin, &command, error);
}

bool fleet_admin_reset(struct fleet_admin *admin, enum subject_kind kind, struct bytes name,
                       bool habit_too, struct error *error)
{
    char buffer[LIMITS_NAME_MAX];
    struct redis_command command = {0};
    struct bytes kept = embedded_name(admin->names, kind, name, buffer);
    redis_command_text(&command, "DEL");
    fleet_command_count_key(&command, &admin->keys, kind, kept);
    if (habit_too && kind == SUBJECT_LOGIN) {
        int64_t seconds = fleet_wall_clock() / 1000;
        fleet_command_key(&command, &admin->keys, "habit:", kept);
        fleet_command_known_key(&command, &admin->keys, seconds, 0, kept);
        fleet_command_known_key(&command, &admin->keys, seconds, 1, kept);
    }
    return tell(admin, &command, error);
}

bool fleet_admin_show(struct fleet_admin *admin, struct limits_request *look, bool *ret_found,
                      struct error *error)
{
    *ret_found = false;
    if (!fleet_admin_request(admin, look, error))
        return false;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        for (int q = 0; q < QUANTITY_COUNT; q++)
            if (look->answer.subjects[kind].counted.counts[q][WINDOW_DAY] > 0)
                *ret_found = true;
    if (look->answer.habit.since || look->answer.standing.state != LOGIN_NORMAL)
        *ret_found = true;
    return true;
}

bool fleet_admin_learn(struct fleet_admin *admin, struct bytes login, struct bytes rcpt,
                       int64_t first, int64_t last, struct error *error)
{
    struct redis_command command;
    if (!fleet_command_learn(&admin->keys, login, rcpt, first, last, &command)) {
        redis_command_done(&command);
        return error_set(error, "out of memory");
    }
    return tell(admin, &command, error);
}
