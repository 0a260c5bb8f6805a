/* Reading what an expectation says of the message and its envelope. */
#include "gate/circumstance.h"

static bool add_field(struct reading *reading, struct bytes name, struct bytes value)
{
    struct expectation *expectation = reading->expectation;
    struct words *words = reading->words;
    if (!expectation->fields)
        expectation->fields =
            arena_alloc(words->arena, EXPECTATION_FIELDS_MAX * sizeof *expectation->fields);
    if (!expectation->fields)
        return words_refuse(words, "out of memory");
    if (expectation->field_count == EXPECTATION_FIELDS_MAX)
        return words_refuse(words, "at most %d fields", EXPECTATION_FIELDS_MAX);
    expectation->fields[expectation->field_count++] = (struct field){.name = name, .value = value};
    return true;
}

static bool has_8bit(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 127)
            return true;
    return false;
}

static void note_8bit(struct reading *reading, struct bytes text)
{
    if (!reading->without_smtputf8 && has_8bit(text))
        reading->expectation->smtputf8 = true;
}

/* local@domain, with or without angle brackets; the address is what stands in them. */
static bool take_address(struct reading *reading, const char *what, struct bytes *ret_written,
                         struct bytes *ret_address)
{
    struct words *words = reading->words;
    struct bytes text = words->word.text;
    struct mailbox mailbox;
    if (words->word.kind != WORD_PLAIN)
        return words_expected(words, what);
    if (text.len > 2 && text.data[0] == '<' && text.data[text.len - 1] == '>')
        text = bytes_slice(text, 1, text.len - 1);
    if (!address_parse_plain(words->arena, text, &mailbox) || !mailbox.local.len ||
        !mailbox.domain.len)
        return words_expected(words, what);
    *ret_written = words->word.text;
    *ret_address = text;
    note_8bit(reading, text);
    return words_next(words);
}

/* No bytes where there is none that can be told. */
static struct bytes first_address(struct arena *arena, struct bytes value)
{
    struct address_list list;
    address_parse_list(arena, value, &list);
    return list.count ? list.mailboxes[0].address : (struct bytes){NULL, 0};
}

/* The value of a field: in quotes whatever it is, else addresses with commas between them. */
static bool take_field_value(struct reading *reading, const char *what, struct bytes *ret_value,
                             struct bytes *ret_first)
{
    struct words *words = reading->words;
    struct arena *arena = words->arena;
    struct bytes written = {0}, address = {0};
    *ret_first = (struct bytes){NULL, 0};
    if (words->word.kind == WORD_QUOTED) {
        *ret_value = bytes_of(
            arena_printf(arena, " %.*s", (int)words->word.text.len, words->word.text.data));
        *ret_first = first_address(arena, *ret_value);
        note_8bit(reading, words->word.text);
        return words_next(words);
    }
    if (!take_address(reading, what, &written, ret_first))
        return false;
    *ret_value = bytes_of(arena_printf(arena, " %.*s", (int)written.len, written.data));
    while (words->word.kind == WORD_COMMA) {
        if (!words_next(words) || !take_address(reading, what, &written, &address))
            return false;
        *ret_value = bytes_of(arena_printf(arena, "%.*s, %.*s", (int)ret_value->len,
                                           ret_value->data, (int)written.len, written.data));
    }
    return true;
}

bool circumstance_from(struct reading *reading)
{
    struct bytes value = {0};
    reading->given |= OWN_FROM;
    return take_field_value(reading,
                            "an address like alice@example.com, or the field's text in \"\"",
                            &value, &reading->expectation->from) &&
           add_field(reading, BYTES("From"), value);
}

bool circumstance_sender(struct reading *reading)
{
    struct bytes value = {0}, first = {0};
    return take_field_value(reading,
                            "an address like alice@example.com, or the field's text in \"\"",
                            &value, &first) &&
           add_field(reading, BYTES("Sender"), value);
}

static const struct {
    const char *name;
    enum own_field field;
} own_fields[] = {
    {"From", OWN_FROM},
    {"To", OWN_TO},
    {"Subject", OWN_SUBJECT},
    {"Date", OWN_DATE},
    {"Message-ID", OWN_MESSAGE_ID},
};
#define OWN_FIELD_COUNT (sizeof own_fields / sizeof *own_fields)

