/* Address fields: what is agreed on is read the same by a second reader, and is itself again once
 * it is written out. */
#include "policy/address.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/second_reader.h"

#define CEILING ((size_t)4 << 20)

static void check_against_second(struct bytes value, const struct address_list *list)
{
    struct second_list second;
    bool read = second_reader_read(value, &second);
    if (!read || second.count != list->count)
        fuzz_fail("agreed on %zu, a second reader has %zu: %s", list->count, second.count,
                  fuzz_show(value));
    for (size_t i = 0; i < list->count; i++)
        if (!second_reader_same(&second.mailboxes[i], &list->mailboxes[i]))
            fuzz_fail("%s is %s to one reader, %s at %s to another", fuzz_show(value),
                      fuzz_show(list->mailboxes[i].address), fuzz_show(second.mailboxes[i].local),
                      fuzz_show(second.mailboxes[i].domain));
    second_reader_done(&second);
}

/* A display name has no bytes of its own that could be read as an address: the address alone. */
static void check_again(struct arena *arena, const struct mailbox *mailbox)
{
    struct address_list again;
    char *text = arena_printf(arena, " <%.*s>", (int)mailbox->address.len, mailbox->address.data);
    if (!text)
        return;
    address_parse_list(arena, bytes_of(text), &again);
    if (arena_failed(arena))
        return;
    if (again.reading != ADDRESS_AGREED || again.count != 1 ||
        !address_same(mailbox, &again.mailboxes[0]) ||
        !bytes_equal(mailbox->address, again.mailboxes[0].address))
        fuzz_fail("%s, written out, is not itself again: %s", fuzz_show(bytes_of(text)),
                  again.reason ? again.reason : "another one");
}

static void check_mailbox(struct arena *arena, const struct mailbox *mailbox)
{
    struct bytes again;
    if (!mailbox->local.len || !mailbox->address.len)
        fuzz_fail("a mailbox without a local part or an address");
    if (mailbox->domain.len && (!address_normalise_domain(arena, mailbox->domain, &again) ||
                                !bytes_equal(again, mailbox->domain)))
        fuzz_fail("the domain %s is not in its normal form", fuzz_show(mailbox->domain));
    check_again(arena, mailbox);
}

static void check_list(struct arena *arena, struct bytes value)
{
    struct address_list list;
    address_parse_list(arena, value, &list);
    if (arena_failed(arena))
        return;
    if ((list.reading == ADDRESS_AGREED) != (list.reason == NULL))
        fuzz_fail("a reading and its reason do not fit");
    if (list.reading != ADDRESS_AGREED)
        return;
    check_against_second(value, &list);
    for (size_t i = 0; i < list.count; i++)
        check_mailbox(arena, &list.mailboxes[i]);
}

static void check_path(struct arena *arena, struct bytes value)
{
    struct address_list list;
    struct mailbox plain;
    address_parse_path(arena, value, &list);
    if (!arena_failed(arena) && list.reading == ADDRESS_AGREED && list.count > 1)
        fuzz_fail("a path with %zu addresses: %s", list.count, fuzz_show(value));
    if (address_parse_plain(arena, value, &plain) && !arena_failed(arena) && plain.domain.len &&
        plain.local.len)
        check_mailbox(arena, &plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(CEILING);
    struct bytes value = fuzz_bytes(data, size);
    check_list(arena, value);
    arena_clear(arena);
    check_path(arena, value);
    arena_free(arena);
    return 0;
}
