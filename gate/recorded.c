/* The facts of a record, and its beginning and end. */
#include "gate/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "gate/recorded_decision.h"
#include "gate/recorded_limits.h"
#include "policy/decision_id.h"

/* A tree of small items takes many times its text; records have some 15 bytes an item. */
#define ARENA_CEILING (8 * RECORDED_SIZE_MAX)

/* A text, or its bytes where the record has them apart. */
static void read_exact(struct reading *reading, const struct json_tree *root, const char *key,
                       struct bytes *ret_text)
{
    const struct json_tree *exact = json_tree_member(json_tree_member(root, "exact"), key);
    if (exact)
        reading_base64(reading, exact, key, ret_text);
    else
        reading_text(reading, root, key, ret_text);
}

static void read_flag(struct reading *reading, const struct json_tree *root, const char *key,
                      enum fact *ret_fact)
{
    bool unavailable = false;
    reading_bool(reading, root, key, &unavailable);
    if (unavailable)
        *ret_fact = FACT_UNAVAILABLE;
}

static void read_session(struct reading *reading, const struct json_tree *root,
                         struct recorded *recorded)
{
    static const char *const mtas[] = {"other", "sendmail", NULL};
    struct facts_connection *connection = &recorded->session.connection;
    struct facts_tls *tls = &recorded->session.tls;
    struct facts_login *login = &recorded->session.login;
    int mta = MTA_OTHER;
    read_exact(reading, root, "client", &connection->client_address);
    read_exact(reading, root, "client_name", &connection->client_name);
    reading_number(reading, root, "port", 0, &connection->daemon_port);
    read_exact(reading, root, "daemon", &connection->daemon_name);
    read_exact(reading, root, "helo", &connection->helo);
    connection->smtp = connection->client_address.len; /* for older records */
    reading_bool(reading, root, "smtp", &connection->smtp);
    reading_word(reading, root, "mta", mtas, &mta);
    connection->mta = (enum mta)mta;
    read_exact(reading, root, "mta_host", &connection->mta_host);

    read_exact(reading, root, "tls_version", &tls->version);
    tls->state = tls->version.data ? FACT_KNOWN : FACT_ABSENT;
    read_flag(reading, root, "tls_unavailable", &tls->state);
    read_exact(reading, root, "cipher", &tls->cipher);
    reading_number(reading, root, "cipher_bits", 0, &tls->cipher_bits);
    read_exact(reading, root, "cert_subject", &tls->cert_subject);
    read_exact(reading, root, "cert_issuer", &tls->cert_issuer);

    read_exact(reading, root, "login", &login->name);
    login->state = login->name.data ? FACT_KNOWN : FACT_ABSENT;
    read_flag(reading, root, "login_unavailable", &login->state);
    read_exact(reading, root, "auth_mech", &login->mechanism);
}

/* An object from an item's number to its bytes. */
static void read_exact_rcpts(struct reading *reading, const struct json_tree *exact,
                             struct bytes *rcpts, size_t count)
{
    for (const struct json_tree *item = exact ? exact->first : NULL; item; item = item->next) {
        char *end;
        unsigned long long index = strtoull(item->name.data, &end, 10);
        if (*end || !item->name.len || index >= count)
            reading_fail(reading, "exact.rcpts", "the numbers of recipients");
        else
            reading_base64(reading, item, "exact.rcpts", &rcpts[index]);
    }
}

static void read_rcpts(struct reading *reading, const struct json_tree *root,
                       struct recorded *recorded)
{
    const struct json_tree *exact = reading_object(reading, root, "exact");
    struct bytes *rcpts;
    size_t count = reading_texts(reading, root, "rcpts", &rcpts);
    recorded->rcpts = rcpts;
    recorded->rcpts_len = count;
    read_exact_rcpts(reading, reading_object(reading, exact, "rcpts"), rcpts, count);
}

static void read_envelope(struct reading *reading, const struct json_tree *root,
                          struct recorded *recorded)
{
    read_exact(reading, root, "mail_from", &recorded->mail_from);
    read_exact(reading, root, "rcpt", &recorded->rcpt);
    reading_bool(reading, root, "smtputf8", &recorded->smtputf8);
    reading_number(reading, root, "rcpt_count", 0, &recorded->rcpt_count);
    read_rcpts(reading, root, recorded);
}

/* [name, value], [name, null], [name, null, value in base64], [name, ..., ..., name in base64] */
static void read_field(struct reading *reading, const struct json_tree *item,
                       struct recorded_field *field)
{
    static const char expected[] =
        "a list of lists, each with a field's name and its value or null";
    const struct json_tree *name = item->type == JSON_TREE_LIST ? item->first : NULL;
    const struct json_tree *value = name ? name->next : NULL;
    const struct json_tree *exact_value = value ? value->next : NULL;
    const struct json_tree *exact_name = exact_value ? exact_value->next : NULL;
    if (!value || name->type != JSON_TREE_TEXT ||
        (value->type != JSON_TREE_TEXT && value->type != JSON_TREE_NULL)) {
        reading_fail(reading, "header", expected);
        return;
    }
    field->name = name->text;
    if (exact_name)
        reading_base64(reading, exact_name, "header", &field->name);
    field->has_value = true;
    if (value->type == JSON_TREE_TEXT)
        field->value = value->text;
    else if (exact_value && exact_value->type != JSON_TREE_NULL)
        reading_base64(reading, exact_value, "header", &field->value);
    else
        field->has_value = false;
}

