/* What observed rules would have refused, added up, and how it is shown. */
#ifndef CTL_OBSERVED_TALLY_H
#define CTL_OBSERVED_TALLY_H

#include <stdio.h>

#include "conf/settings.h"
#include "gate/json.h"
#include "history/observed.h"
#include "policy/arena.h"

/* What one rule found of one person in one policy. The texts are in the arena. */
struct tally_row {
    const char *rule;
    const char *policy;
    const char *reason;
    const char *action; /* it would have led to */
    const char *login;  /* NULL: nobody had logged in */
    const char *client; /* where login is NULL; may be NULL too */
    int64_t passed;     /* messages, and commands, that went through */
    int64_t refused;    /* that another rule refused anyway */
    int64_t last;
    const char *id;
    const char *fact;  /* that the last one turned on: "login 62 messages/minute of 60" */
    bool enforced_now; /* tally_mark_enforced */
};

struct tally_judged {
    const char *rule;
    const char *policy;
    int64_t decisions;
    bool enforced_now; /* for those who are in no group */
};

struct tally {
    struct arena *arena; /* the caller's */
    struct tally_row *rows;
    size_t count;
    struct tally_judged *judged;
    size_t judged_count;
    int64_t decisions; /* all that were looked at */
    int64_t messages;  /* that went through and would be refused: each once, whatever met it */
};

/* Which rows count, and as what; NULL: all, as they are. */
struct tally_choice {
    bool (*takes)(struct tally_row *row, void *context); /* may change what it leads to */
    bool (*takes_judged)(const struct tally_judged *judged, void *context);
    void *context;
};

/* Asks the history. tally_clear also after a failure. */
MUST_CHECK bool tally_take(struct arena *arena, struct history *history,
                           const struct history_filter *filter, const struct tally_choice *choice,
                           struct tally *ret_tally, struct error *error);
void tally_clear(struct tally *tally);

/* Marks what is enforced under these settings, for that login. */
void tally_mark_enforced(struct tally *tally, const struct settings *settings);

/* Whether the row's messages would be refused or held back, and went through. */
bool tally_would_refuse(const struct tally_row *row);

/* Of the rows [from, to): messages that would be refused and went through (of several rules or
 * reasons: once for each), and how many persons (logins; clients where nobody logged in) sent them.
 */
int64_t tally_messages(const struct tally *tally, size_t from, size_t to);
size_t tally_people(const struct tally *tally, size_t from, size_t to);

/* What would have become of the messages of the rows [from, to) that went through: "refused",
 * "deferred", "refused or deferred", ... In the tally's arena; NULL: memory is out. */
const char *tally_would_be(const struct tally *tally, size_t from, size_t to);

/* Where the rows end that have the rule, policy and reason of the row at `from`. */
size_t tally_end_of_reason(const struct tally *tally, size_t from);

/* Tables: a row a reason; a row a person (at most `most`, with a line that says how many more there
 * are; 0: all). False: memory is out, or writing failed. */
MUST_CHECK bool tally_print_reasons(const struct tally *tally, FILE *out, struct error *error);
MUST_CHECK bool tally_print_people(const struct tally *tally, size_t most, FILE *out,
                                   struct error *error);

/* "would_refuse": [...] and "people": [...]. */
void tally_write_json(const struct tally *tally, struct json *json);

#endif
