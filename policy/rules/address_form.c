/* Sendmail writes address fields anew after its milters: before they are signed they are brought
 * into the form that it leaves as it is. */
#include "policy/address_form.h"

#include "policy/identities.h"
#include "policy/rule.h"

/* Whether it is the same mailbox, or one whose "localhost" Sendmail replaces by its own name. */
static bool is_same_mailbox(const struct mailbox *before, const struct mailbox *after)
{
    return address_same(before, after) || (bytes_equal(before->domain, BYTES("localhost")) &&
                                           bytes_equal_nocase(before->local, after->local));
}

/* Whether people see the same names and addresses; of a name that is too long its beginning. A
 * field that was never certain is not compared. */
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
    for (size_t i = 0; i < old.count; i++) {
        struct bytes display = new.mailboxes[i].display;
        if (!is_same_mailbox(&old.mailboxes[i], &new.mailboxes[i]) ||
            !bytes_equal(bytes_slice(old.mailboxes[i].display, 0, display.len), display))
            return false;
    }
    return true;
}

/* Whether it claims an address and can be read in several ways: other rules have more to say of it.
 */
static bool is_doubtful_claim(const struct facts *facts, const struct field *field,
                              struct arena *arena)
{
    struct address_list unread;
    for (size_t i = 0; i < facts->identity_field_count; i++)
        if (facts->identity_fields[i].field == field)
            return facts->identity_fields[i].list.reading != ADDRESS_AGREED;
    if (!identities_are_in(field))
        return false;
    address_parse_list(arena, field->value, &unread);
    return unread.reading != ADDRESS_AGREED;
}

static void violation(struct verdict *verdict, struct arena *arena, const struct field *field,
                      const char *reason)
{
    verdict->fact = field->name;
    verdict_violation(verdict, arena, reason, 554, "5.6.0",
                      "The header field %.*s cannot be sent like this, this server would write it "
                      "anew: write its addresses as Name <user@example.com>, with commas between "
                      "them",
                      (int)field->name.len, field->name.data);
}

/* The first field that has to be changed is the one that is named. */
static void note_rewritten(struct verdict *verdict, struct arena *arena, const struct field *field)
{
    if (verdict->reason)
        return;
    verdict->fact = field->name;
    verdict_violation(verdict, arena, "rewritten", 554, "5.6.0",
                      "The header field %.*s is not written as this server sends it: put names "
                      "with special characters in quotes",
                      (int)field->name.len, field->name.data);
}

static void judge_unsettled(const struct facts *facts, size_t index, struct arena *arena,
                            struct verdict *verdict)
{
    const struct field *field = &facts->header.fields[index];
    if (is_doubtful_claim(facts, field, arena))
        return;
    if (bytes_equal_nocase(field->name, BYTES("Reply-To")) &&
        bytes_find(field->value, '@') == field->value.len) {
        note_rewritten(verdict, arena, field);
        verdict_delete_field(verdict, arena, facts, index); /* nobody could answer to it */
        return;
    }
    if (!address_form_may_stay_unsigned(field->name)) {
        violation(verdict, arena, field, "unsettled");
        verdict->beyond_mending = true;
        return;
    }
    if (!verdict->unsigned_fields)
        violation(verdict, arena, field, "unsigned");
    verdict_leave_unsigned(verdict, arena, field->name);
}

static void judge_field(const struct facts *facts, size_t index, struct arena *arena,
                        struct verdict *verdict)
{
    const struct field *field = &facts->header.fields[index];
    struct bytes value = {NULL, 0};
    enum address_form form =
        address_form_of(arena, field->value, facts->connection.mta_host, &value);
    if (form == ADDRESS_FORM_STABLE)
        return;
    if (form == ADDRESS_FORM_OTHER || !reads_the_same(arena, field->value, value)) {
        judge_unsettled(facts, index, arena, verdict);
        return;
    }
    note_rewritten(verdict, arena, field);
    verdict_replace_field(verdict, arena, facts, index, value);
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
        "leaves them as they are: else their signature breaks. Names, commas and semicolons are "
        "mended; what cannot be stays unsigned in To, Cc and the like, and is refused in From, "
        "Sender and Reply-To. Nothing is asked where the MTA is not Sendmail.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_FIX,
    .actions = RULE_ACTION(ACTION_FIX) | RULE_ACTIONS_REFUSE,
    .refuses_beyond_mending = true,
    .settings_size = sizeof(struct rule_settings),
    .judge = judge,
};
