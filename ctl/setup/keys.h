/* Signing keys for the domains of a setup. */
#ifndef CTL_SETUP_KEYS_H
#define CTL_SETUP_KEYS_H

#include "ctl/setup/setup.h"

/* Makes an RSA and an Ed25519 key for each domain that has none, once the configuration is in its
 * place; adds the DNS records of all keys to the plan, now and then. folder: dkim.keys. */
MUST_CHECK bool keys_add(const struct setup_options *options, const struct texts *domains,
                         const char *folder, struct plan *plan, struct error *error);

#endif