/* 0: the message has no such field of its own. */
static unsigned own_field(struct bytes name)
{
    for (size_t i = 0; i < OWN_FIELD_COUNT; i++)
        if (bytes_equal_nocase(name, bytes_of(own_fields[i].name)))
            return own_fields[i].field;
    return 0;
}

bool circumstance_field(struct reading *reading)
{
    struct words *words = reading->words;
    struct bytes text = words->word.text;
    size_t colon = bytes_find(text, ':');
    if (words->word.kind != WORD_QUOTED || colon == text.len)
        return words_expected(words,
                              "a header field in quotes, like \"Reply-To: bob@example.net\"");
    struct bytes name = bytes_slice(text, 0, colon);
    struct bytes value = bytes_slice(text, colon + 1, text.len);
    if (bytes_equal_nocase(name, BYTES("From")) && !reading->expectation->from.len)
        reading->expectation->from = first_address(words->arena, value);
    reading->given |= own_field(name);
    note_8bit(reading, text);
    return add_field(reading, name, value) && words_next(words);
}

bool circumstance_mail_from(struct reading *reading)
{
    struct words *words = reading->words;
    struct expectation *expectation = reading->expectation;
    struct bytes written = {0}, address = {0};
    expectation->has_mail_from = true;
    if (words->word.kind == WORD_QUOTED || words_is(words, "<>")) {
        expectation->mail_from = words->word.text;
        note_8bit(reading, words->word.text);
        return words_next(words);
    }
    if (!take_address(reading, "an address, <> or a path in \"\"", &written, &address))
        return false;
    expectation->mail_from =
        bytes_of(arena_printf(words->arena, "<%.*s>", (int)address.len, address.data));
    return true;
}

static bool add_rcpt(struct reading *reading)
{
    struct words *words = reading->words;
    struct expectation *expectation = reading->expectation;
    struct bytes written = {0}, address = {0};
    if (expectation->rcpt_count == EXPECTATION_RCPTS_MAX)
        return words_refuse(words, "at most %d recipients; \"to 500 recipients\" makes some up",
                            EXPECTATION_RCPTS_MAX);
    if (!expectation->rcpts)
        expectation->rcpts =
            arena_alloc(words->arena, EXPECTATION_RCPTS_MAX * sizeof *expectation->rcpts);
    if (!expectation->rcpts)
        return words_refuse(words, "out of memory");
    struct bytes *rcpt = &expectation->rcpts[expectation->rcpt_count++];
    if (words->word.kind == WORD_QUOTED) {
        *rcpt = words->word.text;
        note_8bit(reading, words->word.text);
        return words_next(words);
    }
    if (!take_address(reading, "an address, a number of recipients, or a path in \"\"", &written,
                      &address))
        return false;
    *rcpt = bytes_of(arena_printf(words->arena, "<%.*s>", (int)address.len, address.data));
    return true;
}

bool circumstance_to(struct reading *reading)
{
    struct words *words = reading->words;
    struct bytes text = words->word.text;
    if (words->word.kind == WORD_PLAIN && text.data[0] >= '0' && text.data[0] <= '9' &&
        bytes_find(text, '@') == text.len) {
        int64_t number;
        if (!circumstance_number(reading, "a number of recipients from 1 to 10000", 10000, &number))
            return false;
        reading->expectation->made_up_rcpts = (size_t)number;
        if (!words_is(words, "recipients") && !words_is(words, "recipient"))
            return words_expected(words, "the word \"recipients\"");
        return words_next(words);
    }
    bool good = add_rcpt(reading);
    while (good && words->word.kind == WORD_COMMA)
        good = words_next(words) && add_rcpt(reading);
    return good;
}

bool circumstance_without(struct reading *reading)
{
    static const char *const names[] = {"TLS",     "SMTPUTF8", "From",       "To",
                                        "Subject", "Date",     "Message-ID", NULL};
    struct words *words = reading->words;
    struct expectation *expectation = reading->expectation;
    if (words->word.kind != WORD_PLAIN)
        return words_expected(words, "TLS, SMTPUTF8, From, To, Subject, Date or Message-ID");
    if (words_is(words, "TLS"))
        reading->without_tls = true;
    else if (words_is(words, "SMTPUTF8")) {
        reading->without_smtputf8 = true;
        expectation->smtputf8 = false;
    } else {
        unsigned field = own_field(words->word.text);
        if (!field)
            return words_unknown(words, "TLS, SMTPUTF8 or field of its own", words->word.text,
                                 names);
        reading->without |= field;
    }
    return words_next(words);
}
