/* What can stand in a row of a texthash table and mean there what it means in mail: addresses and
 * logins come from whoever wrote to us. */
#ifndef CTL_PROPOSE_WRITABLE_H
#define CTL_PROPOSE_WRITABLE_H

#include <stdbool.h>

#include "policy/address.h"

/* NULL: it can be a row's key as it is. Else why not, for people. ret_mailbox: what it was read as,
 * where it could be read. keep_case: senders.case_sensitive_local. */
const char *writable_address(struct arena *arena, struct bytes address, bool keep_case,
                             struct mailbox *ret_mailbox);

/* The same for one login of a row's value. */
const char *writable_login(struct bytes login);

#endif
