/* One row for many +extensions: a login that sends as list+a@, list+b@, ... is proposed list@. */
#ifndef CTL_PROPOSE_EXTENSIONS_H
#define CTL_PROPOSE_EXTENSIONS_H

#include "ctl/propose/addresses.h"
#include "ctl/propose/uses.h"

#define EXTENSIONS_MANY                                                                            \
    3 /* from so many on, or where the address without one is claimed as well                      \
       */

/* A login's address that is counted as the one without its extension. */
struct extension {
    uint32_t login, address, base;
};

struct extensions {
    struct extension *items;   /* from the heap; by login and address */
    struct extension *by_base; /* the same by login and base */
    size_t count;
};

/* Finds them, and makes the claims claims of the base. False when memory is out. */
MUST_CHECK bool extensions_join(const struct addresses *addresses, struct uses *claims,
                                struct extensions *ret_extensions);
void extensions_done(struct extensions *extensions);

/* The address under which the login's claims of an address are counted. */
uint32_t extensions_address(const struct extensions *extensions, uint32_t login, uint32_t address);

/* How many of a login's addresses are counted as this one, itself not among them. */
size_t extensions_of(const struct extensions *extensions, uint32_t login, uint32_t base);

#endif
