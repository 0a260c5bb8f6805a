/* What `submilterctl doctor` looks at, and what it found.
 *
 * A check is a row in ctl/doctor/checks.c and a file of its own. It reads the context, changes
 * nothing on the host, and tells what it found with doctor_find(); the kinds of findings that it
 * knows stand in a table beside it, so that `--list` and the manual can name each of them. */
#ifndef CTL_DOCTOR_DOCTOR_H
#define CTL_DOCTOR_DOCTOR_H

#include "gate/snapshot.h"
#include "mta/postfix.h"
#include "policy/arena.h"
#include "policy/error.h"

enum doctor_severity {
    DOCTOR_PROBLEM, /* mail passes unguarded, is refused or waits, or signatures break: now, or as
                       soon as submilter is down */
    DOCTOR_ADVICE,  /* works today, and is weaker or shorter-lived than it should be */
    DOCTOR_UNKNOWN, /* could not look */
};

enum doctor_mta { DOCTOR_ANY = 0, DOCTOR_POSTFIX = 1, DOCTOR_SENDMAIL = 2 };

/* A kind of finding; id is a promise: `--accept` and scripts name it. */
struct doctor_kind {
    const char *id; /* "postfix.default-action" */
    enum doctor_severity severity;
    const char *summary; /* one sentence, for --list */
    const char *why;     /* why it matters */
};

struct doctor_finding {
    const struct doctor_kind *kind;
    const char *where; /* a file, a service, a setting */
    const char *what;
    const char *mend;      /* a command line that can be pasted, or a sentence */
    bool mend_is_sentence; /* no command can mend it */
    bool accepted;
};

struct doctor {
    struct arena *arena;
    const char *config;        /* submilter.conf */
    struct snapshot *snapshot; /* settings, tables and keys; NULL: cannot be loaded */
    struct settings *settings; /* NULL: not even these can be loaded */
    struct error config_error; /* why one of them is NULL */
    const char *postfix_config;
    const char *sendmail_config; /* as the options gave them; NULL: the system's */
    unsigned mtas;               /* enum doctor_mta, or-ed: which are looked at */
    bool mta_named;              /* --mta named them: one that is not there is a finding */
    struct postfix *postfix;     /* NULL: none is looked at, or it can't be read */
    struct texts accepted;       /* ids, or id@where */
    struct doctor_finding *findings;
    size_t count;
    size_t room;
};

struct doctor_check {
    const char *theme;    /* for --only */
    enum doctor_mta mta;  /* DOCTOR_ANY: whatever the MTA is */
    const char *looks_at; /* for --list */
    const struct doctor_kind *kinds;
    size_t kind_count;
    void (*look)(struct doctor *doctor);
};

#define DOCTOR_KINDS(table) .kinds = (table), .kind_count = sizeof(table) / sizeof *(table)

/* NULL behind the last. */
extern const struct doctor_check *const doctor_checks[];

/* NULL: no check has it. */
const struct doctor_kind *doctor_kind(const char *id);

/* Fills postfix, snapshot and settings; what can't be read becomes a finding. */
void doctor_open(struct doctor *doctor);
void doctor_close(struct doctor *doctor);

/* Every check whose MTA is looked at; theme NULL: all themes. */
void doctor_look(struct doctor *doctor, const char *theme);

/* One finding more. where: in the arena or static. mend: from mend_command() and its like, or
 * mend_sentence(). */
struct mend {
    const char *text;
    bool is_sentence;
};
void doctor_find(struct doctor *doctor, const char *id, const char *where, struct mend mend,
                 const char *what, ...) __attribute__((format(printf, 5, 6)));

/* "could not look": `what` says at what and why. */
void doctor_cannot_look(struct doctor *doctor, const char *where, struct mend mend,
                        const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Findings that count: neither accepted nor DOCTOR_UNKNOWN; and how many are unknown. */
size_t doctor_counted(const struct doctor *doctor, enum doctor_severity severity);

void doctor_print_text(const struct doctor *doctor);
/* False: memory is out. */
MUST_CHECK bool doctor_print_json(const struct doctor *doctor);
void doctor_print_list(void);

#endif
