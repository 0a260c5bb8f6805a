/* Asking names and rows for the address, and for the address without its extension. */
#include "ctl/propose/whose.h"

#include "tables/logins.h"

static struct bytes local_of(struct bytes address)
{
    size_t at = address.len;
    while (at && address.data[at - 1] != '@')
        at--;
    return at ? bytes_slice(address, 0, at - 1) : BYTES("");
}

static void look_for_login(const struct whose_question *question, struct bytes name,
                           struct whose *whose)
{
    uint32_t named = name.len ? names_find(question->logins, name) : NAMES_NONE;
    if (named == NAMES_NONE)
        return;
    if (named == question->login) {
        whose->own = true;
    } else {
        whose->anothers = true;
        whose->owner = named;
    }
}

/* A row that names the address's namesake, or anybody for the address without its extension. */
static bool is_anothers_row(const struct whose_question *question, const struct sender_key *key,
                            struct bytes value)
{
    struct bytes login = names_text(question->logins, question->login);
    struct bytes local = question->ours ? local_of(key->text) : BYTES("");
    struct bytes rest = value;
    for (struct bytes name; (name = logins_next(&rest)).len;) {
        bool namesake = logins_have(question->arena, name, key->text) ||
                        (local.len && logins_have(question->arena, name, local));
        if ((namesake || key->form == SENDER_KEY_STRIPPED) &&
            !logins_have(question->arena, name, login))
            return true;
    }
    return false;
}

static bool look_for_rows(const struct whose_question *question, const struct sender_key *key,
                          struct whose *whose, struct error *error)
{
    const struct table *table;
    for (size_t i = 0; (table = senders_table(question->senders, i)); i++) {
        struct table_answer answer;
        if (table_matches_patterns(table))
            continue;
        enum table_result result = table_find(table, question->arena, key->text, &answer);
        if (result == TABLE_UNAVAILABLE)
            return error_set(error, "a table of senders does not answer: %.*s",
                             (int)answer.source.len, answer.source.data);
        if (result == TABLE_FOUND && is_anothers_row(question, key, answer.value))
            whose->anothers = true;
    }
    return true;
}

bool whose_find(const struct whose_question *question, struct whose *ret_whose, struct error *error)
{
    struct mailbox mailbox;
    struct sender_keys keys;
    *ret_whose = (struct whose){.owner = NAMES_NONE};
    arena_clear(question->arena);
    if (!address_parse_plain(question->arena, question->address, &mailbox))
        return !arena_failed(question->arena) || error_set(error, "out of memory");
    senders_keys(question->senders, question->arena, &mailbox, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        const struct sender_key *key = &keys.keys[i];
        if (key->form == SENDER_KEY_DOMAIN)
            continue;
        look_for_login(question, key->text, ret_whose);
        if (question->ours)
            look_for_login(question, local_of(key->text), ret_whose);
        if (!look_for_rows(question, key, ret_whose, error))
            return false;
    }
    ret_whose->own = ret_whose->own && !ret_whose->anothers;
    return !arena_failed(question->arena) || error_set(error, "out of memory");
}
