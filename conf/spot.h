/* Where a key stands in a file's text, byte for byte: what an edit has to know that a tree of
 * values has lost. */
#ifndef CONF_SPOT_H
#define CONF_SPOT_H

#include "policy/bytes.h"
#include "policy/error.h"

/* One step of the way to a key: the member of that name, or where name is NULL, the item of a list
 * or array with that index, from 0. */
struct step {
    const char *name;
    size_t index;
};

struct span { /* bytes [from, to) of the text */
    size_t from;
    size_t to;
};

/* A group on the way, or the file itself. */
struct spot_group {
    struct span inside;   /* without its brackets */
    bool has_settings;    /* else last says nothing */
    struct span last;     /* its last setting, from the name to the end of the value */
    bool last_ended;      /* by a ; or a comma */
    char last_mark;       /* behind the name of its last setting: = or : */
    bool on_lines;        /* a setting of it begins a line */
    struct span indented; /* where on_lines: the blanks before the last that does */
};

struct spot {
    bool found;
    struct span value;       /* where found */
    unsigned line;           /* where the value begins; of what is missing: where its group ends */
    size_t parts;            /* texts side by side, of which libconfig makes one value; else 1 */
    size_t depth;            /* steps that are there as groups or lists, one after the other */
    bool ends_in_group;      /* the last of these is one, or none is there: the file itself */
    struct spot_group group; /* where ends_in_group: that one */
    char group_mark;         /* behind the name of the last group that was met anywhere: = or : */
    struct span unit; /* blanks by which members stand in, in the first group with all of them on
                         lines of their own; or empty */
};

/* Looks for the key; the text has passed syntax_check. False: it has not, after all. */
MUST_CHECK bool spot_find(struct bytes text, const struct step *steps, size_t count,
                          struct spot *ret_spot, struct error *error);

#endif