/* What no message has: it would not be taken in as a whole, and edits name fields by number. */
static bool is_too_large(const struct recorded *recorded)
{
    size_t size = 0;
    for (size_t i = 0; i < recorded->field_count; i++)
        size += recorded->fields[i].name.len + recorded->fields[i].value.len;
    return recorded->field_count > MESSAGE_FIELDS_CEILING || size > MESSAGE_HEADER_CEILING;
}

static void read_header(struct reading *reading, const struct json_tree *root,
                        struct recorded *recorded)
{
    const struct json_tree *list = reading_list(reading, root, "header");
    struct recorded_field *field = reading_room(reading, list, sizeof *field);
    const struct json_tree *item = field ? list->first : NULL;
    recorded->fields = field;
    recorded->field_count = field ? list->count : 0;
    for (; item && !reading->failed; item = item->next)
        read_field(reading, item, field++);
    if (is_too_large(recorded))
        reading_fail(reading, "header", "at most 10000 fields of 2 MB");
    reading_bool(reading, root, "header_cut", &recorded->header_cut);
    reading_bool(reading, root, "header_too_large", &recorded->header_too_large);
    reading_number(reading, root, "header_size", 0, &recorded->header_size);
    reading_text(reading, root, "from", &recorded->from);
}

static void read_body(struct reading *reading, const struct json_tree *root,
                      struct recorded *recorded)
{
    static const char *const states[] = {"absent", "known", "unavailable", NULL};
    const struct json_tree *object = reading_object(reading, root, "body");
    struct facts_body *body = &recorded->body;
    int64_t size = recorded->header_size;
    int state = FACT_ABSENT;
    reading_bool(reading, object, "nul", &body->has_nul);
    reading_bool(reading, object, "bare_cr", &body->has_bare_cr);
    reading_bool(reading, object, "bare_lf", &body->has_bare_lf);
    reading_bool(reading, object, "early_end", &body->has_early_end);
    reading_text(reading, object, "cut_short", &body->cut_short);
    reading_number(reading, root, "longest_line", 0, &body->longest_line);
    reading_number(reading, root, "size", 0, &size);
    body->size = size - recorded->header_size;
    if (body->size < 0)
        reading_fail(reading, "size", "a number that is not below header_size");
    reading_word(reading, root, "own_signature", states, &state);
    recorded->own_signature = (enum fact)state;
    reading_text(reading, root, "own_signature_domain", &recorded->own_signature_domain);
    /* What an older version did not write. */
    recorded->complete = json_tree_member(root, "smtp") && json_tree_member(root, "rcpts") &&
                         json_tree_member(root, "header") && (object || recorded->command.len);
}

static void read_place(struct reading *reading, const struct json_tree *root,
                       struct recorded *recorded)
{
    uint64_t began = 0;
    reading_text(reading, root, "id", &recorded->id);
    if (!recorded->id.data || !decision_id_parse(recorded->id, &began, recorded->random))
        reading_fail(reading, "id", "the 26 characters of a decision's id");
    recorded->began = (int64_t)began;
    reading_text(reading, root, "time", &recorded->time);
    reading_text(reading, root, "queue_id", &recorded->queue_id);
    reading_text(reading, root, "listener", &recorded->listener);
    reading_text(reading, root, "policy", &recorded->policy);
    reading_text(reading, root, "config", &recorded->config);
    reading_text(reading, root, "command", &recorded->command);
    if (recorded->command.len && strcmp(recorded->command.data, "MAIL") != 0 &&
        strcmp(recorded->command.data, "RCPT") != 0)
        reading_fail(reading, "command", "null, MAIL or RCPT");
}

static bool parse(struct bytes text, struct arena *arena, struct json_tree **ret_root,
                  struct error *error)
{
    if (!json_tree_parse(text, arena, ret_root, error))
        return false;
    return (*ret_root)->type == JSON_TREE_OBJECT || error_set(error, "expected a JSON object");
}

bool recorded_new(struct bytes text, struct recorded **ret_recorded, struct error *error)
{
    struct json_tree *root;
    if (text.len > RECORDED_SIZE_MAX)
        return error_set(error, "it has %zu bytes: expected at most %zu", text.len,
                         RECORDED_SIZE_MAX);
    struct arena *arena = arena_new(ARENA_CEILING);
    struct recorded *recorded = arena ? arena_alloc(arena, sizeof *recorded) : NULL;
    if (!recorded || !parse(text, arena, &root, error)) {
        if (!recorded)
            error_set(error, "out of memory");
        arena_free(arena);
        return false;
    }
    recorded->arena = arena;
    struct reading reading = {.arena = arena, .error = error};
    read_place(&reading, root, recorded);
    read_session(&reading, root, recorded);
    read_envelope(&reading, root, recorded);
    read_header(&reading, root, recorded);
    read_body(&reading, root, recorded);
    recorded_read_limits(&reading, root, recorded);
    recorded_read_decision(&reading, root, recorded);
    if (reading.failed) {
        recorded_free(recorded);
        return false;
    }
    *ret_recorded = recorded;
    return true;
}

void recorded_free(struct recorded *recorded)
{
    if (!recorded)
        return;
    arena_free(recorded->arena);
}
