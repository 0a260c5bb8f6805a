/* The circumstances of `submilterctl test`, from its options. */
#ifndef CTL_TEST_OPTIONS_H
#define CTL_TEST_OPTIONS_H

#include "gate/attempt.h"

#define TEST_RCPTS_MAX 1000

struct test_options {
    struct message_session session;
    const char *file; /* "-" or NULL: standard input */
    const char *mail_from;
    const char *rcpts[TEST_RCPTS_MAX];
    size_t rcpt_count;
    bool smtputf8;
    bool json;
};

/* Fills in what was asked for and sensible circumstances for the rest. False: the usage text is
 * due. */
bool test_options_read(int argc, char **argv, struct test_options *ret_options,
                       struct error *error);

#endif
