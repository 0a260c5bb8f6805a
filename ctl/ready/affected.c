/* Adding up by login or client. */
#include "ctl/ready/affected.h"

#include <stdlib.h>
#include <string.h>

bool affected_init(struct affected *affected)
{
    *affected = (struct affected){.texts = names_new(), .users = names_new(), .kinds = names_new()};
    return affected->texts && affected->users && affected->kinds;
}

void affected_done(struct affected *affected)
{
    names_free(affected->texts);
    names_free(affected->users);
    names_free(affected->kinds);
    free(affected->openness);
    free(affected->items);
}

/* All that impact_is_open goes by, as one text; NULL when memory is out. */
static char *kind_of(const struct readiness_row *message, size_t *ret_len)
{
    const struct bytes parts[] = {message->policy,    message->login,       message->listener,
                                  message->auth_mech, message->tls_version, message->cipher};
    size_t len = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        len += parts[i].len + 1;
    char *text = malloc(len);
    char *end = text;
    for (size_t i = 0; text && i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].len)
            memcpy(end, parts[i].data, parts[i].len);
        end += parts[i].len;
        *end++ = '\0';
    }
    *ret_len = len;
    return text;
}

static bool has_room(struct affected *affected)
{
    if (names_count(affected->kinds) < affected->kind_capacity)
        return true;
    size_t capacity = affected->kind_capacity ? affected->kind_capacity * 2 : 256;
    char *openness = realloc(affected->openness, capacity);
    if (!openness)
        return false;
    affected->openness = openness;
    affected->kind_capacity = capacity;
    return true;
}

enum { IS_CLOSED, IS_OPEN, IS_ELSEWHERE };

bool affected_wants(struct affected *affected, const struct impact *impact,
                    const struct readiness_row *message, bool *ret_failed)
{
    size_t len;
    uint32_t known = names_count(affected->kinds);
    char *text = *ret_failed ? NULL : kind_of(message, &len);
    uint32_t number = text && has_room(affected)
                          ? names_add(affected->kinds, (struct bytes){text, len})
                          : NAMES_NONE;
    free(text);
    *ret_failed = number == NAMES_NONE;
    if (*ret_failed)
        return false;
    if (number == known) {
        bool elsewhere;
        bool open = impact_is_open(impact, message, &elsewhere);
        affected->openness[number] = open ? IS_OPEN : elsewhere ? IS_ELSEWHERE : IS_CLOSED;
    }
    affected->asked += affected->openness[number] == IS_CLOSED;
    affected->elsewhere += affected->openness[number] == IS_ELSEWHERE;
    return affected->openness[number] == IS_OPEN;
}

static bool add_some(struct affected *affected, struct affected_some *some, struct bytes text)
{
    if (!text.len)
        return true;
    /* What a client made up is not kept beyond what is told of it. */
    uint32_t known = names_find(affected->texts, text);
    for (size_t i = 0; i < some->count; i++)
        if (some->items[i] == known)
            return true;
    some->more = some->count == TALLY_SOME;
    if (some->more)
        return true;
    uint32_t number = names_add(affected->texts, text);
    if (number == NAMES_NONE)
        return false;
    some->items[some->count++] = number;
    return true;
}

static struct affected_user *new_user(struct affected *affected, const struct readiness_row *row)
{
    if (affected->count == affected->capacity) {
        size_t capacity = affected->capacity ? affected->capacity * 2 : 64;
        struct affected_user *items = reallocarray(affected->items, capacity, sizeof *items);
        if (!items)
            return NULL;
        affected->items = items;
        affected->capacity = capacity;
    }
    bool login = row->login.len > 0;
    uint32_t name = names_add(affected->texts, login ? row->login : row->network);
    if (name == NAMES_NONE)
        return NULL;
    struct affected_user *user = &affected->items[affected->count++];
    *user = (struct affected_user){
        .login = login, .name = name, .first = row->first, .last = row->last};
    return user;
}

static struct affected_user *user_of(struct affected *affected, const struct readiness_row *row)
{
    struct bytes name = row->login.len ? row->login : row->network;
    char *text = malloc(name.len + 1);
    if (!text)
        return NULL;
    text[0] = row->login.len ? 'l' : 'n';
    if (name.len)
        memcpy(text + 1, name.data, name.len);
    uint32_t number = names_add(affected->users, (struct bytes){text, name.len + 1});
    free(text);
    if (number == NAMES_NONE)
        return NULL;
    return number < affected->count ? &affected->items[number] : new_user(affected, row);
}

static bool add_user(struct affected *affected, const struct readiness_row *row)
{
    struct affected_user *user = user_of(affected, row);
    if (!user)
        return false;
    user->messages += row->messages;
    user->refused += row->refused;
    if (row->first < user->first)
        user->first = row->first;
    if (row->last > user->last)
        user->last = row->last;
    return add_some(affected, &user->networks, row->network) &&
           add_some(affected, &user->helos, row->helo) &&
           add_some(affected, &user->mechanisms, row->auth_mech) &&
           add_some(affected, &user->versions, row->tls_version) &&
           add_some(affected, &user->ciphers, row->cipher);
}

bool affected_add(struct affected *affected, const struct readiness_row *row,
                  enum impact_result result)
{
    int64_t *const counts[] = {
        [IMPACT_BREAKS] = &affected->breaks,       [IMPACT_AS_SET] = &affected->as_set,
        [IMPACT_ALREADY] = &affected->already,     [IMPACT_UNKNOWN] = &affected->unknown,
        [IMPACT_ELSEWHERE] = &affected->elsewhere,
    };
    if (result == IMPACT_NO_MEMORY)
        return false;
    if (result != IMPACT_ELSEWHERE)
        affected->asked += row->messages;
    if (result != IMPACT_NONE)
        *counts[result] += row->messages;
    if (result == IMPACT_AS_SET)
        affected->breaks += row->messages;
    return (result != IMPACT_BREAKS && result != IMPACT_AS_SET) || add_user(affected, row);
}

static int by_messages(const void *left, const void *right)
{
    const struct affected_user *a = left;
    const struct affected_user *b = right;
    if (a->login != b->login)
        return a->login ? -1 : 1;
    if (a->messages != b->messages)
        return a->messages > b->messages ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name);
}

void affected_sort(struct affected *affected)
{
    if (affected->count)
        qsort(affected->items, affected->count, sizeof *affected->items, by_messages);
}

size_t affected_logins(const struct affected *affected)
{
    size_t logins = 0;
    for (size_t i = 0; i < affected->count; i++)
        logins += affected->items[i].login;
    return logins;
}
