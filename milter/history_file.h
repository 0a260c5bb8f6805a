/* The history's database as its thread has it: opened when it is needed, opened anew when another
 * file stands at its path, set aside when it is damaged; its faults said once. One thread calls
 * these. */
#ifndef MILTER_HISTORY_FILE_H
#define MILTER_HISTORY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/bytes.h"

/* What is wanted of it. The strings are owned. */
struct history_wanted {
    char *path;          /* NULL: no history */
    char *configuration; /* `submilterctl conf`'s text; NULL: it could not be made */
    char hash[17];       /* the configuration's */
    int64_t keep;        /* milliseconds */
    int64_t max_size;    /* bytes */
};

void history_wanted_done(struct history_wanted *wanted);

/* Takes the strings over. */
void history_file_use(struct history_wanted *wanted);

bool history_file_is_wanted(void);

/* Whether the last attempt went well, or none was made. */
bool history_file_works(void);

/* How long to wait after attempts that failed, in milliseconds: more each time. */
int64_t history_file_patience(void);

/* One transaction; with no records it opens the database. False: nothing was kept, and
 * history_file_works says no. */
bool history_file_write(const struct bytes *records, size_t count);

/* It works, and what is due is written. lost: records since this was called before. */
void history_file_written(unsigned long lost);

/* Takes away what is too old or too much, for a little while; *ret_more: it did not get done. */
bool history_file_prune(bool *ret_more);

void history_file_close(void);

#endif
