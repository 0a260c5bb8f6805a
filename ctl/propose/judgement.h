/* Habit or theft: whether a login that sends as another address does so as people do, or as
 * somebody does who got hold of its password.
 *
 * Each thing that speaks for either has a word and a weight. The sum says how sure it is; nothing
 * here grants or refuses anything. */
#ifndef CTL_PROPOSE_JUDGEMENT_H
#define CTL_PROPOSE_JUDGEMENT_H

#include "ctl/propose/evidence.h"

/* What is known of the address, beside how it was used. */
struct judgement_address {
    bool ours;            /* it lies in one of the site's domains */
    const char *imitates; /* the domain of ours that its domain looks like, and isn't; or NULL */
    bool own;             /* the login's name is this address */
    bool another_login;   /* it is another login's own mailbox, by its name or by a row */
    bool main_of_another; /* another login may use it, and sends most of its mail as it */
    bool shared;          /* more than one other login may use it, and does */
};

enum judgement_reason {
    JUDGEMENT_OUTSIDE_DOMAINS, /* no points: whoever sends as it, it is not this server's to give */
    JUDGEMENT_LOOKALIKE_DOMAIN,
    JUDGEMENT_ANOTHER_LOGIN,
    JUDGEMENT_STRANGE_NETWORK,
    JUDGEMENT_REFUSED_ELSEWHERE,
    JUDGEMENT_SHARED_NETWORK,
    JUDGEMENT_MAIN_OF_ANOTHER,
    JUDGEMENT_BURST_HOUR,
    JUDGEMENT_BURST_DAY,
    JUDGEMENT_MASS_MAIL,
    JUDGEMENT_NOTHING_ELSE,
    /* These speak for habit. */
    JUDGEMENT_OWN_NAME,
    JUDGEMENT_MANY_DAYS,
    JUDGEMENT_CAME_BACK,
    JUDGEMENT_ON_THE_ROAD,
    JUDGEMENT_KNOWN_NETWORK,
    JUDGEMENT_REASONS
};

enum judgement_verdict {
    JUDGEMENT_HABIT,   /* "habit" */
    JUDGEMENT_UNCLEAR, /* "unclear": something speaks for theft, more speaks for habit */
    JUDGEMENT_ASK,     /* "ask": a habit or not, it is another person's, who is to be asked */
    JUDGEMENT_FOREIGN, /* "foreign": a habit or not, the address is in none of our domains */
    JUDGEMENT_SUSPECT, /* "suspect": it looks more like theft than like habit */
    JUDGEMENT_THEFT,   /* "theft": it looks like nothing else */
};

struct judgement {
    enum judgement_verdict verdict;
    int points;       /* their sum: from 50 on it is suspect, from 100 on theft */
    unsigned reasons; /* a bit each */
};

void judgement_make(const struct evidence *evidence, const struct judgement_address *address,
                    struct judgement *ret_judgement);

/* Whether nobody should be granted it unasked. */
bool judgement_holds_back(const struct judgement *judgement);

bool judgement_has(const struct judgement *judgement, enum judgement_reason reason);

/* Stable words, for JSON and the tests: "strange-network", "suspect". */
const char *judgement_reason_word(enum judgement_reason reason);
const char *judgement_verdict_word(enum judgement_verdict verdict);

/* What the reason says, for people; no full stop. */
const char *judgement_reason_text(enum judgement_reason reason);
int judgement_reason_points(enum judgement_reason reason);

#endif
