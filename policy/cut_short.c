/* Telling the rest of a header block from a body that mentions fields. */
#include "policy/cut_short.h"

#include "policy/header.h"
#include "policy/parameter.h"

/* Weights: people type the first kind into mail, programs write the second. */
static const struct known {
    const char *name;
    unsigned weight;
} known_fields[] = {
    {"From", 1},
    {"Sender", 1},
    {"Reply-To", 1},
    {"To", 1},
    {"Cc", 1},
    {"Bcc", 1},
    {"Subject", 1},
    {"Date", 1},
    {"Message-ID", 2},
    {"In-Reply-To", 2},
    {"References", 2},
    {"MIME-Version", 2},
    {"Content-Type", 2},
    {"Content-Transfer-Encoding", 2},
    {"Content-Disposition", 2},
    {"Content-ID", 2},
    {"Content-Language", 2},
    {"X-Mailer", 2},
    {"Received", 2},
    {"Return-Path", 2},
    {"DKIM-Signature", 2},
    {"Authentication-Results", 2},
    {"Resent-From", 2},
    {"List-Id", 2},
    {"List-Unsubscribe", 2},
    {"Thread-Index", 2},
};

#define KNOWN (sizeof known_fields / sizeof *known_fields)

/* What is enough behind a line that is no field, and behind one that introduces quoted fields. */
enum { ENOUGH = 3, ENOUGH_INTRODUCED = 5, ENOUGH_WITH_FROM = 2 };

static const struct known *known_field(struct bytes name)
{
    for (size_t i = 0; name.len && i < KNOWN; i++) /* most lines have no name */
        if (bytes_equal_nocase(name, bytes_of(known_fields[i].name)))
            return &known_fields[i];
    return NULL;
}

static struct bytes name_of_line(struct bytes line)
{
    size_t colon = bytes_find(line, ':');
    return colon < line.len ? bytes_slice(line, 0, colon) : (struct bytes){NULL, 0};
}

/* A known name with bytes in it that an MTA takes no name with, and that some reader skips. White
 * space does not count: people write "Date : 12 mai". */
static const struct known *disguised_field(struct bytes line)
{
    struct bytes name = name_of_line(line);
    char plain[32];
    size_t len = 0;
    bool disguised = false;
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.data[i];
        if (byte > ' ' && byte <= '~') {
            if (len == sizeof plain)
                return NULL;
            plain[len++] = byte;
        } else if (byte != ' ' && byte != '\t') {
            disguised = true;
        } else if (len) {
            return NULL;
        }
    }
    return disguised ? known_field((struct bytes){plain, len}) : NULL;
}

/* "-----Original Message-----", "On Monday Bob wrote:", "HTTP/1.1 200 OK", "> ". */
static bool introduces_fields(struct bytes line)
{
    static const char *const beginnings[] = {"--", "__", "==", "**", ">", "HTTP/"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (bytes_start_with_nocase(line, bytes_of(beginnings[i])))
            return true;
    struct bytes text = bytes_trim(line);
    return bytes_end_with_nocase(text, BYTES(":")) ||
           bytes_find_nocase(text, BYTES(" HTTP/1")) < text.len;
}

struct rest_of_block {
    unsigned weight; /* of the known fields that the header block lacks */
    bool has_from;
    const struct known *heaviest;
};

/* Up to the first empty line, or to where a part of a multipart body begins. */
static struct rest_of_block read_lines(struct bytes beginning, const struct facts_header *header,
                                       struct bytes delimiter)
{
    struct rest_of_block found = {0};
    bool seen[KNOWN] = {false};
    struct bytes line;
    while (header_next_line(&beginning, &line) && line.len) {
        if (delimiter.len && bytes_start_with_nocase(line, delimiter))
            break;
        const struct known *known = known_field(bytes_trim(name_of_line(line)));
        if (!known || seen[known - known_fields])
            continue;
        seen[known - known_fields] = true;
        if (known == &known_fields[0])
            found.has_from = true;
        if (facts_field_count(header, bytes_of(known->name)))
            continue;
        found.weight += known->weight;
        if (!found.heaviest || known->weight > found.heaviest->weight)
            found.heaviest = known;
    }
    return found;
}

/* Nothing in it but what an MTA adds by itself. */
static bool is_bare(const struct facts_header *header)
{
    static const char *const added[] = {"From", "Date", "Message-ID", "Received", "X-Mailbox-Line"};
    static const struct texts list = {added, sizeof added / sizeof *added};
    for (size_t i = 0; i < header->count; i++)
        if (!texts_have(&list, header->fields[i].name))
            return false;
    return true;
}

static bool is_message(struct bytes content_type)
{
    return bytes_start_with_nocase(content_type, BYTES("message/")) ||
           bytes_equal_nocase(content_type, BYTES("text/rfc822-headers"));
}

/* "--" and the boundary, where the message says that it is a multipart. */
static struct bytes delimiter_of(struct arena *arena, const struct parameter_list *type)
{
    const struct parameter *boundary = parameter_find(type, BYTES("boundary"));
    if (!boundary || !boundary->text.len)
        return (struct bytes){NULL, 0};
    return bytes_of(arena_printf(arena, "--%.*s", (int)boundary->text.len, boundary->text.data));
}

/* The name that shows it, or NULL; delimiter: of a multipart body, no bytes for none. */
static const struct known *judge_body(const struct facts_header *header, struct bytes beginning,
                                      struct bytes first, struct bytes delimiter)
{
    const struct known *disguised = disguised_field(first);
    if (disguised)
        return disguised;
    struct rest_of_block found = read_lines(beginning, header, delimiter);
    bool enough;
    if (header_is_name(bytes_trim(name_of_line(first))))
        enough = is_bare(header) &&
                 (!header->count || (found.has_from && found.weight >= ENOUGH_WITH_FROM));
    else
        enough = found.weight >= (introduces_fields(first) ? ENOUGH_INTRODUCED : ENOUGH);
    return enough ? found.heaviest : NULL;
}

bool cut_short(struct arena *arena, const struct facts_header *header, struct bytes beginning,
               struct bytes *ret_name)
{
    struct bytes rest = beginning;
    struct bytes first;
    if (!header_next_line(&rest, &first) || !first.len)
        return false;

    const struct known *known = judge_body(header, beginning, first, (struct bytes){NULL, 0});
    const struct field *content_type = facts_field(header, BYTES("Content-Type"), 0);
    if (known && content_type) {
        struct parameter_list type;
        if (!parameter_parse(arena, content_type->value, &type) || is_message(type.value))
            return false;
        known = judge_body(header, beginning, first, delimiter_of(arena, &type));
    }
    if (known)
        *ret_name = bytes_of(known->name);
    return known;
}
