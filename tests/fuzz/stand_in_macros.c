/* A new value is there before the old one goes, as in libmilter: the daemon takes a macro that lies
 * where the one before lay for one that did not come. */
#include "tests/fuzz/stand_in_macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static size_t find(const struct stand_in_macros *macros, const char *name)
{
    size_t at = 0;
    while (at < macros->count && strcmp(macros->items[at].name, name) != 0)
        at++;
    return at;
}

static void keep_first(struct stand_in_macros *macros, size_t count)
{
    while (macros->count > count)
        free(macros->items[--macros->count].value);
}

void stand_in_macros_define(struct stand_in_macros *macros, struct bytes name, struct bytes value)
{
    char *text = fuzz_text(value);
    char full[sizeof macros->items[0].name];
    snprintf(full, sizeof full, name.len > 1 ? "{%.*s}" : "%.*s", (int)bytes_slice(name, 0, 28).len,
             name.len ? name.data : "");
    size_t at = find(macros, full);
    if (at == STAND_IN_MACROS_MAX) {
        keep_first(macros, 1);
        at = 1;
    }
    if (at == macros->count) {
        memcpy(macros->items[at].name, full, sizeof full);
        macros->items[at].value = NULL;
        macros->count++;
    }
    free(macros->items[at].value);
    macros->items[at].value = text;
}

char *stand_in_macros_value(const struct stand_in_macros *macros, const char *name)
{
    size_t at = find(macros, name);
    return at < macros->count ? macros->items[at].value : NULL;
}

void stand_in_macros_forget(struct stand_in_macros *macros)
{
    keep_first(macros, 0);
}
