/* submilterctl setup: one kind a MTA. */
#ifndef CTL_SETUP_SETUP_H
#define CTL_SETUP_SETUP_H

#include "ctl/setup/plan.h"
#include "policy/texts.h"

struct setup_options {
    const char *config; /* submilter.conf */
    const char *place;  /* the MTA's configuration: what the kind's place_option named, or NULL */
    const char *cf;     /* Sendmail's .cf; NULL: the one beside the .mc */
    const char *cf_folder; /* of Sendmail's m4/cf.m4; NULL: found */
    const char *state;     /* the folder for all backups */
    const char *daemon;    /* the program submilter */
    const char *socket;    /* in submilter.conf's form; NULL: the kind's own choice */
    const char *records;   /* the file of records; "": none */
    const char *history;   /* the database of them; "": none */
    const char *user;      /* who the daemon is to be */
    struct texts domains;  /* --domain */
    bool enforce;
    bool keys;      /* false: --no-keys */
    bool carry_out; /* the plan will be carried out, and not only shown */
    /* This setup once more, for a shell: with the options that were given, but without those that
     * say what to do (--yes, --enforce, --json). */
    const char *again;
};

struct setup_kind {
    const char *name;         /* "postfix" */
    const char *place_option; /* "postfix-config" */
    bool makes_cf;            /* takes --cf and --cf-dir */
    /* Adds what has to be changed, notes, warnings and next steps. */
    bool (*propose)(const struct setup_options *options, struct plan *plan, struct error *error);
    /* The path that tells this configuration from others of the host; asked for also where the MTA
     * is gone. NULL when memory is out. */
    const char *(*place)(const struct setup_options *options, struct arena *arena);
    /* What has to run when everything was put back, by the rows that are in the plan. What it
     * cannot find out, it leaves out and says: an undo is wanted most where something is broken. */
    void (*after_undo)(const struct setup_options *options, struct plan *plan);
};

extern const struct setup_kind setup_postfix;
extern const struct setup_kind setup_sendmail;

#endif
