/* A Postfix instance's configuration, as postconf tells it: nothing is parsed here that Postfix
 * parses itself. */
#ifndef MTA_POSTFIX_H
#define MTA_POSTFIX_H

#include "policy/arena.h"
#include "policy/error.h"
#include "policy/texts.h"

struct postfix_parameter {
    const char *name;
    const char *raw;   /* as main.cf or master.cf says it */
    const char *value; /* with every $name expanded */
    bool is_set;       /* stands in main.cf; false: Postfix's default */
};

struct postfix_service {
    const char *name; /* "smtp", "submission", "127.0.0.1:10025" */
    const char *type; /* "inet", "unix", ... */
    bool chroot;
    const char *program;                 /* "smtpd" */
    const char *command;                 /* program and arguments as master.cf says it */
    struct postfix_parameter *overrides; /* its -o */
    size_t override_count;
};

struct postfix {
    const char *config; /* the folder of main.cf and master.cf */
    struct postfix_parameter *parameters;
    size_t parameter_count;
    struct postfix_service *services;
    size_t service_count;
};

/* config: a folder, NULL for the system's instance. All in the arena. */
MUST_CHECK bool postfix_read(struct arena *arena, const char *config, struct postfix *ret_postfix,
                             struct error *error);

/* main.cf's parameter or Postfix's default; NULL where this Postfix knows none of that name. */
const struct postfix_parameter *postfix_parameter(const struct postfix *postfix, const char *name);

/* Its expanded value; "" where there is no such parameter. */
const char *postfix_value(const struct postfix *postfix, const char *name);

/* The parameter that holds in a service: its own -o, or main.cf's. */
const struct postfix_parameter *postfix_service_parameter(const struct postfix *postfix,
                                                          const struct postfix_service *service,
                                                          const char *name);
const char *postfix_service_value(const struct postfix *postfix,
                                  const struct postfix_service *service, const char *name);

/* The service's own -o; NULL: it has none of that name, and main.cf's holds. */
const struct postfix_parameter *postfix_service_own(const struct postfix_service *service,
                                                    const char *name);

/* A name in main.cf for what a service's parameter is set to, since `postconf -P` takes no value
 * with blanks: submilter_, and the letters and digits of both. NULL when memory is out. */
const char *postfix_service_variable(struct arena *arena, const struct postfix_service *service,
                                     const char *name);

/* NULL where master.cf has none. */
const struct postfix_service *postfix_service(const struct postfix *postfix, const char *name,
                                              const char *type);

/* "smtps" -> 465, "587" and "10.0.0.1:587" -> 587; 0 for a name that /etc/services does not have,
 * and for what is no inet service. */
int postfix_service_port(const struct postfix_service *service);

/* Whether "yes" is what a boolean parameter says. */
bool postfix_says_yes(const char *value);

#endif
