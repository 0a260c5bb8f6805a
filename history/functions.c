/* SQL functions about networks. */
#include "history/functions.h"

#include "history/network.h"

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

bool functions_register(sqlite3 *database, struct error *error)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    if (sqlite3_create_function_v2(database, "network", 1, flags, NULL, network, NULL, NULL,
                                   NULL) == SQLITE_OK &&
        sqlite3_create_function_v2(database, "in_network", 2, flags, NULL, in_network, NULL, NULL,
                                   NULL) == SQLITE_OK)
        return true;
    return error_set(error, "%s", sqlite3_errmsg(database));
}
