/* One value of the file against one row of settings. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/node.h"
#include "policy/option.h"

/* Checks the value and writes it to the member that the row names. Texts stay the tree's, lists are
 * put into the arena. False: "FILE:LINE: key.path: expected ..., found ...". */
MUST_CHECK bool value_read(const struct option_row *row, const struct node *node,
                           struct arena *arena, void *settings, struct error *error);

/* "a number from 0 to 512", "\"TLSv1\" or \"TLSv1.2\"". Cut to size. */
void value_expected(const struct option_row *row, char *text, size_t size);

/* The same as a short remark: "0 to 512", "TLSv1 | TLSv1.2"; empty for texts and lists. */
void value_range(const struct option_row *row, char *text, size_t size);

#endif
