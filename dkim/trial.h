/* A signature that nobody gets, to see whether any can be made. */
#ifndef DKIM_TRIAL_H
#define DKIM_TRIAL_H

#include "dkim/signer.h"

/* Signs a message of its own with the first key of each type in the store: what OpenSSL, its
 * configuration or memory do not allow is found before there is mail. Half a millisecond. */
MUST_CHECK bool signing_trial(const struct signing_profile *profile, const struct keystore *store,
                              struct error *error);

#endif
