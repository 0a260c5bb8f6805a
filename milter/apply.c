/* Edits, signatures, replies: from our words to libmilter's calls. */
#include "milter/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/log.h"

/* libmilter formats the text: a single % would make Sendmail drop it. */
static void double_percents(const char *text, char *ret_text, size_t size)
{
    size_t len = 0;
    for (; *text && len + 3 < size; text++) {
        if (*text == '%')
            ret_text[len++] = '%';
        ret_text[len++] = *text;
    }
    ret_text[len] = '\0';
}

sfsistat apply_refusal(SMFICTX *context, const struct reply *reply)
{
    char code[8];
    char enhanced[16];
    char text[980];
    snprintf(code, sizeof code, "%d", reply->code);
    snprintf(enhanced, sizeof enhanced, "%s", reply->enhanced);
    double_percents(reply->text, text, sizeof text);
    sfsistat status = reply->code >= 500 ? SMFIS_REJECT : SMFIS_TEMPFAIL;
    if (smfi_setreply(context, code, enhanced, text) != MI_SUCCESS)
        log_error("the MTA did not take the reply %s %s %s", code, enhanced, text);
    return status;
}

sfsistat apply_fault(SMFICTX *context)
{
    struct reply reply = {.code = 451,
                          .enhanced = "4.3.0",
                          .text =
                              "The mail filter could not decide just now, please try again later "
                              "[internal]"};
    return apply_refusal(context, &reply);
}

/* A C string for libmilter, of a value with its leading blank: an MTA that did not agree on
 * SMFIP_HDR_LEADSPC puts that blank itself. */
static char *value_text(struct connection *connection, struct bytes value)
{
    bool own_blank = (connection->agreed.flags & SMFIP_HDR_LEADSPC) != 0;
    if (!own_blank && value.len && value.data[0] == ' ')
        value = bytes_slice(value, 1, value.len);
    return arena_text(connection->message->arena, value);
}

static bool change(SMFICTX *context, struct connection *connection, const struct edit *edit)
{
    const struct field *fields = connection->message->facts.header.fields;
    char *name = arena_text(connection->message->arena, edit->name);
    char *value = edit->kind == EDIT_DELETE ? NULL : value_text(connection, edit->value);
    if (!name || (!value && edit->kind != EDIT_DELETE))
        return false;
    if (edit->kind == EDIT_ADD)
        return smfi_addheader(context, name, value) == MI_SUCCESS;
    return smfi_chgheader(context, name, (int)fields[edit->field].instance, value) == MI_SUCCESS;
}

static int by_field_downwards(const void *a, const void *b)
{
    size_t left = (*(const struct edit *const *)a)->field;
    size_t right = (*(const struct edit *const *)b)->field;
    return (left < right) - (left > right);
}

/* From the last field up to the first, so that the numbers of those still to go stay true. */
static bool delete_fields(SMFICTX *context, struct connection *connection)
{
    struct message *message = connection->message;
    size_t count = 0;
    for (const struct edit *edit = message->outcome.edits; edit; edit = edit->next)
        count += edit->kind == EDIT_DELETE;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers is what is meant */
    const struct edit **edits = arena_alloc(message->arena, (count + 1) * sizeof *edits);
    if (!edits)
        return false;
    count = 0;
    for (const struct edit *edit = message->outcome.edits; edit; edit = edit->next)
        if (edit->kind == EDIT_DELETE)
            edits[count++] = edit;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): as above */
    qsort(edits, count, sizeof *edits, by_field_downwards);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && edits[i]->field == edits[i - 1]->field;
        if (!again && !change(context, connection, edits[i]))
            return false;
    }
    return true;
}

static bool change_fields(SMFICTX *context, struct connection *connection, enum edit_kind kind)
{
    for (const struct edit *edit = connection->message->outcome.edits; edit; edit = edit->next)
        if (edit->kind == kind && !change(context, connection, edit))
            return false;
    return true;
}

static bool insert_signatures(SMFICTX *context, struct connection *connection)
{
    const struct message_outcome *outcome = &connection->message->outcome;
    for (size_t i = 0; i < outcome->signature_count; i++) {
        char name[] = "DKIM-Signature";
        char *value = value_text(connection, outcome->signatures[i].value);
        if (!value || smfi_insheader(context, 0, name, value) != MI_SUCCESS)
            return false;
    }
    return true;
}

static bool quarantine(SMFICTX *context, const struct reply *reply)
{
    char text[980];
    snprintf(text, sizeof text, "%s", reply->text);
    return smfi_quarantine(context, text) == MI_SUCCESS;
}

sfsistat apply_end(SMFICTX *context, struct connection *connection)
{
    struct message *message = connection->message;
    struct message_outcome *outcome = &message->outcome;
    if (outcome->action >= ACTION_TEMPFAIL)
        return apply_refusal(context, &outcome->reply);
    if (change_fields(context, connection, EDIT_REPLACE) && delete_fields(context, connection) &&
        change_fields(context, connection, EDIT_ADD) && insert_signatures(context, connection) &&
        (outcome->action != ACTION_QUARANTINE || quarantine(context, &outcome->reply)))
        return SMFIS_CONTINUE;

    message_fault(message, "the MTA did not take a change of the header");
    outcome->action = ACTION_TEMPFAIL;
    message->decision.action = ACTION_TEMPFAIL;
    message->decision.decider = RULE_COUNT;
    reply_internal(message->id, message->arena, &outcome->reply);
    return apply_refusal(context, &outcome->reply);
}
