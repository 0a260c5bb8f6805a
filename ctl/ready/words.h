/* What can be got ready for: stricter settings of the rules tls and auth, a row each. */
#ifndef CTL_READY_WORDS_H
#define CTL_READY_WORDS_H

#include "policy/arena.h"
#include "policy/rule.h"

enum ready_how {
    READY_SET,     /* the option becomes the value */
    READY_WITHOUT, /* the value leaves the list; of an empty list (all): the default's others stay
                    */
    READY_WITH,    /* the value comes into the list */
    READY_ONLY,    /* the list becomes the values */
};

struct ready_word {
    const char *name;
    const char *argument; /* what follows the name, as the usage has it; NULL: nothing does */
    const char *says;     /* what is then refused, for people */
    const char *option;   /* of the rule; "mode" alone: that the rule is enforced */
    enum rule_id rule;
    enum ready_how how;
    const char *value; /* as in the configuration, without quotes; NULL: the argument */
};

extern const struct ready_word ready_words[]; /* ends with a name of NULL */

/* A word with its arguments: the change that it stands for. Borrows the arguments. */
struct ready_change {
    const struct ready_word *word;
    const struct option_row *option; /* NULL: the mode alone */
    struct texts values;
    int64_t number;
};

/* words: NAME [ARGUMENT...], from the command line. Lists take more than one argument. The error
 * names the nearest word. */
MUST_CHECK bool ready_read(const char *const *words, size_t count, struct ready_change *ret_change,
                           struct error *error);

/* What of a change reaches a login: a group that it is in may have settings of its own, which a
 * policy's do not touch. */
struct ready_reach {
    bool option;
    bool mode;
};

/* The rule's settings with the change made, as far as it reaches: the option's new value, and the
 * rule enforced. NULL: memory is out. */
const struct rule_settings *ready_apply(const struct ready_change *change,
                                        const struct rule_settings *settings,
                                        struct ready_reach reach, struct arena *arena);

/* The list that the change is about as it is set; where it is empty (all): the default. */
struct texts ready_list(const struct ready_change *change, const struct rule_settings *settings,
                        struct arena *arena);

/* Where the policy's own settings and the login's are the same, a change of the one reaches the
 * other. */
struct ready_reach ready_reaches(const struct ready_change *change,
                                 const struct rule_settings *policy,
                                 const struct rule_settings *login);

/* The changed setting as it would stand in the rule's group: "min_version = \"TLSv1.3\"". */
const char *ready_setting(const struct ready_change *change, const struct rule_settings *changed,
                          struct arena *arena);

#endif
