/* GMime (Balsa, notmuch, and those built on it): "loose" and "strict" read the field's value,
 * "message" a message made of it, "block" a message as it was handed over. */
#include <gmime/gmime.h>

#include "lines.h"

static void put_list(InternetAddressList *list)
{
    for (int i = 0; list && i < internet_address_list_length(list); i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_GROUP(address)) {
            put_list(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)));
            continue;
        }
        const char *text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
        if (text)
            lines_address(text, NULL);
    }
}

/* The stream is taken over. */
static void read_stream(GMimeStream *stream)
{
    g_mime_stream_reset(stream);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    if (message) {
        put_list(g_mime_message_get_from(message));
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(stream);
}

static void read_message(const char *value)
{
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_stream_printf(stream, "From:%s\n\nhi\n", value);
    read_stream(stream);
}

static void read_block(const char *text, size_t len)
{
    read_stream(g_mime_stream_mem_new_with_buffer(text, len));
}

static void read_value(GMimeParserOptions *options, const char *value)
{
    InternetAddressList *list = internet_address_list_parse(options, value);
    put_list(list);
    if (list)
        g_object_unref(list);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "loose";
    size_t len;
    g_mime_init();
    GMimeParserOptions *options = g_mime_parser_options_new();
    if (strcmp(how, "strict") == 0)
        g_mime_parser_options_set_address_compliance_mode(options, GMIME_RFC_COMPLIANCE_STRICT);
    for (char *value; (value = lines_next(&len)); free(value)) {
        if (strcmp(how, "message") == 0)
            read_message(value);
        else if (strcmp(how, "block") == 0)
            read_block(value, len);
        else
            read_value(options, value);
        lines_end();
    }
    g_mime_parser_options_free(options);
    g_mime_shutdown();
    return 0;
}
