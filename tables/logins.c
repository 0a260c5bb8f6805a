/* Finding a login in a row's list. */
#include "tables/logins.h"

#include "policy/address.h"

static bool is_separator(char byte)
{
    return byte == ',' || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct bytes logins_next(struct bytes *value)
{
    size_t from = 0;
    while (from < value->len && is_separator(value->data[from]))
        from++;
    size_t to = from;
    while (to < value->len && !is_separator(value->data[to]))
        to++;
    struct bytes login = bytes_slice(*value, from, to);
    *value = bytes_slice(*value, to, value->len);
    return login;
}

/* Other than in ASCII, what may be taken for one another is the address parser's to say: composed
 * letters for decomposed ones, but not the Kelvin sign for a K, which NFC is too kind to. */
static bool same_login(struct arena *arena, struct bytes a, struct bytes b)
{
    if (bytes_equal_nocase(a, b))
        return true;
    if (bytes_are_ascii(a) && bytes_are_ascii(b))
        return false;
    struct mailbox a_mailbox;
    struct mailbox b_mailbox;
    return address_parse_plain(arena, a, &a_mailbox) && address_parse_plain(arena, b, &b_mailbox) &&
           address_same(&a_mailbox, &b_mailbox);
}

bool logins_have(struct arena *arena, struct bytes value, struct bytes login)
{
    if (!login.len)
        return false;
    for (struct bytes word; (word = logins_next(&value)).len;)
        if (same_login(arena, word, login))
            return true;
    return false;
}
