/* Looking for a message in a mailbox: an mbox file or a Maildir. */
#ifndef CTL_VERIFY_MAIL_FOLDER_H
#define CTL_VERIFY_MAIL_FOLDER_H

#include <time.h>

#include "policy/arena.h"
#include "policy/error.h"

enum mail_folder_result {
    MAIL_FOLDER_FOUND,
    MAIL_FOLDER_ABSENT, /* not yet */
    MAIL_FOLDER_FAULT,
};

/* Once. since: files of a Maildir that were written before are passed over. ret_text lives in the
 * arena. A folder that is not there: ABSENT, as the first message makes it. */
enum mail_folder_result mail_folder_find(const char *path, const char *mark, time_t since,
                                         struct arena *arena, struct bytes *ret_text,
                                         struct error *error);

/* Again and again, for so many seconds. */
MUST_CHECK bool mail_folder_wait(const char *path, const char *mark, time_t since, long seconds,
                                 struct arena *arena, struct bytes *ret_text, struct error *error);

/* The message of an mbox's text (RFC 4155) that has the mark in it, without its "From " line; no
 * bytes where there is none. */
struct bytes mail_folder_mbox_message(struct bytes mbox, const char *mark);

#endif
