/* Composing logins. */
#include "policy/login.h"

#include "policy/address_spec.h"

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 127)
            return false;
    return true;
}

struct bytes login_compose(struct arena *arena, struct bytes login)
{
    struct bytes composed;
    if (is_ascii(login) || address_utf8_check(arena, login) ||
        address_utf8_compose(arena, login, &composed) || bytes_equal(composed, login))
        return login;
    return composed;
}
