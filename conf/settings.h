/* The configuration in force: checked, immutable, counted.
 *
 * Loaded from one file and the files of its conf.d, in name order. Nothing is half-loaded: an error
 * names file, line, key and what was expected, and there is no settings object then. */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <netinet/in.h>
#include <stdio.h>

#include "policy/engine.h"

struct cidr { /* a client network; IPv4 as ::ffff:a.b.c.d */
    struct in6_addr address;
    unsigned bits; /* 0..128 */
};

struct listener {
    const char *name;
    const int64_t *ports; /* any of them; none: every port */
    size_t port_count;
    const struct cidr *clients; /* any of them; none: every client. A sendmail(1) submission counts
                                   as 127.0.0.1 */
    size_t client_count;
    struct texts daemons; /* any {daemon_name}; none: every one */
    bool asks_login;      /* whether login was written */
    bool login;           /* the session has logged in, or has not */
    const char *policy;   /* name of the policy */
    const char
        *tls_terminator; /* name of the trusted proxy that ends TLS in front of it, or NULL */
};

struct senders_settings {
    struct texts tables;             /* "kind:path", in the order in which they are asked */
    bool extensions;                 /* alice+x@ belongs to who owns alice@ */
    const char *recipient_delimiter; /* the characters that begin an extension: "+" */
    bool case_sensitive_local;
};

struct dkim_settings {
    const char *keys;            /* folder of <domain>/<selector>.pem */
    bool parents;                /* a.example.com may be signed by example.com's keys */
    int header_canonicalization; /* 0 relaxed, 1 simple */
    int body_canonicalization;
    struct texts sign_fields;     /* fields that are signed where present */
    struct texts oversign_fields; /* ... signed once more, so that none can be added */
    int64_t expire;               /* x= this many seconds after t=; 0 for no x= */
};

enum log_on_error { LOG_ON_ERROR_TEMPFAIL, LOG_ON_ERROR_CONTINUE };

struct log_settings {
    bool syslog;
    const char *json; /* path, or NULL */
    int on_error;     /* enum log_on_error */
    int capture;      /* 0 none, 1 headers */
};

struct history_settings {
    const char *file; /* path, or NULL */
    int64_t keep;     /* seconds */
    int64_t max_size; /* bytes */
};

struct counters_settings {
    const char *file;                /* the folder of what is counted, or NULL: in memory alone */
    int64_t max_size;                /* bytes */
    const char *redis;               /* "unix:/PATH", "inet:PORT@ADDRESS", ..., or NULL */
    const char *redis_password_file; /* or NULL */
    const char *fleet;
    const char *secret_file; /* or NULL: "secret" in file */
    int64_t remember;        /* seconds */
    int64_t known_after;     /* seconds */
    int64_t network_bits_ipv4, network_bits_ipv6;
};

struct alerts_settings {
    const char *command; /* or NULL */
    const char *webhook; /* or NULL */
    int64_t every;       /* seconds */
};

struct settings {
    const char *path;
    char hash[17]; /* of everything that was read, in hex */
    struct site site;
    const char *socket; /* "unix:/path", "inet:PORT@ADDRESS", "inet6:PORT@ADDRESS", "fd:N" */
    unsigned socket_mode;
    const char *socket_group; /* or NULL */
    const char *user;         /* or NULL: stay who we are */
    const char *pid_file;     /* or NULL */
    bool core_dumps;
    int64_t timeout; /* seconds that a silent MTA is waited for */
    const struct listener *listeners;
    size_t listener_count;
    struct senders_settings senders;
    struct dkim_settings dkim;
    struct log_settings log;
    struct texts expectations; /* paths of files: gate/expectations.h */
    struct history_settings history;
    struct counters_settings counters;
    struct alerts_settings alerts;
    struct settings_private *private;
};

/* One reference to a checked configuration, or false. Logs nothing, prints nothing. */
MUST_CHECK bool settings_load(const char *path, struct settings **ret_settings,
                              struct error *error);

struct file; /* conf/files.h */

/* The same from texts instead of what the disk has: files as files_read gives them for that path,
 * with what is to be written into them; they and their paths outlive the settings. */
MUST_CHECK bool settings_load_files(const char *path, const struct file *files, size_t count,
                                    struct settings **ret_settings, struct error *error);

/* Further references; the last settings_unref frees. Both are safe from any thread; NULL is
 * allowed. */
struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings);

/* The first listener that matches. A session that logged in is submission wherever it came in: of
 * the listeners whose policy goes back to local or inbound only those match it that say login =
 * true, and where none matches, the first listener with the policy "submission" (and without a TLS
 * terminator) holds. NULL when there is none: the policy is then "submission" with a login, else
 * "inbound". client: text form, empty for sendmail(1). port 0: unknown, matches only listeners
 * without ports. */
const struct listener *settings_listener(const struct settings *settings, struct bytes client,
                                         int64_t port, struct bytes daemon, bool logged_in);

/* The policy of that name with the overrides of the first group that the login is in (no bytes: no
 * login). Built-in names: submission, local, inbound. NULL: no such policy. */
const struct policy *settings_policy(const struct settings *settings, const char *name,
                                     struct bytes login);

/* The same for those whom the group of that name holds. NULL: no such policy or group. */
const struct policy *settings_group_policy(const struct settings *settings, const char *name,
                                           struct bytes group);

/* What a policy goes back to: "submission", "local" or "inbound" (its own name or its base). */
const char *settings_policy_base(const struct settings *settings, const char *name);

/* Whether any mail is signed: the rule dkim is not off for users, for this host or for a listener.
 * Else keys and other signers are no concern of ours. */
bool settings_signs(const struct settings *settings);

/* The group of users that names the login first; NULL: none does. */
const char *settings_group(const struct settings *settings, struct bytes login);

/* The groups' names, one by one; NULL behind the last. */
const char *settings_group_at(const struct settings *settings, size_t index);

/* Puts where a section's key is written before an error about its value: "FILE:LINE: counters.file:
 * ", or "FILE: counters.file: " where it is not. Always false. */
bool settings_blame(const struct settings *settings, const char *section, const char *key,
                    struct error *error);

/* `submilterctl conf`: every key's effective value, one a line, "# FILE:LINE" or "# default"
 * behind. */
bool settings_print(const struct settings *settings, FILE *out);

/* `submilterctl conf --defaults`: the commented reference, itself a valid configuration file. */
bool settings_print_reference(FILE *out);

#endif
