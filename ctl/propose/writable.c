/* Holding addresses and logins against what tables/texthash reads. */
#include "ctl/propose/writable.h"

#include <string.h>

#include "policy/invisible.h"
#include "tables/key.h"

#define RECORDED_MAX 1000 /* bytes that a record keeps of a value */

/* What the record could not show as it was: its bytes are not known. */
static const char *not_as_it_was(struct bytes text)
{
    struct invisible found;
    if (text.len >= RECORDED_MAX)
        return "it is too long to be recorded whole";
    if (bytes_find_nocase(text, BYTES("\xef\xbf\xbd")) < text.len)
        return "it has bytes that are no UTF-8";
    if (invisible_find(text, INVISIBLE_IN_ADDRESSES | INVISIBLE_BAD_UTF8, &found))
        return "it has characters that are not seen";
    return NULL;
}

/* Two spellings of one key would be one row twice, and the table not be read. */
static bool is_kept_as_written(struct arena *arena, struct bytes address, bool keep_case)
{
    return bytes_equal(key_fold(arena, address, keep_case ? TABLE_KEEP_LOCAL : TABLE_FOLD_CASE),
                       address);
}

const char *writable_address(struct arena *arena, struct bytes address, bool keep_case,
                             struct mailbox *ret_mailbox)
{
    *ret_mailbox = (struct mailbox){0};
    const char *why = not_as_it_was(address);
    if (why)
        return why;
    if (!address_parse_plain(arena, address, ret_mailbox))
        return "it is not read as an address";
    if (!ret_mailbox->domain.len)
        return "it has no domain";
    if (!ret_mailbox->local.len)
        return "it has nothing before its domain";
    if (!ret_mailbox->plain)
        return "its local part has to be quoted";
    if (!bytes_equal(ret_mailbox->address, address))
        return "it can be written in more than one way";
    if (address.data[0] == '#')
        return "a row that begins with # is a comment";
    if (!is_kept_as_written(arena, address, keep_case))
        return "it stands in tables in another spelling: small letters, with ss for a sharp s";
    return NULL;
}

const char *writable_login(struct bytes login)
{
    const char *why = not_as_it_was(login);
    if (why)
        return why;
    for (size_t i = 0; i < login.len; i++)
        if (login.data[i] == ',' || (unsigned char)login.data[i] <= ' ')
            return "a login with blanks or commas cannot stand in a table";
    return login.len ? NULL : "it is empty";
}
