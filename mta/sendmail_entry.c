/* What one line of a .cf file says: "Xname, S=local:/run/s, F=T, T=S:10s;R:10s". */
#include "mta/sendmail_entry.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct entry { /* "Key=value", the value without the comma that ends it */
    struct bytes key;
    struct bytes value;
};

/* The next of a list with commas; false after the last. */
static bool next_entry(struct bytes *rest, struct entry *ret_entry)
{
    struct bytes one = {0};
    while (one.len == 0) {
        if (rest->len == 0)
            return false;
        size_t end = bytes_find(*rest, ',');
        one = bytes_trim(bytes_slice(*rest, 0, end));
        *rest = bytes_slice(*rest, end + 1, rest->len);
    }
    size_t equals = bytes_find(one, '=');
    ret_entry->key = bytes_trim(bytes_slice(one, 0, equals));
    ret_entry->value = bytes_trim(bytes_slice(one, equals + 1, one.len));
    return true;
}

/* Sendmail looks at a key's first letter only. */
static char letter(struct bytes key)
{
    return key.len ? bytes_lower(key.data[0]) : '\0';
}

/* "10s", "5m", "1h30m"; a number alone counts seconds here. */
static int64_t interval(const char *text)
{
    int64_t seconds = 0;
    while (*text >= '0' && *text <= '9') {
        char *end;
        int64_t number = strtoll(text, &end, 10);
        int64_t unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
        if (number > INT32_MAX)
            number = INT32_MAX;
        seconds += number * unit;
        text = *end ? end + 1 : end;
    }
    return seconds;
}

/* "C:5m;S:10s;R:10s;E:5m" */
static void take_timeouts(const char *text, struct sendmail_filter *filter)
{
    for (; *text; text += strspn(text, "; \t")) {
        char which = text[0];
        size_t len = strcspn(text, ";");
        if (len > 2 && text[1] == ':') {
            int64_t seconds = interval(text + 2);
            if (which == 'C')
                filter->connect = seconds;
            else if (which == 'S')
                filter->send = seconds;
            else if (which == 'R')
                filter->read = seconds;
            else if (which == 'E')
                filter->end = seconds;
        }
        text += len;
    }
}

void sendmail_entry_filter(struct arena *arena, struct bytes rest, size_t line,
                           struct sendmail_filter *ret_filter)
{
    struct entry entry;
    *ret_filter = (struct sendmail_filter){.name = "",
                                           .endpoint = "",
                                           .flags = "",
                                           .connect = 300,
                                           .send = 10,
                                           .read = 10,
                                           .end = 300,
                                           .line = line};
    if (next_entry(&rest, &entry))
        ret_filter->name = arena_text(arena, entry.key);
    while (next_entry(&rest, &entry)) {
        const char *value = arena_text(arena, entry.value);
        if (!value)
            return;
        if (letter(entry.key) == 's')
            ret_filter->endpoint = value;
        else if (letter(entry.key) == 'f')
            ret_filter->flags = value;
        else if (letter(entry.key) == 't')
            take_timeouts(value, ret_filter);
    }
}

void sendmail_entry_mailer(struct arena *arena, struct bytes rest, size_t line,
                           struct sendmail_mailer *ret_mailer)
{
    struct entry entry;
    *ret_mailer = (struct sendmail_mailer){
        .name = "", .path = "", .flags = "", .arguments = "", .line = line};
    if (next_entry(&rest, &entry))
        ret_mailer->name = arena_text(arena, entry.key);
    while (next_entry(&rest, &entry)) {
        const char *value = arena_text(arena, entry.value);
        if (!value)
            return;
        if (letter(entry.key) == 'p')
            ret_mailer->path = value;
        else if (letter(entry.key) == 'f')
            ret_mailer->flags = value;
        else if (letter(entry.key) == 'a')
            ret_mailer->arguments = value;
        else if (letter(entry.key) == 'l')
            ret_mailer->line_max = strtoll(value, NULL, 10);
    }
}

static int port_of(const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (*value && !*end)
        return number > 0 && number < 65536 ? (int)number : 0;
    const struct servent *service = getservbyname(value, "tcp");
    return service ? ntohs((uint16_t)service->s_port) : 0;
}

bool sendmail_entry_names(struct arena *arena, struct bytes value, struct texts *ret_names)
{
    size_t most = 1;
    for (size_t i = 0; i < value.len; i++)
        most += value.data[i] == ',' || value.data[i] == ';';
    const char **items = arena_alloc(arena, most * sizeof *items);
    size_t count = 0;
    for (size_t at = 0; items && at < value.len;) {
        size_t end = at;
        while (end < value.len && value.data[end] != ',' && value.data[end] != ';')
            end++;
        struct bytes name = bytes_trim(bytes_slice(value, at, end));
        if (name.len)
            items[count++] = arena_text(arena, name);
        at = end + 1;
    }
    *ret_names = (struct texts){items, count};
    return !arena_failed(arena);
}

void sendmail_entry_daemon(struct arena *arena, struct bytes value, size_t line,
                           struct sendmail_daemon *ret_daemon)
{
    struct entry entry;
    struct bytes rest = value;
    *ret_daemon = (struct sendmail_daemon){.name = "",
                                           .address = "",
                                           .modifiers = "",
                                           .port = 25,
                                           .written = arena_text(arena, value),
                                           .line = line};
    while (next_entry(&rest, &entry)) {
        const char *text = arena_text(arena, entry.value);
        if (!text)
            return;
        switch (letter(entry.key)) {
        case 'n':
            ret_daemon->name = text;
            break;
        case 'a':
            ret_daemon->address = text;
            break;
        case 'm':
            ret_daemon->modifiers = text;
            break;
        case 'p':
            ret_daemon->port = port_of(text);
            break;
        case 'i':
            ret_daemon->own_filters = true;
            sendmail_entry_names(arena, entry.value, &ret_daemon->filters);
            break;
        default:
            break;
        }
    }
}
