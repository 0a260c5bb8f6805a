/* submilterctl who: who may send as an address, and what may a login send as. */
#ifndef CTL_WHO_WHO_H
#define CTL_WHO_WHO_H

#include "conf/settings.h"
#include "dkim/keystore.h"
#include "gate/json.h"
#include "tables/senders.h"

struct who {
    struct settings *settings;
    struct senders *senders;
    struct keystore *keystore; /* NULL: keys could not be read, and no_keys says why */
    struct error no_keys;
    struct arena *arena;
    struct json *json; /* the buffer; NULL: text, on stdout */
    struct json buffer;
};

enum who_answer {
    WHO_SOMEBODY,
    WHO_NOBODY,
    WHO_UNKNOWN, /* a table did not answer: what was printed is not all */
    WHO_INTERRUPTED,
    WHO_FAILED, /* not a table's fault; the error says what, but for standard output's */
};

/* "Who may send as ...", and for nobody what to do. Without a local part: as any plain address at
 * its domain. */
enum who_answer who_address(const struct who *who, const struct mailbox *mailbox,
                            struct error *error);

/* "What the login ... may send as". perhaps: it may be no login, and little is said then. */
enum who_answer who_login(const struct who *who, struct bytes login, bool perhaps,
                          struct error *error);

/* A line on each group that names the login, and one on each policy that does not hold senders to
 * what they own. login: no bytes where it is not known. */
void who_print_groups(const struct who *who, struct bytes login);
void who_print_policies(const struct who *who, struct bytes login);

/* Whether mail from the domain is signed, and with which keys. */
void who_print_signing(const struct who *who, struct bytes login, struct bytes domain);

/* Writes JSON that is ready, so that long listings need no room. False: nobody reads it. */
bool who_flush(const struct who *who);

/* What to do so that the key is somebody's. */
void who_print_remedy(const struct who *who, struct bytes key);

/* The same login with the domain that it lacks, or without the one that it has, where that one owns
 * its own address. */
void who_print_likely(const struct who *who, struct bytes login);

/* Text with what clients or tables may have put into it, on stdout. */
void who_text(struct bytes text);

#endif
