/* Sendmail writes address fields anew after its milters: before they are signed they are brought
 * into the form that it leaves as it is. */
#include "policy/address_form.h"

#include "policy/identities.h"
#include "policy/rule.h"

/* Whether people see the same names and addresses; a field that was never certain is not compared.
 */
static bool reads_the_same(struct arena *arena, struct bytes before, struct bytes after)
{
    struct address_list old;
    struct address_list new;
    address_parse_list(arena, before, &old);
    if (old.reading != ADDRESS_AGREED)
        return true;
    address_parse_list(arena, after, &new);
    if (new.reading != ADDRESS_AGREED || new.count != old.count)
        return false;
    for (size_t i = 0; i < old.count; i++)
        if (!address_same(&old.mailboxes[i], &new.mailboxes[i]) ||
            !bytes_equal(old.mailboxes[i].display, new.mailboxes[i].display))
            return false;
    return true;
}

/* Whether it claims an address and can be read in several ways: other rules have more to say of it.
 */
static bool is_doubtful_claim(const struct facts *facts, const struct field *field)
{
    for (size_t i = 0; i < facts->identity_field_count; i++)
        if (facts->identity_fields[i].field == field)
            return facts->identity_fields[i].list.reading != ADDRESS_AGREED;
    return false;
}

static void refuse(struct verdict *verdict, struct arena *arena, const struct field *field)
{
    verdict->fact = field->name;
    verdict_violation(verdict, arena, "unsettled", 554, "5.6.0",
                      "The header field %.*s cannot be sent like this, this server would write it "
                      "anew: write its addresses as Name <user@example.com>, with commas between "
                      "them",
                      (int)field->name.len, field->name.data);
    verdict->beyond_mending = true;
}

static void judge_field(const struct facts *facts, size_t index, struct arena *arena,
                        struct verdict *verdict)
{
    const struct field *field = &facts->header.fields[index];
    struct bytes value = {NULL, 0};
    switch (address_form_of(arena, field->value, facts->connection.mta_host, &value)) {
    case ADDRESS_FORM_STABLE:
        return;
    case ADDRESS_FORM_MENDED:
        if (!reads_the_same(arena, field->value, value))
            break;
        if (!verdict->edits) {
            verdict->fact = field->name;
            verdict_violation(verdict, arena, "rewritten", 554, "5.6.0",
                              "The header field %.*s is not written as this server sends it: put "
                              "names with special characters in quotes",
                              (int)field->name.len, field->name.data);
        }
        verdict_replace_field(verdict, arena, facts, index, value);
        return;
    case ADDRESS_FORM_OTHER:
        break;
    }
    if (!is_doubtful_claim(facts, field))
        refuse(verdict, arena, field);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    (void)generic;
    verdict_pass(verdict, NULL);
    if (facts->connection.mta != MTA_SENDMAIL)
        return;
    for (size_t i = 0; i < facts->header.count && !verdict->beyond_mending; i++)
        if (address_form_matters(facts->header.fields[i].name))
            judge_field(facts, i, arena, verdict);
}

const struct rule rule_address_form = {
    .name = "address_form",
    .asks =
        "Whether the fields with addresses are written so that Sendmail, which writes them anew, "
        "leaves "
        "them as they are: else their signature breaks. Names and commas are mended; what cannot "
        "be is refused. Nothing is asked where the MTA is not Sendmail.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_FIX,
    .actions = RULE_ACTION(ACTION_FIX) | RULE_ACTIONS_REFUSE,
    .refuses_beyond_mending = true,
    .settings_size = sizeof(struct rule_settings),
    .judge = judge,
};
