/* Dovecot on whole messages: what its ENVELOPE, index and Sieve read of each From field. */
#include <dovecot/config.h>
/* Must stand before the others. */
#include <dovecot/lib.h>

#include <strings.h>

#include <dovecot/istream.h>
#include <dovecot/message-address.h>
#include <dovecot/message-header-parser.h>

#include "lines.h"

static void put_addresses(const struct message_header_line *line)
{
    pool_t pool = pool_alloconly_create("addresses", 4096);
    const struct message_address *address =
        message_address_parse(pool, line->full_value, line->full_value_len, 1000, 0);
    for (; address; address = address->next)
        if (address->mailbox && address->domain && address->domain[0])
            lines_address(address->mailbox, address->domain);
    pool_unref(&pool);
}

static void read_block(const char *text, size_t len)
{
    struct istream *input = i_stream_create_from_data(text, len);
    struct message_header_parser_ctx *parser = message_parse_header_init(input, NULL, 0);
    struct message_header_line *line;
    while (message_parse_header_next(parser, &line) > 0 && !line->eoh) {
        if (strcasecmp(line->name, "From") != 0)
            continue;
        if (line->continues)
            line->use_full_value = TRUE;
        else
            put_addresses(line);
    }
    message_parse_header_deinit(&parser);
    i_stream_unref(&input);
}

int main(void)
{
    size_t len;
    lib_init();
    for (char *text; (text = lines_next(&len)); free(text)) {
        read_block(text, len);
        lines_end();
    }
    lib_deinit();
    return 0;
}
