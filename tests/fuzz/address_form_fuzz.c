/* The form that Sendmail leaves as it is: what was mended needs no mending, and names the same
 * mailboxes as before. */
#include "policy/address_form.h"

#include <stdlib.h>

#include "policy/address.h"
#include "policy/rewriting.h"
#include "policy/rule.h"
#include "tests/fuzz/fuzz.h"

#define CEILING ((size_t)4 << 20)
#define HOST BYTES("mail.example.com")

/* What the rule address_form says of a field with that value; the value that would leave. */
static const struct verdict *judged(struct arena *arena, struct bytes name, struct bytes value,
                                    struct verdict *verdict)
{
    struct rule_settings settings = {.mode = MODE_ENFORCE, .action = ACTION_FIX};
    struct field field = {.name = name, .value = value, .instance = 1};
    struct facts facts = {
        .connection = {.mta = MTA_SENDMAIL, .mta_host = HOST},
        .header = {.fields = &field, .count = 1, .size = value.len},
    };
    *verdict = (struct verdict){0};
    rule_address_form.judge(&facts, &settings, arena, verdict);
    return verdict;
}

static void check_rule(struct arena *arena, struct bytes name, struct bytes value)
{
    struct verdict first, second;
    const struct edit *edit = judged(arena, name, value, &first)->edits;
    if (!edit || edit->kind != EDIT_REPLACE)
        return;
    if (judged(arena, name, edit->value, &second)->outcome != OUTCOME_PASS && !arena_failed(arena))
        fuzz_fail("%s is mended into %s, and that again", fuzz_show(value), fuzz_show(edit->value));
}

static void check_form(struct arena *arena, struct bytes value)
{
    struct bytes mended = {NULL, 0};
    struct bytes again = {NULL, 0};
    enum address_form form = address_form_of(arena, value, HOST, &mended);
    if (form != ADDRESS_FORM_MENDED || arena_failed(arena))
        return;
    if (!mended.len || mended.data[0] != ' ')
        fuzz_fail("no leading blank: %s", fuzz_show(mended));
    if (address_form_of(arena, mended, HOST, &again) != ADDRESS_FORM_STABLE && !arena_failed(arena))
        fuzz_fail("%s is mended into %s, which is not stable", fuzz_show(value), fuzz_show(mended));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(CEILING);
    struct bytes value = fuzz_bytes(data, size);
    struct rewriting rewriting;
    check_form(arena, value);
    check_rule(arena, BYTES("From"), value);
    check_rule(arena, BYTES("To"), value);
    arena_clear(arena);
    if (rewriting_of(arena, value, &rewriting)) {
        (void)rewriting_names(&rewriting, BYTES("example.com"), size % 2);
        (void)rewriting_completes(&rewriting);
        (void)rewriting_cuts(&rewriting);
        (void)rewriting_overflows(&rewriting);
    }
    arena_free(arena);
    return 0;
}
