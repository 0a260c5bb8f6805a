/* A group's logins and policies, out of the text of the settings. */
#include "ctl/explain/group_then.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/quote.h"

/* What stands in the brackets of "key = [ ... ]"; no bytes: the entry has no such line. */
static struct bytes list_of(struct bytes entry, struct bytes key)
{
    while (entry.len) {
        size_t end = bytes_find(entry, '\n');
        struct bytes line = bytes_trim(bytes_slice(entry, 0, end));
        if (bytes_start_with_nocase(line, BYTES("}")))
            break;
        if (bytes_start_with_nocase(line, key))
            return bytes_slice(line, key.len, line.len);
        entry = bytes_slice(entry, end + 1, entry.len);
    }
    return (struct bytes){NULL, 0};
}

/* Takes the next text of the list, as it was quoted. False: there is none. */
static bool next_text(struct bytes *list, struct bytes *ret_text)
{
    size_t at = 0;
    while (at < list->len && list->data[at] != '"' && list->data[at] != ']')
        at++;
    if (at == list->len || list->data[at] == ']')
        return false;
    size_t begin = ++at;
    while (at < list->len && list->data[at] != '"')
        at += list->data[at] == '\\' ? 2 : 1;
    *ret_text = bytes_slice(*list, begin, at);
    *list = bytes_slice(*list, at + 1, list->len);
    return true;
}

/* Texts are compared as they are quoted. The value between its quotes, to be freed; NULL: there is
 * none, or memory is out. */
static char *quoted_value(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    char *quoted = NULL;
    size_t len;
    FILE *out = text && *text ? open_memstream(&quoted, &len) : NULL;
    if (!out)
        return NULL;
    quote_write(out, text);
    if (fclose(out) != 0) {
        free(quoted);
        return NULL;
    }
    quoted[len - 1] = '\0';
    memmove(quoted, quoted + 1, len - 1);
    return quoted;
}

static bool names(struct bytes list, struct bytes login)
{
    struct bytes item;
    while (next_text(&list, &item)) {
        bool domain = item.len && item.data[0] == '@';
        if (domain ? login.len > item.len && bytes_end_with_nocase(login, item)
                   : bytes_equal_nocase(login, item))
            return true;
    }
    return false;
}

bool group_then_names(struct bytes entry, const json_t *record)
{
    char *login = quoted_value(record, "login");
    bool named = login && names(list_of(entry, BYTES("logins = [")), bytes_of(login));
    free(login);
    return named;
}

bool group_then_covers(struct bytes entry, const json_t *record)
{
    char *policy = quoted_value(record, "policy");
    struct bytes list = list_of(entry, BYTES("policies = [")), item;
    bool any = false, covers = false;
    while (!covers && next_text(&list, &item)) {
        any = true;
        covers = policy && bytes_equal(item, bytes_of(policy));
    }
    free(policy);
    return covers || !any;
}
