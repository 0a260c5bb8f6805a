/* What the readers of circumstances share: one function a keyword, which stands before the next
 * word. */
#ifndef GATE_EXPECTATION_READING_H
#define GATE_EXPECTATION_READING_H

#include "gate/expectation_circumstance.h"

struct reading {
    struct words *words;
    struct expectation *expectation;
    bool without_tls;
    bool without_smtputf8;
    struct bytes cipher;
    int64_t cipher_bits; /* 0: none were given */
    struct bytes certificate;
};

/* A word, in quotes or not; else "expected WHAT". */
MUST_CHECK bool reading_text(struct reading *reading, const char *what, struct bytes *ret_text);

/* From 1 to max. */
MUST_CHECK bool reading_number(struct reading *reading, const char *what, int64_t max,
                               int64_t *ret_number);

/* The message and its envelope. */
bool reading_from(struct reading *reading);
bool reading_sender(struct reading *reading);
bool reading_field(struct reading *reading);
bool reading_without(struct reading *reading);
bool reading_mail_from(struct reading *reading);
bool reading_to(struct reading *reading);

/* The session. */
bool reading_over(struct reading *reading);
bool reading_cipher(struct reading *reading);
bool reading_bits(struct reading *reading);
bool reading_certificate(struct reading *reading);
bool reading_using(struct reading *reading);
bool reading_on(struct reading *reading);
bool reading_client(struct reading *reading);
bool reading_port(struct reading *reading);
bool reading_daemon(struct reading *reading);
bool reading_helo(struct reading *reading);
bool reading_locally(struct reading *reading);
bool reading_sendmail(struct reading *reading);

#endif
