/* SMTP replies (RFC 5321 4.2), read from a server that is not trusted. */
#ifndef CTL_VERIFY_SMTP_REPLY_H
#define CTL_VERIFY_SMTP_REPLY_H

#include <stdbool.h>

#include "policy/bytes.h"

#define SMTP_REPLY_TEXT_MAX 1024
#define SMTP_REPLY_SIZE_MAX ((size_t)256 << 10) /* with all its lines; more is no reply */

struct smtp_reply {
    int code; /* 0: none was read */
    char
        text[SMTP_REPLY_TEXT_MAX]; /* "550 5.7.1 alice@... may not ...": the code in front, lines
                                 joined by a blank, printable ASCII with "\xNN" for the rest; cut */
};

/* Puts replies together from what comes piece by piece. */
struct smtp_reply_reader {
    char line[SMTP_REPLY_TEXT_MAX];
    size_t len;
    size_t size; /* of the whole reply so far */
    bool begun;  /* a line of the reply has been read, and more are to come */
    struct smtp_reply reply;
};

enum smtp_reply_state {
    SMTP_REPLY_MORE,    /* not whole yet */
    SMTP_REPLY_WHOLE,   /* reader->reply is one */
    SMTP_REPLY_GARBAGE, /* this is no SMTP */
};

void smtp_reply_start(struct smtp_reply_reader *reader);

/* Takes bytes up to the end of a reply; ret_taken: how many. */
enum smtp_reply_state smtp_reply_feed(struct smtp_reply_reader *reader, struct bytes text,
                                      size_t *ret_taken);

bool smtp_reply_positive(const struct smtp_reply *reply);  /* 2xx or 3xx */
bool smtp_reply_permanent(const struct smtp_reply *reply); /* 5xx */

/* submilter's mark "[rule.reason id]" at the end: by which rule it was refused ("from.not-owned").
 * No bytes: it is not submilter that refused. */
struct bytes smtp_reply_mark(const struct smtp_reply *reply);

/* The enhanced status (RFC 3463) "5.7.1", no bytes where there is none. */
struct bytes smtp_reply_status(const struct smtp_reply *reply);

/* Appends text to a buffer of size bytes that holds a string, made printable, cut where it is
 * full. */
void smtp_reply_append_printable(char *buffer, size_t size, struct bytes text);

#endif
