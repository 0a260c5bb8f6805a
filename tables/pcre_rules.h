/* The rules of a pcre_table(5), read and compiled. */
#ifndef TABLES_PCRE_RULES_H
#define TABLES_PCRE_RULES_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "policy/bytes.h"
#include "policy/error.h"
#include "policy/file_state.h"

enum pcre_op { PCRE_MATCH, PCRE_IF, PCRE_ENDIF };

struct pcre_part { /* of a result: a text, or what a group matched */
    struct bytes literal;
    uint32_t group; /* 0: it is a text */
};

struct pcre_rule {
    enum pcre_op op;
    bool negated;
    unsigned line;
    pcre2_code *code;
    struct bytes pattern; /* as written: its first delimiter and all up to the second */
    struct pcre_part *parts;
    size_t part_count;
    size_t endif; /* IF: place of its ENDIF */
};

struct pcre_rules {
    struct pcre_rule *rules;
    size_t count;
    size_t capacity;
    uint32_t group_max; /* the most groups that a pattern has */
    char *text;         /* that patterns and literals stand in */
};

/* What Postfix would pass over with a warning is an error, with file and line. ret_state: see
 * file_read. */
MUST_CHECK bool pcre_rules_load(const char *path, struct pcre_rules *ret_rules,
                                struct file_state *ret_state, struct error *error);
void pcre_rules_done(struct pcre_rules *rules);

#endif
