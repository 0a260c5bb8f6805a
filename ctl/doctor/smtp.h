/* What a listening SMTP server offers before TLS. */
#ifndef CTL_DOCTOR_SMTP_H
#define CTL_DOCTOR_SMTP_H

#include <stdbool.h>

enum smtp_state {
    SMTP_LISTENS, /* the greeting and EHLO's answer came */
    SMTP_NOBODY,  /* nobody listens */
    SMTP_UNCLEAR, /* no answer in time, or another one than 220 and 250 */
};

struct smtp_offer {
    enum smtp_state state;
    bool starttls; /* offered, and the command itself is not answered by 454 4.7.0 */
    bool auth;
};

/* wrapped: TLS begins at once: only whether it listens is looked at. Takes at most some 10 seconds.
 */
void smtp_ask(const char *host, int port, bool wrapped, struct smtp_offer *ret_offer);

#endif
