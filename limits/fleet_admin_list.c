/* Lists for an admin: those with the most, those who are contained, how many are known. */
#include <stdlib.h>
#include <string.h>

#include "limits/correspondents.h"
#include "limits/fleet_admin_private.h"

#define SCAN_COUNT 500

/* The highest, the highest first. */
struct best {
    struct best_item {
        char name[LIMITS_NAME_MAX + 1];
        struct counted_subject subject;
    } * items;
    size_t count, most;
    enum quantity quantity;
    enum window window;
};

static void keep(struct best *best, struct bytes name, const struct counted_subject *subject)
{
    int64_t count = subject->counted.counts[best->quantity][best->window];
    if (count <= 0 || name.len > LIMITS_NAME_MAX || !best->most)
        return;
    size_t at = best->count;
    for (size_t i = 0; i < best->count; i++) {
        /* SCAN may tell a key twice. */
        if (bytes_equal(bytes_of(best->items[i].name), name))
            return;
        if (at == best->count &&
            best->items[i].subject.counted.counts[best->quantity][best->window] < count)
            at = i;
    }
    if (at >= best->most)
        return;
    if (best->count < best->most)
        best->count++;
    memmove(&best->items[at + 1], &best->items[at], (best->count - at - 1) * sizeof best->items[0]);
    memcpy(best->items[at].name, name.data, name.len);
    best->items[at].name[name.len] = '\0';
    best->items[at].subject = *subject;
}

/* The counters of keys that SCAN has told. head: what is before the name. */
static bool peek(struct fleet_admin *admin, const struct redisReply *keys, size_t head, int64_t now,
                 struct best *best, struct error *error)
{
    struct redis_command command = {0};
    struct redisReply *reply;
    size_t count = redis_reply_count(keys);
    if (!count)
        return true;
    fleet_command_script(&command, &admin->keys, FLEET_PEEK, count);
    for (size_t i = 0; i < count; i++)
        redis_command_word(&command, redis_reply_bytes(redis_reply_item(keys, i)));
    redis_command_number(&command, now);
    if (!fleet_admin_ask(admin, &command, &reply, error))
        return false;
    struct bytes packed = redis_reply_bytes(reply);
    for (size_t i = 0; i < count && packed.len == count * FLEET_SUBJECT_NUMBERS * 8; i++) {
        struct counted_subject subject = {0};
        struct bytes key = redis_reply_bytes(redis_reply_item(keys, i));
        fleet_reply_subject(packed, i * FLEET_SUBJECT_NUMBERS, &subject);
        keep(best, bytes_slice(key, head, key.len), &subject);
    }
    redis_reply_free(reply);
    return true;
}

/* "count:KIND:" of this fleet, escaped as SCAN's patterns want it, and a star. */
static size_t make_pattern(const struct fleet_admin *admin, enum subject_kind kind,
                           char pattern[1200])
{
    char key[600];
    size_t len = fleet_count_key_head(&admin->keys, kind, key, sizeof key), to = 0;
    for (size_t i = 0; i < len; i++) {
        if (strchr("*?[]\\^", key[i]))
            pattern[to++] = '\\';
        pattern[to++] = key[i];
    }
    pattern[to++] = '*';
    pattern[to] = '\0';
    return len;
}

static bool scan(struct fleet_admin *admin, enum subject_kind kind, int64_t now, struct best *best,
                 struct error *error)
{
    char pattern[1200], cursor[32] = "0";
    size_t head = make_pattern(admin, kind, pattern);
    do {
        struct redis_command command = {0};
        struct redisReply *reply;
        redis_command_text(&command, "SCAN");
        redis_command_text(&command, cursor);
        redis_command_text(&command, "MATCH");
        redis_command_text(&command, pattern);
        redis_command_text(&command, "COUNT");
        redis_command_number(&command, SCAN_COUNT);
        if (!fleet_admin_ask(admin, &command, &reply, error))
            return false;
        struct bytes next = redis_reply_bytes(redis_reply_item(reply, 0));
        if (!next.len || next.len >= sizeof cursor) {
            redis_reply_free(reply);
            return error_set(error, "Redis at %s: SCAN was not answered as Redis does",
                             admin->address);
        }
        memcpy(cursor, next.data, next.len);
        cursor[next.len] = '\0';
        bool ok = peek(admin, redis_reply_item(reply, 1), head, now, best, error);
        redis_reply_free(reply);
        if (!ok)
            return false;
    } while (strcmp(cursor, "0") != 0);
    return true;
}

