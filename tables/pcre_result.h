/* The right-hand side of a pcre_table(5) rule: text with $1, ${1}, $(1) and $$ in it. */
#ifndef TABLES_PCRE_RESULT_H
#define TABLES_PCRE_RESULT_H

#include "tables/pcre_rules.h"

/* Cuts the text, which is changed and must outlive the parts. ret_parts: from malloc, also when it
 * fails. ret_group: the highest group that is named. */
MUST_CHECK bool pcre_result_parse(char *text, struct pcre_part **ret_parts, size_t *ret_count,
                                  uint32_t *ret_group, struct error *error);

#endif
