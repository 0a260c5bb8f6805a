/* The small readers of fields and bodies: lines, dates, Message-IDs, who vouches, what text shows,
 * and the body's bytes in any cuts. */
#include "policy/header.h"

#include "policy/body.h"
#include "policy/cut_short.h"
#include "policy/date.h"
#include "policy/display.h"
#include "policy/domain_in.h"
#include "policy/mention.h"
#include "policy/msgid.h"
#include "policy/raw_8bit.h"
#include "policy/vouch.h"
#include "tests/fuzz/fuzz.h"

#define CEILING ((size_t)8 << 20)

static void check_lines(struct bytes value)
{
    struct bytes rest = value, line;
    const struct field field = {.name = BYTES("X"), .value = value};
    size_t longest = header_longest_line(&field), seen = 0;
    while (header_next_line(&rest, &line)) {
        if (bytes_find(line, '\n') < line.len)
            fuzz_fail("a line with a line end in it: %s", fuzz_show(line));
        if (line.len > seen)
            seen = line.len;
    }
    if (rest.len || seen > longest)
        fuzz_fail("a line of %zu bytes, and %zu are the most: %s", seen, longest, fuzz_show(value));
    if (!raw_8bit_in(value) && (raw_8bit_outside_quotes(value) || raw_8bit_in_address(value)))
        fuzz_fail("bytes above 127 where there are none");
}

/* A date that was read is read from its own text again. */
static void check_date(struct bytes value)
{
    char text[DATE_TEXT_SIZE];
    int64_t first, second;
    if (!date_parse(value, &first))
        return;
    date_format(first, text);
    if (first >= -62167219200 && first <= 253402300799 &&
        (!date_parse(bytes_of(text), &second) || first != second))
        fuzz_fail("%s is %lld, and %s is not", fuzz_show(value), (long long)first, text);
}

static void check_msgid(struct arena *arena, struct bytes value)
{
    struct bytes left, right, again_left, again_right;
    if (!msgid_parse(value, true, &left, &right))
        return;
    char *text =
        arena_printf(arena, " <%.*s@%.*s>", (int)left.len, left.data, (int)right.len, right.data);
    if (text && (!msgid_parse(bytes_of(text), true, &again_left, &again_right) ||
                 !bytes_equal(left, again_left) || !bytes_equal(right, again_right)))
        fuzz_fail("%s is not read again from %s", fuzz_show(value), text);
}

static void check_vouch(struct arena *arena, struct bytes value)
{
    static const char *names[] = {"mx.example.com"}, *domains[] = {"example.com"};
    const struct texts authserv = {names, 1}, ours = {domains, 1};
    struct bytes id;
    if (vouch_authserv_id(arena, value, &id) && !id.len)
        fuzz_fail("an authserv-id without bytes: %s", fuzz_show(value));
    if (vouch_signer(arena, value, &id) && !id.len)
        fuzz_fail("a signer without bytes: %s", fuzz_show(value));
    (void)vouch_is_ours(arena, value, &authserv, &ours);
}

static void check_shown(struct arena *arena, struct bytes text)
{
    struct bytes seen, folded;
    struct mention mention;
    size_t at = 0, before = 0;
    (void)display_is_padded(text, 78);
    (void)display_shows_name(arena, text, BYTES("Jane Doe"));
    if (mention_as_seen(arena, text, &seen))
        for (; mention_next(seen, &at, &mention); before = at)
            if (!mention.domain.len || at <= before)
                fuzz_fail("a mention of nothing, or no way on: %s", fuzz_show(text));
    if (domain_in_fold(arena, text, &folded))
        for (unsigned flags = 0; flags < 16; flags++)
            (void)domain_in(folded, BYTES("example.com"), flags);
}

/* Whole, and byte for byte. */
static void check_body(struct bytes body)
{
    struct facts_body whole = {0}, cut = {0};
    struct body_scan scan = {0};
    body_scan_chunk(&scan, body, &whole);
    body_scan_end(&scan, &whole);
    scan = (struct body_scan){0};
    for (size_t i = 0; i < body.len; i++)
        body_scan_chunk(&scan, bytes_slice(body, i, i + 1), &cut);
    body_scan_end(&scan, &cut);
    if (whole.size != cut.size || whole.has_nul != cut.has_nul ||
        whole.has_bare_cr != cut.has_bare_cr || whole.has_bare_lf != cut.has_bare_lf ||
        whole.has_early_end != cut.has_early_end || whole.longest_line != cut.longest_line)
        fuzz_fail("a body in pieces is another body: %s", fuzz_show(body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(CEILING);
    struct bytes text = fuzz_bytes(data, size);
    struct facts_header header = {0};
    struct bytes name;
    check_lines(text);
    check_date(text);
    check_msgid(arena, text);
    check_vouch(arena, text);
    check_shown(arena, text);
    check_body(text);
    if (cut_short(arena, &header, text, &name) && !name.len)
        fuzz_fail("cut short by a field without a name: %s", fuzz_show(text));
    arena_free(arena);
    return 0;
}