bool fleet_admin_top(struct fleet_admin *admin, enum subject_kind kind, enum quantity quantity,
                     enum window window, int64_t now, size_t most,
                     bool (*visit)(const struct counted_subject *subject, void *context),
                     void *context, struct error *error)
{
    struct best best = {.most = most, .quantity = quantity, .window = window};
    best.items = calloc(most + 1, sizeof *best.items);
    if (!best.items)
        return error_set(error, "out of memory");
    bool ok = scan(admin, kind, now, &best, error);
    for (size_t i = 0; ok && i < best.count; i++) {
        best.items[i].subject.name = bytes_of(best.items[i].name);
        if (!visit(&best.items[i].subject, context))
            break;
    }
    free(best.items);
    return ok;
}

bool fleet_admin_contained(struct fleet_admin *admin, int64_t now,
                           bool (*visit)(struct bytes login, const struct login_standing *standing,
                                         void *context),
                           void *context, struct error *error)
{
    struct redis_command command = {0};
    struct redisReply *logins;
    redis_command_text(&command, "HKEYS");
    fleet_command_key(&command, &admin->keys, "standing", BYTES(""));
    if (!fleet_admin_ask(admin, &command, &logins, error))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < redis_reply_count(logins); i++) {
        struct bytes login = redis_reply_bytes(redis_reply_item(logins, i));
        struct limits_request look = {.op = LIMITS_LOOK, .who = {.now = now}};
        look.who.names[SUBJECT_LOGIN] = login;
        ok = fleet_admin_request(admin, &look, error);
        if (ok && look.answer.standing.state != LOGIN_NORMAL &&
            !visit(login, &look.answer.standing, context))
            break;
    }
    redis_reply_free(logins);
    return ok;
}

/* A correspondent as the scripts have it: "<IH". */
static bool read_known(const struct redisReply *fields, size_t at, struct known *known)
{
    struct bytes hash = redis_reply_bytes(redis_reply_item(fields, at));
    struct bytes value = redis_reply_bytes(redis_reply_item(fields, at + 1));
    const uint8_t *data = (const uint8_t *)value.data;
    if (hash.len != CORRESPONDENT_KEY / 2 || value.len != 6)
        return false;
    *known = (struct known){
        .first =
            data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24,
        .last = (data[4] | (uint32_t)data[5] << 8) + 1,
    };
    memcpy(known->key + CORRESPONDENT_KEY / 2, hash.data, hash.len);
    return true;
}

static bool gather_known(struct fleet_admin *admin, struct bytes login, int64_t seconds, int before,
                         struct known_set *set, struct error *error)
{
    struct redis_command command = {0};
    struct redisReply *reply;
    bool ok = true;
    redis_command_text(&command, "HGETALL");
    fleet_command_known_key(&command, &admin->keys, seconds, before, login);
    if (!fleet_admin_ask(admin, &command, &reply, error))
        return false;
    for (size_t i = 0; ok && i + 1 < redis_reply_count(reply); i += 2) {
        struct known known;
        ok = !read_known(reply, i, &known) || known_set_put(set, &known) ||
             error_set(error, "out of memory");
    }
    redis_reply_free(reply);
    return ok;
}

bool fleet_admin_count_correspondents(struct fleet_admin *admin, struct bytes login, int64_t now,
                                      int64_t *ret_remembered, int64_t *ret_known,
                                      struct error *error)
{
    char buffer[LIMITS_NAME_MAX];
    struct bytes name = embedded_name(admin->names, SUBJECT_LOGIN, login, buffer);
    struct known_set set = {0};
    int64_t seconds = now / 1000;
    *ret_remembered = *ret_known = 0;
    bool ok = gather_known(admin, name, seconds, 0, &set, error) &&
              gather_known(admin, name, seconds, 1, &set, error);
    for (size_t i = 0; ok && i < set.room; i++) {
        int64_t since =
            set.places[i].last ? known_since(&set.places[i], seconds, admin->keys.remember) : 0;
        *ret_remembered += since != 0;
        *ret_known += since && since + admin->known_after <= seconds;
    }
    known_set_done(&set);
    return ok;
}
