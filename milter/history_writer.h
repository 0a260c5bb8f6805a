/* Keeps records in the history's database (history.file), in a thread of its own: no message waits
 * for it, and no fault of it holds mail back.
 *
 * One transaction a second. Records wait in a bounded queue while the database cannot be written;
 * what does not fit is lost, and counted. A fault is said once, and once more when it has gone. */
#ifndef MILTER_HISTORY_WRITER_H
#define MILTER_HISTORY_WRITER_H

#include "conf/settings.h"
#include "milter/record_text.h"

/* Starts the thread, for these settings. */
MUST_CHECK bool history_writer_start(const struct settings *settings, struct error *error);

/* Other settings from now on; what is queued goes to their file. */
void history_writer_use(const struct settings *settings);

/* Takes over a reference. Dropped at once where no history is kept. */
void history_writer_take(struct record_text *record);

/* Writes what is queued (waiting at most some seconds for a stuck disk) and ends the thread. */
void history_writer_stop(void);

#endif
