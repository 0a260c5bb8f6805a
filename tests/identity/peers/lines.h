/* The protocol of the peers that are written in C: a line in, a field's value in hex; a line out,
 * each address in hex, or "-" where none was read. */
#ifndef PEERS_LINES_H
#define PEERS_LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = letter ? strchr(digits, letter) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* The next value, with a NUL behind it; the caller frees it. NULL: there is none. */
static char *lines_next(size_t *ret_len)
{
    static char *line;
    static size_t room;
    size_t len = 0;
    if (getline(&line, &room, stdin) <= 0) {
        free(line);
        return NULL;
    }
    char *value = malloc(strlen(line) + 1);
    for (; digit_of(line[2 * len]) >= 0 && digit_of(line[2 * len + 1]) >= 0; len++)
        value[len] = (char)(digit_of(line[2 * len]) << 4 | digit_of(line[2 * len + 1]));
    value[len] = '\0';
    *ret_len = len;
    return value;
}

/* Line ends taken out, as RFC 5322 2.2.3 has it, for parsers that want that done before. */
static inline void lines_unfold(char *value)
{
    char *to = value;
    for (const char *from = value; *from; from++)
        if (*from != '\r' && *from != '\n')
            *to++ = *from;
    *to = '\0';
}

static int lines_addresses;

static inline void lines_put(const char *text)
{
    for (; *text; text++)
        printf("%02x", (unsigned char)*text);
}

static inline void lines_address(const char *local, const char *domain)
{
    if (lines_addresses++)
        printf(" ");
    lines_put(local);
    if (domain) {
        lines_put("@");
        lines_put(domain);
    }
}

static inline void lines_end(void)
{
    printf(lines_addresses ? "\n" : "-\n");
    fflush(stdout);
    lines_addresses = 0;
}

#endif
