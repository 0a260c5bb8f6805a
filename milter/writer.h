/* Writes JSON records in a thread of its own, so that no callback waits for a disk.
 *
 * The queue is bounded. What does not fit, or cannot be written, is counted and said once writing
 * works again; with log.on_error = "tempfail" messages are deferred meanwhile (writer_works). */
#ifndef MILTER_WRITER_H
#define MILTER_WRITER_H

#include <stdbool.h>

#include "milter/record_text.h"
#include "policy/error.h"

/* Starts the thread. */
MUST_CHECK bool writer_start(struct error *error);

/* Writes what is queued (waiting at most some seconds for a stuck disk) and ends the thread. */
void writer_stop(void);

/* The file for records from now on (milter/record_file.h); NULL for none. Opened by the writer's
 * thread, and anew at every call. */
void writer_set_file(const char *path);

/* Takes over a reference. */
void writer_take_record(struct record_text *record);

/* Whether records can be written at present: the last attempt went well and there is room. */
bool writer_works(void);

#endif
