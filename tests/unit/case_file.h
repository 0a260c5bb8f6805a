/* Policy cases as data: tests/cases/README tells how a file of cases is written. */
#ifndef TESTS_CASE_FILE_H
#define TESTS_CASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/bytes.h"

#define CASE_LIST_MAX 16

struct case_values {
    char *items[CASE_LIST_MAX];
    size_t count;
};

struct policy_case {
    int line;
    char *title, *source;
    char *login, *mechanism, *tls, *policy, *listener, *client, *helo, *mta, *mail_from;
    char *smtputf8, *now, *own_signature, *keys, *body_flags, *needs;
    char *standing;
    struct case_values rcpts, new_rcpts, unknown_rcpts, counted, habit, sets, groups, group_sets;
    struct case_values expects;
    char *message; /* raw bytes */
    size_t message_len;
};

/* Calls back for each case of a file; false: the file cannot be read or a line of it makes no sense
 * (said on stdout as a TAP "Bail out!"). */
bool case_file_read(const char *path,
                    void (*each)(const char *path, const struct policy_case *one));

#endif
