/* Edits taken apart as far as a good signature can be told from none; that it verifies is shown on
 * the sample. */
#include "tests/bench/load/came.h"

#include <stdlib.h>
#include <string.h>

#include "tests/bench/load/protocol.h"

/* The value of a signature's tag. */
static struct bytes tag_of(struct bytes value, struct bytes name)
{
    while (value.len) {
        size_t end = bytes_find(value, ';');
        struct bytes tag = bytes_trim(bytes_slice(value, 0, end));
        size_t equals = bytes_find(tag, '=');
        if (bytes_equal(bytes_trim(bytes_slice(tag, 0, equals)), name))
            return bytes_trim(bytes_slice(tag, equals + 1, tag.len));
        value = bytes_slice(value, end + 1, value.len);
    }
    return (struct bytes){NULL, 0};
}

static bool names_from(struct bytes names)
{
    while (names.len) {
        size_t end = bytes_find(names, ':');
        if (bytes_equal_nocase(bytes_trim(bytes_slice(names, 0, end)), BYTES("from")))
            return true;
        names = bytes_slice(names, end + 1, names.len);
    }
    return false;
}

static void take_signature(struct came *came, const struct options *options, struct bytes value)
{
    struct bytes algorithm = tag_of(value, BYTES("a"));
    if (came->signatures < CAME_SIGNATURES_MAX)
        snprintf(came->algorithms[came->signatures], sizeof *came->algorithms, "%.*s",
                 (int)algorithm.len, algorithm.len ? algorithm.data : "");
    came->signatures++;
    came->wrong_domain |= !bytes_equal(tag_of(value, BYTES("d")), bytes_of(options->domain));
    came->without_from |= !names_from(tag_of(value, BYTES("h"))) ||
                          !tag_of(value, BYTES("b")).len || !tag_of(value, BYTES("bh")).len;
}

static bool take_field(struct came *came, const struct options *options, struct bytes name,
                       struct bytes value, bool leads, struct error *error)
{
    bool expected = options->adds && bytes_equal_nocase(name, bytes_of(options->adds));
    came->added |= expected;
    if (bytes_equal_nocase(name, BYTES("DKIM-Signature")))
        take_signature(came, options, value);
    else if (!expected)
        came->others++;
    if (!options->sample)
        return true;
    char *above = NULL;
    if (asprintf(&above, "%.*s:%s%.*s\n%s", (int)name.len, name.data, leads ? "" : " ",
                 (int)value.len, value.data, came->above ? came->above : "") < 0)
        return error_set(error, "out of memory");
    free(came->above);
    came->above = above;
    return true;
}

bool came_edit(struct came *came, const struct options *options, const struct packet *edit,
               bool leads, struct error *error)
{
    struct bytes data = edit->data;
    if (edit->command != EDIT_ADD && edit->command != EDIT_INSERT) {
        came->others++;
        return strchr("mq+-2be", edit->command) ||
               error_set(error, "'%c' is no reply to the end of a message", edit->command);
    }
    if (edit->command == EDIT_INSERT)
        data = bytes_slice(data, sizeof(uint32_t), data.len);
    struct bytes name = bytes_slice(data, 0, bytes_find(data, '\0'));
    struct bytes value = bytes_slice(data, name.len + 1, data.len);
    if (bytes_find(value, '\0') + 1 != value.len)
        return error_set(error, "a field was added that is no name and value");
    return take_field(came, options, name, bytes_slice(value, 0, value.len - 1), leads, error);
}

void came_reply(struct came *came, const struct packet *reply)
{
    came->reply = reply->command == REPLY_CONTINUE ? REPLY_ACCEPT : reply->command;
    came->reply_class =
        reply->command == REPLY_CODE && reply->data.len ? reply->data.data[0] : '\0';
    /* The short forms of a refusal. */
    if (reply->command == REPLY_REJECT || reply->command == REPLY_TEMPFAIL) {
        came->reply = REPLY_CODE;
        came->reply_class = reply->command == REPLY_REJECT ? '5' : '4';
    }
    snprintf(came->text, sizeof came->text, "%.*s", (int)reply->data.len,
             reply->data.len ? reply->data.data : "");
}

static unsigned count_of(const struct came *came, const char *algorithm)
{
    unsigned count = 0;
    for (unsigned i = 0; i < came->signatures && i < CAME_SIGNATURES_MAX; i++)
        count += strcmp(came->algorithms[i], algorithm) == 0;
    return count;
}

static const char *word_of(char reply, char reply_class)
{
    if (reply == REPLY_CODE)
        return reply_class == '5' ? "reject" : "tempfail";
    return reply == REPLY_ACCEPT ? "accept" : "something else";
}

bool came_as_expected(const struct came *came, const struct options *options, struct error *error)
{
    if (came->reply != options->action || came->reply_class != options->reply_class)
        return error_set(error, "expected %s, and %s came: %s",
                         word_of(options->action, options->reply_class),
                         word_of(came->reply, came->reply_class), came->text);
    if (came->signatures != options->signed_count)
        return error_set(error, "%u signatures came, and not %u", came->signatures,
                         options->signed_count);
    for (unsigned i = 0; i < options->signed_count; i++)
        if (count_of(came, options->signed_by[i]) != 1)
            return error_set(error, "no signature by %s came", options->signed_by[i]);
    if (came->wrong_domain || came->without_from)
        return error_set(error, "a signature came that is not %s's, or does not cover From",
                         options->domain);
    if (options->adds && !came->added)
        return error_set(error, "no field %s came", options->adds);
    return true;
}

void came_done(struct came *came)
{
    free(came->above);
    came->above = NULL;
}
