/* Changes to a host, before they are made: what is shown, then carried out (ctl/setup/apply.h).
 *
 * Rows are carried out in the order in which they were added. What is so already adds no row, so
 * that a plan without rows means that there is nothing to do. Texts are copied into the
 * arena, contents and contexts are borrowed; when memory runs out, plan_good() says so. */
#ifndef CTL_SETUP_PLAN_H
#define CTL_SETUP_PLAN_H

#include "ctl/setup/place.h"

struct plan;

enum plan_kind {
    PLAN_FOLDER,        /* is made */
    PLAN_FILE,          /* gets a content */
    PLAN_REMOVE,        /* a file goes */
    PLAN_REMOVE_FOLDER, /* goes if it is empty */
    PLAN_ACTION,        /* a function of ours: keys are made, a start is waited for */
    PLAN_COMMAND,       /* a program of the host runs */
};

/* For what is new; the names are looked up when it is made. NULL: whoever runs this. */
struct plan_access {
    mode_t mode;
    const char *owner;
    const char *group;
};

/* Done at its turn; may add notes and DNS records to the plan. */
typedef bool plan_action(void *context, struct plan *plan, struct error *error);

struct plan_row {
    enum plan_kind kind;
    const char *what;          /* a short sentence for people, without a full stop; NULL: none */
    const char *path;          /* of files and folders, without links */
    const char *given;         /* FILE: the path with links that led there; NULL: none */
    struct place_file from;    /* FILE, REMOVE: what is there now */
    struct place_file to;      /* FILE: what is to be there */
    struct plan_access access; /* FOLDER, and a FILE that is new */
    bool exact;                /* FILE: mode and owner are those of `to`, not of what is there */
    bool whole;                /* FILE: shown as if nothing had been there */
    bool secret;               /* FILE: its content is shown to nobody */
    plan_action *action;
    void *context;
    const char *const *argv;    /* COMMAND: ends with a NULL */
    const char *const *only_if; /* COMMAND: is left out where this one fails; NULL: never */
    const char *const *reverse; /* COMMAND: undoes it when the plan is rolled back; NULL: nothing */
    plan_action *take_back;     /* with the context, likewise; NULL: nothing */
    const char *stays;          /* what a rollback leaves, for people; NULL: nothing */
    bool again;                 /* COMMAND, ACTION: once more after everything was rolled back */
    bool may_fail; /* COMMAND, ACTION: comes when all is done already: the plan stays carried out */
    bool done;
    bool written; /* FILE, REMOVE: it is in its place */
    struct plan_row *next;
};

enum plan_say { PLAN_NOTE, PLAN_WARNING, PLAN_NEXT /* what the admin does then */ };

struct plan_line {
    enum plan_say kind;
    const char *text;
    struct plan_line *next;
};

struct plan_record { /* a TXT record to publish */
    const char *name;
    const char *value;
    struct plan_record *next;
};

struct plan {
    struct arena *arena;
    const char *mta; /* "postfix": names the folder of its backups */
    struct plan_row *rows, *last_row;
    struct plan_line *lines, *last_line;
    struct plan_record *records, *last_record;
    struct error error; /* the first that adding rows met with */
    bool failed;
    const char *trouble; /* of rows that may fail and did; NULL: none */
};

/* In the arena; NULL when memory is out. */
struct plan *plan_new(struct arena *arena, const char *mta);

/* Whether everything could be added; the error says why not. */
MUST_CHECK bool plan_good(const struct plan *plan, struct error *error);

/* The row, to set `secret` or `what` in; NULL where nothing has to be done or an error was met.
 * A path that is a link is followed. An existing file keeps its mode and owner. */
struct plan_row *plan_file(struct plan *plan, const char *path, struct bytes content,
                           struct plan_access access);

/* Exactly this content, mode and owner. */
struct plan_row *plan_restore(struct plan *plan, const char *path, const struct place_file *file);
struct plan_row *plan_remove(struct plan *plan, const char *path);

/* Folders above it that are missing are made for root with mode 0755. A folder that is there stays
 * as it is. */
struct plan_row *plan_folder(struct plan *plan, const char *path, struct plan_access access);
struct plan_row *plan_remove_folder(struct plan *plan, const char *path);

struct plan_row *plan_act(struct plan *plan, const char *what, plan_action *action, void *context);

/* argv: copied; ends with a NULL. An exit status other than 0 fails the plan. */
struct plan_row *plan_command(struct plan *plan, const char *what, const char *const argv[]);

/* A copy of a command's words in the plan's arena, for only_if and reverse. NULL when memory is
 * out. */
const char *const *plan_words(struct plan *plan, const char *const argv[]);

void plan_say(struct plan *plan, enum plan_say kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void plan_dns(struct plan *plan, const char *name, const char *value);

/* Whether there is anything to do. */
bool plan_pending(const struct plan *plan);

/* A command as it is typed in a shell. */
const char *plan_command_text(struct arena *arena, const char *const argv[]);

#endif
