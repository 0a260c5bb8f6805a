/* Talking to a milter as Postfix would: as its user, and in its chroot. */
#ifndef CTL_DOCTOR_PROBE_H
#define CTL_DOCTOR_PROBE_H

#include <stdbool.h>

enum probe_result {
    PROBE_GOOD,
    PROBE_CANNOT_BECOME, /* that user, or enter that folder */
    PROBE_NO_ACCESS,     /* detail: the component of the path that refuses */
    PROBE_NOT_THERE,     /* nothing listens; detail: the folder that is missing, or empty */
    PROBE_SILENT,        /* takes the connection and does not answer */
    PROBE_NO_MILTER,     /* answers something else */
    PROBE_FAILED,        /* detail: why */
};

struct probe_report {
    enum probe_result result;
    int reason; /* errno */
    char detail[1024];
};

struct probe_as {
    const char *user;   /* NULL: stay who we are */
    const char *folder; /* to go to; NULL: stay */
    bool chroot;        /* and take it for the root */
};

/* In a child process; takes at most some 10 seconds. endpoint: as main.cf names it. */
void probe_milter(const char *endpoint, const struct probe_as *as, struct probe_report *ret_report);

/* Whether the user can write the file, or make it where it isn't there. */
void probe_write(const char *path, const struct probe_as *as, struct probe_report *ret_report);

/* Whether the user can read it. */
void probe_read(const char *path, const struct probe_as *as, struct probe_report *ret_report);

/* Whether the user can load the keys in the folder; PROBE_FAILED: detail is the key store's
 * sentence. */
void probe_keys(const char *folder, const struct probe_as *as, struct probe_report *ret_report);

/* The name of a user's own group; the user's where there is none. Static memory, as getgrgid's. */
const char *probe_group(const char *user);

#endif
