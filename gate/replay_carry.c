/* Rules that see what records leave out. */
#include "gate/replay_carry.h"

#include "policy/address_form.h"
#include "policy/claim.h"

static bool any_field(const struct recorded *recorded, bool (*matters)(struct bytes name))
{
    for (size_t i = 0; i < recorded->field_count; i++)
        if (!recorded->fields[i].has_value && matters(recorded->fields[i].name))
            return true;
    return false;
}

static bool is_any(struct bytes name)
{
    (void)name;
    return true;
}

static bool is_content_type(struct bytes name)
{
    return bytes_equal_nocase(name, BYTES("Content-Type"));
}

static bool is_vouching(struct bytes name)
{
    return claim_reads_as(name, BYTES("Authentication-Results")) ||
           claim_reads_as(name, BYTES("DKIM-Signature"));
}

static bool has_signature(const struct recorded *recorded)
{
    for (size_t i = 0; i < recorded->field_count; i++)
        if (bytes_equal_nocase(recorded->fields[i].name, BYTES("DKIM-Signature")))
            return true;
    return false;
}

/* Whether a rule reads a value that was not captured; the others read names, and the values that
 * every record has (gate/record_facts.h). */
static bool misses_values(const struct recorded *recorded, enum rule_id rule)
{
    switch (rule) {
    case RULE_header_syntax:
    case RULE_header_injection:
        return any_field(recorded, is_any);
    case RULE_header_once:
        return any_field(recorded, is_content_type);
    case RULE_trust_headers:
        return any_field(recorded, is_vouching);
    case RULE_address_form:
        return recorded->session.connection.mta == MTA_SENDMAIL &&
               any_field(recorded, address_form_matters);
    case RULE_local_spoof: /* where it was off nobody verified the signature */
        return recorded->verdicts[rule].verdict.outcome == OUTCOME_NOT_ASKED &&
               has_signature(recorded);
    default:
        return false;
    }
}

/* Where a rule was off, or this version's predecessor wrote the record, nobody may have counted;
 * where it passed without counts, it does so again. */
static bool misses_counts(const struct recorded *recorded, enum rule_id rule)
{
    return recorded->limits.state != FACT_KNOWN &&
           recorded->verdicts[rule].verdict.outcome != OUTCOME_PASS;
}

bool replay_must_carry(const struct recorded *recorded, enum rule_id rule)
{
    if (rules[rule]->counted)
        return misses_counts(recorded, rule);
    switch (rules[rule]->stage) {
    case STAGE_MAIL:
        return false;
    case STAGE_RCPT:
        return !recorded->complete && !recorded->command.len;
    case STAGE_HEADER:
        return !recorded->complete || recorded->header_cut || misses_values(recorded, rule);
    default:
        /* of those that are asked at the end, all but this one see the body alone */
        return !recorded->complete || (rule == RULE_local_spoof &&
                                       (recorded->header_cut || misses_values(recorded, rule)));
    }
}

bool replay_names_tell(const struct recorded *recorded, enum rule_id rule)
{
    return recorded->complete && !recorded->header_cut &&
           (rule == RULE_header_syntax || rule == RULE_header_once);
}

/* The index of a field by name and instance; field_count where it is not, and in a record that is
 * not complete, whose fields are not judged again. */
static size_t find_field(const struct recorded *recorded, struct bytes name, unsigned instance)
{
    unsigned seen = 0;
    size_t i = recorded->complete ? 0 : recorded->field_count;
    for (; i < recorded->field_count; i++)
        if (bytes_equal_nocase(recorded->fields[i].name, name) && ++seen == instance)
            break;
    return i;
}

static bool carry_edit(const struct recorded *recorded, const struct recorded_edit *then,
                       struct arena *arena, struct verdict *verdict)
{
    const struct edit last = {
        .kind = then->kind,
        .name = then->name,
        .field = then->kind == EDIT_ADD ? 0 : find_field(recorded, then->name, then->instance),
    };
    if (then->kind != EDIT_ADD && last.field == recorded->field_count)
        return true;
    struct edit *edit = arena_alloc(arena, sizeof *edit);
    if (!edit)
        return false;
    *edit = last;
    if (then->kind != EDIT_DELETE)
        edit->value = bytes_of(arena_printf(arena, " %.*s", (int)then->value.len,
                                            then->value.len ? then->value.data : ""));
    if (verdict->last_edit)
        verdict->last_edit->next = edit;
    else
        verdict->edits = edit;
    verdict->last_edit = edit;
    return true;
}

bool replay_carried_verdict(const struct recorded *recorded, enum rule_id rule, struct arena *arena,
                            struct verdict *ret_verdict)
{
    *ret_verdict = recorded->verdicts[rule].verdict;
    for (size_t i = 0; i < recorded->edit_count; i++)
        if (bytes_equal(recorded->edits[i].rule, bytes_of(rules[rule]->name)) &&
            !carry_edit(recorded, &recorded->edits[i], arena, ret_verdict))
            return false;
    for (size_t i = 0; rule == RULE_address_form && i < recorded->unsigned_count; i++)
        if (!verdict_leave_unsigned(ret_verdict, arena, recorded->unsigned_names[i]))
            return false;
    return true;
}
