/* What a message's body holds that readers of SMTP disagree on, found while it streams by. */
#ifndef POLICY_BODY_H
#define POLICY_BODY_H

#include "policy/facts.h"

struct body_scan { /* all zero before the first byte */
    bool after_cr;
    bool bare_begin;     /* a bare CR or LF began the line that is being read */
    int64_t line_length; /* bytes of the line that is being read, so far */
    enum { BODY_LINE_EMPTY, BODY_LINE_DOT, BODY_LINE_OTHER } line;
};

/* Reads on, whichever way the body was cut into chunks, and adds to facts->size, longest_line,
 * has_nul, has_bare_cr, has_bare_lf and has_early_end. facts->cut_short is the caller's to find
 * out. Linear. */
void body_scan_chunk(struct body_scan *scan, struct bytes chunk, struct facts_body *facts);

/* The body is over: settles what its last bytes were. */
void body_scan_end(struct body_scan *scan, struct facts_body *facts);

#endif
