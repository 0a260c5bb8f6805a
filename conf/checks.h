/* Further checks of single texts, as rows name them: false, and "expected ..." in the error. */
#ifndef CONF_CHECKS_H
#define CONF_CHECKS_H

#include "policy/error.h"

bool check_domain(const char *text, struct error *error);
bool check_absolute_path(const char *text, struct error *error);
bool check_redis(const char *text, struct error *error);
bool check_fleet(const char *text, struct error *error);
bool check_command(const char *text, struct error *error);
bool check_webhook(const char *text, struct error *error);
bool check_path_or_none(const char *text, struct error *error);
bool check_socket(const char *text, struct error *error);
bool check_mode(const char *text, struct error *error);
bool check_network(const char *text, struct error *error);
bool check_table(const char *text, struct error *error);
bool check_delimiter(const char *text, struct error *error);
bool check_field_name(const char *text, struct error *error);
bool check_login(const char *text, struct error *error);
bool check_word(const char *text, struct error *error);

#endif
