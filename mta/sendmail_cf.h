/* The .cf file that Sendmail runs on: what m4 made of the .mc, and so what really holds. */
#ifndef MTA_SENDMAIL_CF_H
#define MTA_SENDMAIL_CF_H

#include <stdint.h>

#include "policy/arena.h"
#include "policy/error.h"
#include "policy/texts.h"

struct sendmail_line { /* D, C, F, K and O lines */
    char kind;
    const char *name;  /* O: "AuthOptions"; D, C, F: "w", "{VirtHost}"; K: "generics" */
    const char *value; /* the rest, trimmed */
    size_t line;       /* counted from 1 */
};

struct sendmail_filter { /* an X line */
    const char *name;
    const char *endpoint; /* S=; "" where there is none */
    const char *flags;    /* F=: T, R or 4; "": mail goes on without an answer */
    int64_t connect;      /* T=C, seconds */
    int64_t send;         /* T=S */
    int64_t read;         /* T=R */
    int64_t end;          /* T=E */
    size_t line;
};

struct sendmail_daemon {   /* a DaemonPortOptions line */
    const char *name;      /* "Daemon0" and so on where it has none */
    const char *address;   /* "" for every one */
    const char *modifiers; /* M=: "Ea" */
    int port;              /* 0: a service that this host does not know */
    bool own_filters;      /* has InputMailFilters= of its own, be it empty */
    struct texts filters;  /* the names in it */
    const char *written;
    size_t line; /* 0: no line, but Sendmail's default */
};

struct sendmail_mailer { /* an M line */
    const char *name;
    const char *path;      /* P= */
    const char *flags;     /* F= */
    const char *arguments; /* A= */
    int64_t line_max;      /* L=; 0: none */
    size_t line;
};

struct sendmail_cf {
    const char *path;
    struct sendmail_line *lines;
    size_t line_count;
    struct sendmail_filter *filters;
    size_t filter_count;
    struct sendmail_daemon *daemons; /* at least one */
    size_t daemon_count;
    struct sendmail_mailer *mailers;
    size_t mailer_count;
    bool no_canonify;     /* FEATURE(`nocanonify'): host names stay, but for those of a class */
    bool takes_full_name; /* a From or Resent-From that is missing is made with the client's
                             Full-Name */
};

MUST_CHECK bool sendmail_cf_read(struct arena *arena, const char *path, struct sendmail_cf *ret_cf,
                                 struct error *error);

/* The text of a .cf file. False when memory is out. */
bool sendmail_cf_parse(struct arena *arena, struct bytes text, struct sendmail_cf *ret_cf);

/* An option's value, NULL where it is not set; the last line of several holds. Case is ignored. */
const char *sendmail_cf_option(const struct sendmail_cf *cf, const char *name);

/* Whether an option of flag letters or words ("AuthOptions=p A", "PrivacyOptions=noetrn,goaway")
 * has that one. */
bool sendmail_cf_option_has(const struct sendmail_cf *cf, const char *name, const char *word);

/* A macro's value ("M", "{MTAHost}"); NULL where it is not set. */
const char *sendmail_cf_macro(const struct sendmail_cf *cf, const char *name);

/* The K line of a map; NULL for none. */
const struct sendmail_line *sendmail_cf_map(const struct sendmail_cf *cf, const char *name);

/* A class's words: those of its C lines, and the first word of each line of the files of its F
 * lines. A file that is missing has none; one that can't be read is an error. What is no file (a
 * map, a program) is left out. */
MUST_CHECK bool sendmail_cf_class(struct arena *arena, const struct sendmail_cf *cf,
                                  const char *name, struct texts *ret_words, struct error *error);

/* NULL for no filter of that name. */
const struct sendmail_filter *sendmail_cf_filter(const struct sendmail_cf *cf, const char *name);

const struct sendmail_mailer *sendmail_cf_mailer(const struct sendmail_cf *cf, const char *name);

/* The names of the filters that a daemon asks, in this order: its own list, or InputMailFilters.
 * False when memory is out. */
bool sendmail_cf_filters_of(struct arena *arena, const struct sendmail_cf *cf,
                            const struct sendmail_daemon *daemon, struct texts *ret_names);

/* Users hand in their mail there: ports 465 and 587, TLS from the first byte, or a login asked for.
 */
bool sendmail_cf_is_submission(const struct sendmail_daemon *daemon);

/* Whether a filter is in a daemon's list. */
bool sendmail_cf_asks(struct arena *arena, const struct sendmail_cf *cf,
                      const struct sendmail_daemon *daemon, const char *filter);

/* Whether what Sendmail does when the filter does not answer keeps mail back. */
bool sendmail_cf_fails_closed(const struct sendmail_filter *filter);

/* Whether host names in addresses are replaced by what the DNS has behind a CNAME. */
bool sendmail_cf_expands_names(const struct sendmail_cf *cf);

/* Whether MIME headers are searched for what is too long or unbalanced, and header and body then
 * written anew. */
bool sendmail_cf_mends_mime(const struct sendmail_cf *cf);

/* The filter that is submilter: at its socket, or called "submilter"; NULL for none. */
const struct sendmail_filter *sendmail_cf_ours(const struct sendmail_cf *cf, const char *socket);

/* Whether a filter's S= is the socket that submilter.conf names. */
bool sendmail_cf_same_place(const char *endpoint, const char *socket);

#endif
