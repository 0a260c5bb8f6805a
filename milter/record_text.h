/* A record's JSON text, which the log and the history share. */
#ifndef MILTER_RECORD_TEXT_H
#define MILTER_RECORD_TEXT_H

#include "policy/bytes.h"

struct record_text;

/* Takes over malloc'd bytes (freed at once where memory is out: NULL). One reference. */
struct record_text *record_text_new(char *data, size_t len);

/* With its line end. */
struct bytes record_text_bytes(const struct record_text *text);

/* Safe from any thread; NULL is allowed. */
struct record_text *record_text_ref(struct record_text *text);
void record_text_unref(struct record_text *text);

#endif
