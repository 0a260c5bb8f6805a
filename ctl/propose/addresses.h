/* What is known of each address that was claimed, from the configuration and the tables. */
#ifndef CTL_PROPOSE_ADDRESSES_H
#define CTL_PROPOSE_ADDRESSES_H

#include "conf/settings.h"
#include "ctl/names.h"
#include "tables/senders.h"

struct address {
    const char *unwritable; /* why it cannot be a row's key; NULL: it can */
    bool ours;              /* it lies in one of the site's domains */
    const char *imitates;   /* the domain of ours that its domain looks like; or NULL */
    /* The number of the address without its +extension, where a row for that one would hold for
     * this one too; else NAMES_NONE. */
    uint32_t base;
};

struct addresses {
    struct address *items; /* by the numbers of names; from the heap */
    size_t count;
};

/* Looks at all of names, which grows by the addresses without their extensions. False: memory is
 * out, or a table did not answer. addresses_done all the same. */
MUST_CHECK bool addresses_read(const struct settings *settings, const struct senders *senders,
                               struct names *names, struct addresses *ret_addresses,
                               struct error *error);
void addresses_done(struct addresses *addresses);

#endif
