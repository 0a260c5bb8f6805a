/* What the readers of circumstances share: one function a keyword, which stands before the next
 * word. */
#ifndef GATE_CIRCUMSTANCE_H
#define GATE_CIRCUMSTANCE_H

#include "gate/expectation_circumstance.h"

struct reading {
    struct words *words;
    struct expectation *expectation;
    unsigned given;   /* enum own_field: in the admin's own words */
    unsigned without; /* likewise: to be missing */
    bool without_tls;
    bool without_smtputf8;
    struct bytes cipher;
    int64_t cipher_bits; /* 0: none were given */
    struct bytes certificate;
};

/* A word, in quotes or not; else "expected WHAT". */
MUST_CHECK bool circumstance_text(struct reading *reading, const char *what,
                                  struct bytes *ret_text);

/* From 1 to max. */
MUST_CHECK bool circumstance_number(struct reading *reading, const char *what, int64_t max,
                                    int64_t *ret_number);

/* The message and its envelope. */
bool circumstance_from(struct reading *reading);
bool circumstance_sender(struct reading *reading);
bool circumstance_field(struct reading *reading);
bool circumstance_without(struct reading *reading);
bool circumstance_mail_from(struct reading *reading);
bool circumstance_to(struct reading *reading);

/* The session. */
bool circumstance_over(struct reading *reading);
bool circumstance_cipher(struct reading *reading);
bool circumstance_bits(struct reading *reading);
bool circumstance_certificate(struct reading *reading);
bool circumstance_using(struct reading *reading);
bool circumstance_on(struct reading *reading);
bool circumstance_client(struct reading *reading);
bool circumstance_port(struct reading *reading);
bool circumstance_daemon(struct reading *reading);
bool circumstance_helo(struct reading *reading);
bool circumstance_locally(struct reading *reading);
bool circumstance_sendmail(struct reading *reading);

#endif
