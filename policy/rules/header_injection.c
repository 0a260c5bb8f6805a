/* Encoded text that, once decoded, is more than text: a line end, a NUL, another address. */
#include "policy/claim.h"
#include "policy/encoded_word.h"
#include "policy/header.h"
#include "policy/parameter.h"
#include "policy/rule.h"
#include "policy/smuggle.h"

struct settings {
    struct rule_settings common;
    bool odd_charsets;
};

static const struct option_row options[] = {
    {.name = "odd_charsets",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, odd_charsets),
     .default_value = "true",
     .help = "Refuses UTF-7, UTF-16, UTF-32 and charsets that nobody knows in From, Sender, "
             "Reply-To and their Resent- kin, as programs decode them differently."},
    {0}};

struct complaint {
    const char *reason;
    const char *advice;
};

static const struct complaint line_break = {
    "encoded-line-break", "it hides a line break in encoded text: write it on one line"};
static const struct complaint nul = {"encoded-nul",
                                     "it hides a NUL byte in encoded text: take it out"};
static const struct complaint odd_charset = {
    "odd-charset", "its name is encoded in a charset that programs read differently: choose UTF-8"};
static const struct complaint address = {
    "encoded-address", "it hides an address in encoded text: take that out of the name"};

static const struct complaint *check_words(const struct field *field, enum header_class class,
                                           const struct settings *settings, struct arena *arena)
{
    struct decoded_text decoded;
    if (!encoded_word_decode(arena, field->value, &decoded) || !decoded.had_words)
        return NULL;
    if (decoded.has_line_break)
        return &line_break;
    if (decoded.has_nul)
        return &nul;
    if (class == HEADER_ORIGINATOR && decoded.odd_charset && settings->odd_charsets)
        return &odd_charset;
    bool addresses = class == HEADER_ORIGINATOR || class == HEADER_DESTINATION;
    if (addresses && smuggle_has_address(arena, field->value, class == HEADER_ORIGINATOR))
        return &address;
    return NULL;
}

/* Only percent signs, a parameter's charset (before apostrophes), encoded words and quoted pairs
 * can hide anything. */
static bool can_hide(struct bytes value)
{
    return bytes_find(value, '%') < value.len || bytes_find(value, '\'') < value.len ||
           bytes_find(value, '\\') < value.len || bytes_find_nocase(value, BYTES("=?")) < value.len;
}

static const struct complaint *check_parameters(struct bytes value, struct arena *arena)
{
    struct parameter_list list;
    if (!parameter_parse(arena, value, &list))
        return NULL;
    for (size_t i = 0; i < list.count; i++) {
        if (list.parameters[i].has_line_break)
            return &line_break;
        if (list.parameters[i].has_nul)
            return &nul;
    }
    if (list.has_line_break)
        return &line_break;
    return list.has_nul ? &nul : NULL;
}

static const struct complaint *check_field(const struct field *field,
                                           const struct settings *settings, struct arena *arena)
{
    const struct complaint *complaint = NULL;
    if (!can_hide(field->value))
        return NULL;
    enum header_class class = header_class_of(field->name);
    if (bytes_find_nocase(field->value, BYTES("=?")) < field->value.len)
        complaint = check_words(field, class, settings, arena);
    if (!complaint && class == HEADER_MIME)
        complaint = check_parameters(field->value, arena);
    return complaint;
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    for (size_t i = 0; i < facts->header.count; i++) {
        const struct field *field = &facts->header.fields[i];
        const struct complaint *complaint = check_field(field, generic, arena);
        if (!complaint)
            continue;
        verdict->fact = field->name;
        verdict_violation(verdict, arena, complaint->reason, 554, "5.6.0",
                          "The header field %.*s cannot be sent like this, %s",
                          CLAIM_SHOWN(field->name), complaint->advice);
        return;
    }
    verdict_pass(verdict, NULL);
}

const struct rule rule_header_injection = {
    .name = "header_injection",
    .asks = "Whether encoded words and parameters, once decoded, hold a line break, a NUL, or what "
            "reads as another address.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
