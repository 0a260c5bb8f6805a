/* Adding up by login or client. */
#include "ctl/ready/tally.h"

#include <stdlib.h>
#include <string.h>

bool tally_init(struct tally *tally)
{
    *tally = (struct tally){.texts = names_new(), .users = names_new(), .kinds = names_new()};
    return tally->texts && tally->users && tally->kinds;
}

void tally_done(struct tally *tally)
{
    names_free(tally->texts);
    names_free(tally->users);
    names_free(tally->kinds);
    free(tally->openness);
    free(tally->items);
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

static bool has_room(struct tally *tally)
{
    if (names_count(tally->kinds) < tally->kind_capacity)
        return true;
    size_t capacity = tally->kind_capacity ? tally->kind_capacity * 2 : 256;
    char *openness = realloc(tally->openness, capacity);
    if (!openness)
        return false;
    tally->openness = openness;
    tally->kind_capacity = capacity;
    return true;
}

enum { IS_CLOSED, IS_OPEN, IS_ELSEWHERE };

bool tally_wants(struct tally *tally, const struct impact *impact,
                 const struct readiness_row *message, bool *ret_failed)
{
    size_t len;
    uint32_t known = names_count(tally->kinds);
    char *text = *ret_failed ? NULL : kind_of(message, &len);
    uint32_t number =
        text && has_room(tally) ? names_add(tally->kinds, (struct bytes){text, len}) : NAMES_NONE;
    free(text);
    *ret_failed = number == NAMES_NONE;
    if (*ret_failed)
        return false;
    if (number == known) {
        bool elsewhere;
        bool open = impact_is_open(impact, message, &elsewhere);
        tally->openness[number] = open ? IS_OPEN : elsewhere ? IS_ELSEWHERE : IS_CLOSED;
    }
    tally->asked += tally->openness[number] == IS_CLOSED;
    tally->elsewhere += tally->openness[number] == IS_ELSEWHERE;
    return tally->openness[number] == IS_OPEN;
}

static bool add_some(struct tally *tally, struct tally_some *some, struct bytes text)
{
    if (!text.len)
        return true;
    /* What a client made up is not kept beyond what is told of it. */
    uint32_t known = names_find(tally->texts, text);
    for (size_t i = 0; i < some->count; i++)
        if (some->items[i] == known)
            return true;
    some->more = some->count == TALLY_SOME;
    if (some->more)
        return true;
    uint32_t number = names_add(tally->texts, text);
    if (number == NAMES_NONE)
        return false;
    some->items[some->count++] = number;
    return true;
}

static struct tally_user *new_user(struct tally *tally, const struct readiness_row *row)
{
    if (tally->count == tally->capacity) {
        size_t capacity = tally->capacity ? tally->capacity * 2 : 64;
        struct tally_user *items = reallocarray(tally->items, capacity, sizeof *items);
        if (!items)
            return NULL;
        tally->items = items;
        tally->capacity = capacity;
    }
    bool login = row->login.len > 0;
    uint32_t name = names_add(tally->texts, login ? row->login : row->network);
    if (name == NAMES_NONE)
        return NULL;
    struct tally_user *user = &tally->items[tally->count++];
    *user =
        (struct tally_user){.login = login, .name = name, .first = row->first, .last = row->last};
    return user;
}

static struct tally_user *user_of(struct tally *tally, const struct readiness_row *row)
{
    struct bytes name = row->login.len ? row->login : row->network;
    char *text = malloc(name.len + 1);
    if (!text)
        return NULL;
    text[0] = row->login.len ? 'l' : 'n';
    if (name.len)
        memcpy(text + 1, name.data, name.len);
    uint32_t number = names_add(tally->users, (struct bytes){text, name.len + 1});
    free(text);
    if (number == NAMES_NONE)
        return NULL;
    return number < tally->count ? &tally->items[number] : new_user(tally, row);
}

static bool add_user(struct tally *tally, const struct readiness_row *row)
{
    struct tally_user *user = user_of(tally, row);
    if (!user)
        return false;
    user->messages += row->messages;
    user->refused += row->refused;
    if (row->first < user->first)
        user->first = row->first;
    if (row->last > user->last)
        user->last = row->last;
    return add_some(tally, &user->networks, row->network) &&
           add_some(tally, &user->helos, row->helo) &&
           add_some(tally, &user->mechanisms, row->auth_mech) &&
           add_some(tally, &user->versions, row->tls_version) &&
           add_some(tally, &user->ciphers, row->cipher);
}

bool tally_add(struct tally *tally, const struct readiness_row *row, enum impact_result result)
{
    int64_t *const counts[] = {
        [IMPACT_BREAKS] = &tally->breaks,
        [IMPACT_ALREADY] = &tally->already,
        [IMPACT_UNKNOWN] = &tally->unknown,
        [IMPACT_ELSEWHERE] = &tally->elsewhere,
    };
    if (result == IMPACT_NO_MEMORY)
        return false;
    if (result != IMPACT_ELSEWHERE)
        tally->asked += row->messages;
    if (result != IMPACT_NONE)
        *counts[result] += row->messages;
    return result != IMPACT_BREAKS || add_user(tally, row);
}

static int by_messages(const void *left, const void *right)
{
    const struct tally_user *a = left;
    const struct tally_user *b = right;
    if (a->login != b->login)
        return a->login ? -1 : 1;
    if (a->messages != b->messages)
        return a->messages > b->messages ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name);
}

void tally_sort(struct tally *tally)
{
    if (tally->count)
        qsort(tally->items, tally->count, sizeof *tally->items, by_messages);
}

size_t tally_logins(const struct tally *tally)
{
    size_t logins = 0;
    for (size_t i = 0; i < tally->count; i++)
        logins += tally->items[i].login;
    return logins;
}
