/* What the load client is asked to do. */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include <stddef.h>

#include "policy/error.h"

#define SIGNED_MAX 4

enum hold_at { HOLD_AT_HELO, HOLD_AT_MAIL, HOLD_AT_BODY };

struct options {
    const char *milter; /* unix:/PATH or inet:PORT@ADDRESS */
    unsigned connections, per_connection, messages, recipients, logins, hold;
    unsigned seconds; /* 0: until all messages are sent */
    enum hold_at hold_at;
    size_t body_size;
    const char *block;  /* a file with a header block; NULL: the ordinary one */
    const char *domain; /* of logins and From */
    const char *sample; /* a file for the first message as it would leave; NULL: none */

    /* What has to come back. */
    char action;      /* a reply's letter; REPLY_CODE for 4xx and 5xx by reply_class */
    char reply_class; /* '4' or '5', or 0 */
    const char *adds; /* a field that has to be added; NULL: any may */
    const char *signed_by[SIGNED_MAX]; /* the a= of each signature that has to be added */
    unsigned signed_count;
};

/* Ends the process where they make no sense, or help was asked for. */
void options_read(struct options *options, int argc, char **argv);

#endif
