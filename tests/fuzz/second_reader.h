/* A second reader of address fields, that shares no line with the first (policy/address.h): what is
 * accepted has to be read the same by both. It takes what is there, and judges nothing. */
#ifndef TESTS_FUZZ_SECOND_READER_H
#define TESTS_FUZZ_SECOND_READER_H

#include "policy/address.h"

#define SECOND_MAILBOXES_MAX 128

struct second_mailbox {
    struct bytes local;  /* quotes and backslashes taken off */
    struct bytes domain; /* as written */
};

struct second_list {
    struct second_mailbox mailboxes[SECOND_MAILBOXES_MAX];
    size_t count;
    char *room; /* what the bytes lie in */
};

/* A field's value. False: there is more than fits, or something that is no mailbox. In either case
 * second_reader_done gives the memory back. */
bool second_reader_read(struct bytes value, struct second_list *ret_list);
void second_reader_done(struct second_list *list);

/* Whether both mean the same mailbox: letters' case, NFC and a domain's form do not count. */
bool second_reader_same(const struct second_mailbox *second, const struct mailbox *first);

#endif
