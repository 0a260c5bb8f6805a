/* What one line of a .cf file says: a filter, a mailer, a daemon. For mta/sendmail_cf.c. */
#ifndef MTA_SENDMAIL_ENTRY_H
#define MTA_SENDMAIL_ENTRY_H

#include "mta/sendmail_cf.h"

/* rest: behind the line's letter. When memory is out the arena remembers it. */
void sendmail_entry_filter(struct arena *arena, struct bytes rest, size_t line,
                           struct sendmail_filter *ret_filter);
void sendmail_entry_mailer(struct arena *arena, struct bytes rest, size_t line,
                           struct sendmail_mailer *ret_mailer);

/* value: of DaemonPortOptions. */
void sendmail_entry_daemon(struct arena *arena, struct bytes value, size_t line,
                           struct sendmail_daemon *ret_daemon);

/* A list of filters' names, with "," or ";" between them. False when memory is out. */
bool sendmail_entry_names(struct arena *arena, struct bytes value, struct texts *ret_names);

#endif
