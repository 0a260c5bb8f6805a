/* What an admin has at hand of a decision: its id, perhaps within the reply that a user sent on; a
 * queue id of the MTA's; a file. */
#ifndef CTL_EXPLAIN_ASKED_H
#define CTL_EXPLAIN_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/bytes.h"
#include "policy/decision_id.h"

enum asked_kind { ASKED_ID, ASKED_QUEUE_ID, ASKED_FILE };

struct asked {
    enum asked_kind kind;
    const char *text; /* ASKED_FILE: its name, "-" is standard input; ASKED_QUEUE_ID: the id */
    char id[DECISION_ID_LEN + 1]; /* ASKED_ID: in capitals, with O, I and L read as 0, 1 and 1 */
};

/* text may be changed, and has to outlive ret_asked. */
void asked_read(char *text, struct asked *ret_asked);

/* The first id in a text: a word of its length and letters, any case. False: there is none.
 * *ret_end is where the search goes on. */
bool asked_find_id(struct bytes text, char ret_id[DECISION_ID_LEN + 1], size_t *ret_end);

/* The same, of one that blanks or line ends have broken into words. */
bool asked_find_broken_id(struct bytes text, char ret_id[DECISION_ID_LEN + 1], size_t *ret_end);

/* How many characters has what looks like an id that some are missing of, or too many are in? 0:
 * nothing does. */
size_t asked_id_length(struct bytes text);

/* The time that an id holds, in milliseconds since 1970. */
int64_t asked_time_of(const char *id);

#endif
