/* A rule: a pure function from facts and its settings to a verdict. No I/O, no clock, no globals.
 *
 * To add one: policy/rules/NAME.c with `const struct rule rule_NAME`, a line in
 * policy/rules/list.h, its place in Makefile.am, its cases in tests/cases/NAME/. */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "policy/option.h"
#include "policy/verdict.h"

enum mode {
    MODE_OFF,     /* not judged */
    MODE_OBSERVE, /* judged, recorded as "would have", never applied */
    MODE_ENFORCE,
};

enum action { /* in the order of their weight */
              ACTION_ACCEPT,
              ACTION_FIX,
              ACTION_QUARANTINE,
              ACTION_TEMPFAIL,
              ACTION_REJECT,
};

/* The first member of every rule's settings; its rows (mode, action) are added by conf/. */
struct rule_settings {
    enum mode mode;
    enum action action;
    int variant; /* which of the rule's own mode words was written; 0 for plain enforce or observe
                  */
};

/* From where on a rule's verdict on the header block is settled. */
struct header_caps {
    size_t fields; /* how many */
    size_t size;   /* bytes of all names and values */
};

struct rule {
    const char *name;
    const char *asks; /* one sentence, for the reference and the manual */
    enum stage stage;
    unsigned early; /* RULE_STAGE(STAGE_MAIL) | ...: stages before that one at which it is
                       asked too, and refuses what is clear there already */
    enum action default_action;
    unsigned actions; /* allowed ones: RULE_ACTION(ACTION_REJECT) | ... */
    bool counted;     /* judges by facts->limits: where no such rule is on, nothing is counted */
    bool refuses_beyond_mending; /* with the action "fix" too: verdict.h, beyond_mending */
    bool contains;               /* a sign of theft: its verdicts may take the login to a state */
    const char *const
        *mode_words; /* words for mode beside enforce, observe and off, each meaning
                        enforce with .variant = its index; NULL-terminated, may be NULL */
    size_t settings_size;
    const struct option_row *options; /* own rows; offsets into the settings struct; may be NULL */
    void (*judge)(const struct facts *facts, const void *settings, struct arena *arena,
                  struct verdict *ret_verdict);
    struct header_caps (*caps)(const void *settings); /* may be NULL: it has none */
};

#define RULE_STAGE(stage) (1U << (stage))
#define RULE_ACTION(action) (1U << (action))
#define RULE_ACTIONS_REFUSE                                                                        \
    (RULE_ACTION(ACTION_REJECT) | RULE_ACTION(ACTION_TEMPFAIL) | RULE_ACTION(ACTION_QUARANTINE))

enum rule_id {
#define RULE(name) RULE_##name,
#include "policy/rules/list.h"
#undef RULE
    RULE_COUNT
};

#define RULE(name) extern const struct rule rule_##name;
#include "policy/rules/list.h"
#undef RULE

/* All rules in the order in which they are asked; rules[RULE_COUNT] is NULL. */
extern const struct rule *const rules[];

/* The words that stand in configuration, records and replies. */
const char *mode_word(enum mode mode);
const char *action_word(enum action action);

#endif
