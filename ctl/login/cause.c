/* A cause in words. */
#include "ctl/login/cause.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unistr.h>

#include "policy/invisible.h"

#define USER_MAX 32

/* Anybody can set the variable for himself; whoever is root could as well be anybody. */
static void find_user(char ret_user[USER_MAX + 1])
{
    const char *name = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *entry = name ? getpwnam(name) : NULL;
    if (!entry)
        entry = getpwuid(getuid());
    if (entry)
        snprintf(ret_user, USER_MAX + 1, "%s", entry->pw_name);
    else
        snprintf(ret_user, USER_MAX + 1, "user %lu", (unsigned long)getuid());
}

static bool is_one_line(struct bytes text)
{
    while (text.len) {
        ucs4_t character;
        int len = u8_mbtoucr(&character, (const uint8_t *)text.data, text.len);
        if (len < 0 || character == '\t' || invisible_kind_of(character))
            return false;
        text = bytes_slice(text, (size_t)len, text.len);
    }
    return true;
}

bool cause_write(const char *because, char ret_cause[LIMITS_CAUSE_MAX + 1], struct error *error)
{
    char user[USER_MAX + 1];
    find_user(user);
    size_t len = (size_t)snprintf(ret_cause, LIMITS_CAUSE_MAX + 1, "by %s", user);
    if (!because)
        return true;
    if (!is_one_line(bytes_of(because)))
        return error_set(error, "--because: one line of text is expected");
    if (len + 2 + strlen(because) > LIMITS_CAUSE_MAX)
        return error_set(error, "--because: %zu bytes at most, this is %zu",
                         LIMITS_CAUSE_MAX - len - 2, strlen(because));
    snprintf(ret_cause + len, LIMITS_CAUSE_MAX + 1 - len, ": %s", because);
    return true;
}
