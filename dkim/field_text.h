/* A header field as libopendkim takes it: "Name:value", folds as CRLF + blank, no line end. */
#ifndef DKIM_FIELD_TEXT_H
#define DKIM_FIELD_TEXT_H

#include "policy/facts.h"

/* Bytes that field_text may need at most. */
size_t field_text_room(const struct field *field);

/* Whether it is a single field: no NUL in it, and no line break that is no fold. */
bool field_is_one(const struct field *field);

/* Writes the field; its length, 0 when it is no single one. */
size_t field_text(const struct field *field, unsigned char *buffer);

#endif
