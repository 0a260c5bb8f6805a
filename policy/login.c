/* Composing logins. */
#include "policy/login.h"

#include "policy/address_spec.h"

struct bytes login_compose(struct arena *arena, struct bytes login)
{
    struct bytes composed;
    if (bytes_are_ascii(login) || address_utf8_check(arena, login) ||
        address_utf8_compose(arena, login, &composed) || bytes_equal(composed, login))
        return login;
    return composed;
}
