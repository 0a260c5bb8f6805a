/* Field names and the lines of field values, as the header rules ask for them. */
#ifndef POLICY_HEADER_H
#define POLICY_HEADER_H

#include "policy/error.h"
#include "policy/facts.h"

enum header_class {
    HEADER_ORIGINATOR,  /* From, Sender, Reply-To and their Resent- kin: who it is from */
    HEADER_DESTINATION, /* To, Cc, Bcc and their Resent- kin */
    HEADER_MIME,        /* MIME-Version and Content-*: how the body is read */
    HEADER_OTHER,
};

enum header_class header_class_of(struct bytes name);

/* RFC 5322's field-name: printable ASCII without blank and colon, and not empty. */
bool header_is_name(struct bytes name);

/* Whether a list has the name, ASCII case ignored; a "*" at an item's end stands for anything. */
bool header_is_listed(const struct texts *patterns, struct bytes name);

/* A row's check: what header_is_listed can take. */
bool header_check_pattern(const char *text, struct error *error);

/* Cuts the next line off *rest, with neither its LF nor the CR before it. False: nothing is left.
 */
bool header_next_line(struct bytes *rest, struct bytes *ret_line);

/* Whether a line of a value is nothing but blanks. The first may be: long values begin on the
 * second one. */
bool header_has_blank_line(struct bytes value);

/* Bytes of a field's longest line, the name and its colon counted with the first, line ends not. */
size_t header_longest_line(const struct field *field);

#endif
