/* The rows of `submilterctl verify`: what was checked, what was seen, why it matters and what to
 * do.
 *
 * A row is printed as soon as it is known, so that an admin sees where a slow server holds things
 * up; with json all of them are printed at the end, as one object. */
#ifndef CTL_VERIFY_CHECKLIST_H
#define CTL_VERIFY_CHECKLIST_H

#include <stdbool.h>

#include "gate/json.h"

enum check { /* in the order in which they are made */
             CHECK_SERVER,
             CHECK_CLEAR_LOGIN,
             CHECK_CLEAR_MAIL,
             CHECK_TLS,
             CHECK_OLD_TLS,
             CHECK_NO_LOGIN,
             CHECK_LOGIN,
             CHECK_SPOOFED_SENDER,
             CHECK_SPOOFED_FROM,
             CHECK_TWO_FROM,
             CHECK_HIDDEN_BREAK,
             CHECK_FORGED_TRUST,
             CHECK_ACCEPTED,
             CHECK_ARRIVED,
             CHECK_FROM,
             CHECK_SUBJECT,
             CHECK_MESSAGE_ID,
             CHECK_DATE,
             CHECK_TRUST_GONE,
             CHECK_DKIM,
             CHECK_DNS,
};

struct checklist {
    bool as_json;
    int passed, failed, skipped;
    struct json rows; /* with as_json: the list so far */
};

void checklist_init(struct checklist *list, bool as_json);
void checklist_done(struct checklist *list);

/* Add a row. What came from the server is to be printable by then (smtp_reply.h). do_this: what
 * mends it. */
void checklist_pass(struct checklist *list, enum check check, const char *seen, ...)
    __attribute__((format(printf, 3, 4)));
void checklist_skip(struct checklist *list, enum check check, const char *seen, ...)
    __attribute__((format(printf, 3, 4)));
void checklist_fail(struct checklist *list, enum check check, const char *do_this, const char *seen,
                    ...) __attribute__((format(printf, 4, 5)));

/* The last line or the JSON object. False: memory is out. */
bool checklist_finish(struct checklist *list, const char *address, const char *server);

#endif
