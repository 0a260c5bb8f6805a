/* For the tests of conf/: a configuration from a text, in a folder of its own. */
#ifndef TESTS_UNIT_CONF_LOAD_H
#define TESTS_UNIT_CONF_LOAD_H

#include "conf/settings.h"

/* $srcdir/tests/conf/NAME; the buffer is static. */
const char *conf_data(const char *name);

/* Writes the bytes to a file, loads it and removes it. The error names it as "FILE". */
bool conf_load_bytes(struct bytes text, struct settings **ret_settings, struct error *error);

/* The same; the text must load. */
struct settings *conf_load(const char *text);

/* tests/conf/NAME, which must load. */
struct settings *conf_load_data(const char *name);

/* A rule's settings in a policy, for a login. */
const struct rule_settings *conf_rule(const struct settings *settings, const char *policy,
                                      const char *login, enum rule_id rule);
enum mode conf_mode(const struct settings *settings, const char *policy, const char *login,
                    enum rule_id rule);

/* How rule tls begins its settings. */
struct conf_tls {
    struct rule_settings common;
    int min_version;
    int64_t min_cipher_bits;
};

const struct conf_tls *conf_tls(const struct settings *settings, const char *policy,
                                const char *login);

/* The text must not load, and this is the error. */
void conf_refuse(const char *text, const char *error);

/* What settings_print (or the reference, where settings is NULL) writes; to be freed. Origins
 * behind the values are cut off. */
char *conf_printed(const struct settings *settings);

/* A whole file; to be freed. */
char *conf_slurp(const char *path);

#endif
