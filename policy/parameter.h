/* Parameters of Content-Type, Content-Disposition and their like: RFC 2045 5.1 with RFC 2231's
 * continuations and charsets, read as leniently as readers of mail do, and with what they could
 * read differently said. */
#ifndef POLICY_PARAMETER_H
#define POLICY_PARAMETER_H

#include "policy/arena.h"
#include "policy/bytes.h"

struct parameter {
    struct bytes name; /* in lower case, without RFC 2231's "*", "*0", "*0*" */
    struct bytes text; /* as people see it: UTF-8, unquoted, unfolded, continuations joined, percent
                          signs and encoded words decoded */
    bool plain;        /* written as name=, name*0= */
    bool extended;     /* written as name*=, name*0*=; with plain too where a client sends both for
                          older readers: text is the extended one's then */
    bool repeated;     /* written twice in one of its forms: name=, name*=, or one number; or as a
                          whole and in numbered parts of the same kind */
    /* Repeated, and not each time by the same value, quotes aside; differs_in_case: by one that
     * differs in ASCII case alone. */
    bool differs;
    bool differs_in_case;
    /* Plain and extended give texts that differ although both are ASCII, or that differ behind
     * their last dot (a file name's extension). */
    bool contradictory;
    bool had_words;      /* an encoded word stood in it */
    bool odd_charset;    /* as decoded_text has it */
    bool malformed;      /* a quoted string that does not end, a bad percent sign, a missing part
                            (name*1 without name*0), an encoded word that does not end */
    bool has_line_break; /* what was decoded (a quoted pair too) holds a line break */
    bool has_nul;
};

struct parameter_list {
    struct bytes value; /* what stands before the first semicolon, comments and blanks taken off:
                           "text/plain", "attachment" */
    struct parameter *parameters; /* in the order of their first part, one a name; in the arena */
    size_t count;
    bool malformed; /* something among them is no parameter (no "=", an empty name, a comment that
                       does not end, text behind a quoted string); it was passed over */
    bool too_many;  /* more than PARAMETER_MAX parts: the rest was not read */
    /* As a parameter's, of whatever a reader could take for one, where readers may cut them apart
     * in another way: too many, malformed, repeated, or with comments. */
    bool has_line_break;
    bool has_nul;
};

#define PARAMETER_MAX 200

/* A whole field value as received. Linear. False only when memory is out. */
bool parameter_parse(struct arena *arena, struct bytes value, struct parameter_list *ret_list);

/* The parameter of that name (ASCII case ignored), or NULL. */
const struct parameter *parameter_find(const struct parameter_list *list, struct bytes name);

#endif
