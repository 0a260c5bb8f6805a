/* Selectors: the names of keys below _domainkey (RFC 6376 3.1, 3.6.2.1). */
#ifndef DKIM_SELECTOR_H
#define DKIM_SELECTOR_H

#include <stdbool.h>

#include "policy/bytes.h"

/* One or more DNS labels of ASCII letters, digits, '-' and '_' (no '-' at a label's ends), and
 * short enough for <selector>._domainkey.<domain> to be a name in DNS. */
bool selector_valid(struct bytes selector, struct bytes domain);

#endif
