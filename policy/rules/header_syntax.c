/* A header block that every reader cuts into the same fields, and the same lines. */
#include <unistr.h>

#include "policy/header.h"
#include "policy/raw_8bit.h"
#include "policy/rule.h"

enum raw_8bit { RAW_8BIT_IDENTITY, RAW_8BIT_REFUSE, RAW_8BIT_ALLOW };
static const char *const raw_8bit_words[] = {"identity", "refuse", "allow", NULL};

struct settings {
    struct rule_settings common;
    int raw_8bit;
    bool cut_short;
    int64_t max_line;
    int64_t max_fields;
    int64_t max_field_size;
    int64_t max_size;
    int64_t max_received;
};

static const struct option_row options[] = {
    {.name = "raw_8bit",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct settings, raw_8bit),
     .default_value = "\"identity\"",
     .choices = raw_8bit_words,
     .help =
         "Bytes above 127 in fields of mail sent without SMTPUTF8: \"identity\" refuses them in "
         "addresses, in Content-* fields outside quotes, and in address fields that are not "
         "UTF-8, and lets pass the raw names and subjects that real mail programs write; "
         "\"refuse\" refuses them all, \"allow\" none."},
    {.name = "cut_short",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, cut_short),
     .default_value = "true",
     .help = "Refuses a message whose header block the MTA ended at a line that is no field, when "
             "more fields follow in the body."},
    {.name = "max_line",
     .type = OPTION_SIZE,
     .offset = offsetof(struct settings, max_line),
     .default_value = "998",
     .min = 78,
     .max = 65536,
     .help = "Bytes that a line of the header block may have; 998 is RFC 5322's limit, and Postfix "
             "breaks longer lines when it sends them, which breaks their signature."},
    {.name = "max_fields",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, max_fields),
     .default_value = "500",
     .min = 10,
     .max = 10000,
     .help = "Fields that a message may have."},
    {.name = "max_field_size",
     .type = OPTION_SIZE,
     .offset = offsetof(struct settings, max_field_size),
     .default_value = "\"32k\"",
     .min = 998,
     .max = 1048576,
     .help = "Bytes that one field may have, all its lines together."},
    {.name = "max_size",
     .type = OPTION_SIZE,
     .offset = offsetof(struct settings, max_size),
     .default_value = "\"64k\"",
     .min = 4096,
     .max = 1048576,
     .help = "Bytes that the header block may have."},
    {.name = "max_received",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, max_received),
     .default_value = "50",
     .max = 10000,
     .help = "Received fields that a message may have before it counts as running in circles."},
    {0}};

struct complaint {
    const char *reason;
    const char *advice; /* follows the field's name */
};

static const struct complaint empty_name = {
    "empty-name", "a header line begins with a colon: it needs a name before it"};
static const struct complaint space_before_colon = {
    "space-before-colon", "there is a space before the colon of this field: take it out"};
static const struct complaint bad_name = {
    "field-name", "a field's name may only hold printable ASCII without spaces: correct it"};
static const struct complaint nul = {"nul", "it holds a NUL byte: take it out"};
static const struct complaint bare_cr = {
    "bare-cr", "it holds a bare carriage return: end lines by CR LF only"};
static const struct complaint bare_lf = {
    "bare-lf",
    "it holds a line break that does not fold it: continue it by a space, or on one line"};
static const struct complaint control = {"control", "it holds a control character: take it out"};
static const struct complaint line_separator = {
    "line-separator", "it holds a Unicode line break: write it on one line"};
static const struct complaint blank_line = {
    "blank-line", "it is continued by a line of nothing but blanks: take that line out"};
static const struct complaint raw_8bit = {
    "raw-8bit", "it holds raw 8-bit bytes: have your mail program encode them (RFC 2047), or send "
                "with SMTPUTF8"};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static const struct complaint *check_name(struct bytes name)
{
    if (!bytes_trim(name).len)
        return &empty_name;
    if (header_is_name(name))
        return NULL;
    size_t end = name.len;
    while (end && is_blank(name.data[end - 1]))
        end--;
    return end < name.len && header_is_name(bytes_slice(name, 0, end)) ? &space_before_colon
                                                                       : &bad_name;
}

static bool is_address(struct bytes name)
{
    enum header_class class = header_class_of(name);
    return class == HEADER_ORIGINATOR || class == HEADER_DESTINATION;
}

/* One byte of a value and what stands behind it. */
static const struct complaint *check_byte(const struct field *field, size_t at)
{
    struct bytes value = field->value;
    unsigned char byte = (unsigned char)value.data[at];
    unsigned char next = at + 1 < value.len ? (unsigned char)value.data[at + 1] : 0;
    if (byte > 127) {
        if (byte == 0xC2 && next == 0x85)
            return &line_separator;
        if (byte == 0xE2 && next == 0x80 && at + 2 < value.len &&
            ((unsigned char)value.data[at + 2] | 1) == 0xA9)
            return &line_separator;
        return byte == 0xC2 && next >= 0x80 && next <= 0x9F && is_address(field->name) ? &control
                                                                                       : NULL;
    }
    if (byte == '\0')
        return &nul;
    if (byte == '\r')
        return next == '\n' ? NULL : &bare_cr;
    if (byte == '\n')
        return is_blank((char)next) ? NULL : &bare_lf;
    return (byte < ' ' && byte != '\t') || byte == 127 ? &control : NULL;
}

