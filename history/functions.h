/* What SQL lacks, as functions of the database. */
#ifndef HISTORY_FUNCTIONS_H
#define HISTORY_FUNCTIONS_H

#include <sqlite3.h>

#include "policy/error.h"

/* network(ADDRESS): its /24 or /64 as text; NULL for what is no address.
 * domain_of(ADDRESS): the domain of local@domain; '' for text that is no such address.
 * in_network(ADDRESS, NETWORK): 1 where the network (address or CIDR, as text) holds it. */
MUST_CHECK bool functions_register(sqlite3 *database, struct error *error);

#endif
