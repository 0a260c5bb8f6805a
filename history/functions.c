/* SQL functions about networks and addresses. */
#include "history/functions.h"

#include "history/network.h"
#include "policy/address.h"

#define LONGEST_ADDRESS 1000 /* bytes; more is none (RFC 5321 4.5.3.1) */
#define ADDRESS_CEILING ((size_t)1 << 20)

static bool read_value(sqlite3_value *value, struct network *ret_network)
{
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text)
        return false;
    return network_read_address((struct bytes){text, (size_t)sqlite3_value_bytes(value)},
                                ret_network);
}

static void network(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct network address;
    char text[NETWORK_TEXT_MAX];
    (void)count;
    if (!read_value(values[0], &address))
        return;
    network_around(&address, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* The network of one statement stays the same for all its rows. */
static const struct network *network_of(sqlite3_context *context, sqlite3_value *value)
{
    struct network *kept = sqlite3_get_auxdata(context, 1);
    struct error error;
    if (kept)
        return kept;
    const char *text = (const char *)sqlite3_value_text(value);
    kept = sqlite3_malloc(sizeof *kept);
    if (!kept) {
        sqlite3_result_error_nomem(context);
        return NULL;
    }
    if (!text || !network_read(text, kept, &error)) {
        sqlite3_free(kept);
        sqlite3_result_error(context, text ? error.text : "no network", -1);
        return NULL;
    }
    sqlite3_set_auxdata(context, 1, kept, sqlite3_free);
    return sqlite3_get_auxdata(context, 1);
}

static void in_network(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct network address;
    (void)count;
    const struct network *wanted = network_of(context, values[1]);
    if (wanted)
        sqlite3_result_int(context,
                           read_value(values[0], &address) && network_holds(wanted, &address));
}

/* What a record has of a From that could not be read is the field as it stood, which names any
 * domain. */
static void domain_of(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const size_t len = text ? (size_t)sqlite3_value_bytes(values[0]) : 0;
    struct address_list list = {0};
    (void)count;
    if (!text)
        return;
    struct arena *arena = arena_new(ADDRESS_CEILING);
    if (arena && len <= LONGEST_ADDRESS)
        address_parse_path(arena, (struct bytes){text, len}, &list);
    struct bytes domain = {NULL, 0};
    if (list.count == 1 && list.reading == ADDRESS_AGREED)
        domain = list.mailboxes[0].domain;
    if (!arena || arena_failed(arena))
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, domain.len ? domain.data : "", (int)domain.len,
                            SQLITE_TRANSIENT);
    arena_free(arena);
}

bool functions_register(sqlite3 *database, struct error *error)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    if (sqlite3_create_function_v2(database, "network", 1, flags, NULL, network, NULL, NULL,
                                   NULL) == SQLITE_OK &&
        sqlite3_create_function_v2(database, "in_network", 2, flags, NULL, in_network, NULL, NULL,
                                   NULL) == SQLITE_OK &&
        sqlite3_create_function_v2(database, "domain_of", 1, flags, NULL, domain_of, NULL, NULL,
                                   NULL) == SQLITE_OK)
        return true;
    return error_set(error, "%s", sqlite3_errmsg(database));
}
