/* Dovecot: what IMAP's ENVELOPE, Sieve's address test and searches read. */
#include <dovecot/config.h>
/* Must stand before the others. */
#include <dovecot/lib.h>

#include <dovecot/message-address.h>

#include "lines.h"

int main(int argc, char **argv)
{
    enum message_address_parse_flags flags =
        argc > 1 && strcmp(argv[1], "strict") == 0 ? MESSAGE_ADDRESS_PARSE_FLAG_STRICT_DOTS : 0;
    size_t len;
    lib_init();
    for (char *value; (value = lines_next(&len)); free(value)) {
        pool_t pool = pool_alloconly_create("addresses", 4096);
        const struct message_address *address =
            message_address_parse(pool, (const unsigned char *)value, len, 1000, flags);
        for (; address; address = address->next)
            if (address->mailbox && address->domain && address->domain[0])
                lines_address(address->mailbox, address->domain);
        pool_unref(&pool);
        lines_end();
    }
    lib_deinit();
    return 0;
}
