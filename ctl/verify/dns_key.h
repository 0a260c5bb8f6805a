/* What DNS shows as a selector's public key (RFC 6376 3.6). */
#ifndef CTL_VERIFY_DNS_KEY_H
#define CTL_VERIFY_DNS_KEY_H

#include "policy/arena.h"
#include "policy/error.h"

enum dns_key_result {
    DNS_KEY_FOUND,
    DNS_KEY_ABSENT,      /* a certain no */
    DNS_KEY_UNAVAILABLE, /* the resolver did not answer */
};

/* resolver: "ADDRESS" or "ADDRESS@PORT", NULL for those of /etc/resolv.conf. ret_text (in the
 * arena): the TXT record's strings put together; of several records the one that has a p=. */
enum dns_key_result dns_key_look(const char *resolver, const char *domain, const char *selector,
                                 long seconds, struct arena *arena, const char **ret_text,
                                 struct error *error);

/* Whether a record names the same key as ours does, for all mail. On false the error says in what
 * they differ. */
bool dns_key_same(struct bytes record, struct bytes ours, struct arena *arena, struct error *error);

#endif