static const struct complaint *check_bytes(const struct field *field, bool *ret_8bit)
{
    *ret_8bit = false;
    for (size_t at = bytes_find_odd(field->value, 0); at < field->value.len;
         at = bytes_find_odd(field->value, at + 1)) {
        const struct complaint *complaint = check_byte(field, at);
        *ret_8bit |= (unsigned char)field->value.data[at] > 127;
        if (complaint)
            return complaint;
    }
    return NULL;
}

static bool has_bad_8bit(const struct field *field, int choice, bool smtputf8)
{
    struct bytes value = field->value;
    if (choice == RAW_8BIT_ALLOW)
        return false;
    bool utf8 = !u8_check((const uint8_t *)value.data, value.len);
    if (choice == RAW_8BIT_REFUSE)
        return !smtputf8 || !utf8;
    switch (header_class_of(field->name)) {
    case HEADER_ORIGINATOR:
    case HEADER_DESTINATION:
        return !utf8 || (!smtputf8 && raw_8bit_in_address(value));
    case HEADER_MIME:
        return !smtputf8 && raw_8bit_outside_quotes(value);
    case HEADER_OTHER:
        break;
    }
    return false;
}

static const struct complaint *check_field(const struct field *field,
                                           const struct settings *settings, bool smtputf8)
{
    bool has_8bit = false;
    const struct complaint *complaint = check_name(field->name);
    if (!complaint)
        complaint = check_bytes(field, &has_8bit);
    if (!complaint && header_has_blank_line(field->value))
        complaint = &blank_line;
    if (!complaint && has_8bit && has_bad_8bit(field, settings->raw_8bit, smtputf8))
        complaint = &raw_8bit;
    return complaint;
}

static struct header_caps caps(const void *generic)
{
    const struct settings *settings = generic;
    return (struct header_caps){(size_t)settings->max_fields, (size_t)settings->max_size};
}

/* Asked before anything is read, so that the caps bound what reading costs. */
static bool passes_caps(const struct facts_header *header, const struct settings *settings,
                        struct arena *arena, struct verdict *verdict)
{
    if (header->too_large || header->size > (size_t)settings->max_size) {
        verdict_violation(verdict, arena, "too-large", 552, "5.3.4",
                          "The message's header is too large, at most %lld bytes are accepted: "
                          "name fewer recipients in it, or send a new message instead of a reply",
                          (long long)settings->max_size);
        return false;
    }
    if (header->count + header->dropped > (size_t)settings->max_fields) {
        verdict_violation(verdict, arena, "too-many-fields", 552, "5.3.4",
                          "The message's header has %zu fields, at most %lld are accepted: send "
                          "it as a new message",
                          header->count + header->dropped, (long long)settings->max_fields);
        return false;
    }
    if (facts_field_count(header, BYTES("Received")) > (size_t)settings->max_received) {
        verdict->fact = BYTES("Received");
        verdict_violation(verdict, arena, "too-many-received", 554, "5.4.6",
                          "The message went through more than %lld servers already: it runs in "
                          "circles, look for a forwarding loop",
                          (long long)settings->max_received);
        return false;
    }
    return true;
}

static bool passes_sizes(const struct field *field, const struct settings *settings,
                         struct arena *arena, struct verdict *verdict)
{
    if (field->name.len + 1 + field->value.len > (size_t)settings->max_field_size) {
        verdict_violation(verdict, arena, "field-too-large", 552, "5.3.4",
                          "The header field %.*s is too large, at most %lld bytes are accepted: "
                          "shorten it",
                          (int)verdict->fact.len, verdict->fact.data,
                          (long long)settings->max_field_size);
        return false;
    }
    if (field->name.len + 1 + field->value.len > (size_t)settings->max_line &&
        header_longest_line(field) > (size_t)settings->max_line) {
        verdict_violation(verdict, arena, "long-line", 554, "5.6.0",
                          "A line of the header field %.*s is longer than %lld bytes: fold it, "
                          "or shorten it",
                          (int)verdict->fact.len, verdict->fact.data,
                          (long long)settings->max_line);
        return false;
    }
    return true;
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct facts_header *header = &facts->header;
    if (!passes_caps(header, settings, arena, verdict))
        return;
    for (size_t i = 0; i < header->count; i++) {
        const struct field *field = &header->fields[i];
        verdict->fact = bytes_slice(field->name, 0, 80);
        if (!passes_sizes(field, settings, arena, verdict))
            return;
        const struct complaint *complaint = check_field(field, settings, facts->envelope.smtputf8);
        if (complaint) {
            verdict_violation(verdict, arena, complaint->reason, 554, "5.6.0",
                              "The header field \"%.*s\" cannot be sent like this, %s",
                              (int)verdict->fact.len, verdict->fact.data, complaint->advice);
            return;
        }
    }
    verdict->fact = (struct bytes){NULL, 0};

    struct bytes name = facts->body.cut_short;
    if (settings->cut_short && name.len) {
        verdict->fact = name;
        verdict_violation(verdict, arena, "cut-short", 554, "5.6.0",
                          "The message's header ends at a line that is no header field, and a "
                          "field %.*s follows behind it: write every header line as \"Name: "
                          "value\", with one empty line behind the last one",
                          (int)name.len, name.data);
        return;
    }
    verdict_pass(verdict, NULL);
}

const struct rule rule_header_syntax = {
    .name = "header_syntax",
    .asks = "Whether every reader cuts the header block into the same fields and lines: no NUL, "
            "bare CR or LF, control characters, bad field names, blank continuation lines, raw "
            "8-bit addresses, nothing too long, and no block that ended early.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
    .caps = caps,
};
