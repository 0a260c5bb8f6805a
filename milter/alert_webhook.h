/* Posts an alert to a web server. */
#ifndef MILTER_ALERT_WEBHOOK_H
#define MILTER_ALERT_WEBHOOK_H

#include <stdatomic.h>
#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

#define ALERT_WEBHOOK_SECONDS 10 /* for all of it */

/* Before there is another thread, and after. */
MUST_CHECK bool alert_webhook_init(struct error *error);
void alert_webhook_done(void);

/* True: the server said 2xx. Its certificate has to be good, and it redirects nobody. Ends
 * at the moment *end_by (of clock_milliseconds). error names nothing of the address but its server:
 * the rest may be a secret. */
MUST_CHECK bool alert_webhook_post(const char *url, struct bytes json, _Atomic int64_t *end_by,
                                   struct error *error);

/* "https://hooks.example.com" of an address; in room, cut. */
const char *alert_webhook_server(const char *url, char *room, size_t size);

#endif
