/* The tags of a DKIM-Signature field (RFC 6376 3.2, 3.5), read strictly: what this takes for a
 * signature, libopendkim reads the same way. */
#ifndef DKIM_SIGTAGS_H
#define DKIM_SIGTAGS_H

#include "policy/bytes.h"

struct sigtags {
    struct bytes domain;    /* d= */
    struct bytes selector;  /* s= */
    struct bytes algorithm; /* a= */
    struct bytes fields;    /* h=, with its folds */
    bool has_length;        /* l= is there */
};

/* All borrowed from the value (of the field, as received). False: a tag twice, no d=, s=, a=, h= or
 * b=, or not a tag list at all. */
bool sigtags_parse(struct bytes value, struct sigtags *ret_tags);

/* How many names h= has, and how often one of them stands there, ASCII case ignored. */
size_t sigtags_field_count(const struct sigtags *tags);
size_t sigtags_field_count_of(const struct sigtags *tags, struct bytes name);

#endif
