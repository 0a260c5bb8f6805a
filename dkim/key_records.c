/* Showing a key's TXT record as people type it into DNS. */
#include "dkim/keygen.h"

#include <string.h>

#define MOST_STRING ((size_t)255) /* RFC 1035 3.3: one character-string */

void keygen_print_records(const struct key *key, FILE *out)
{
    struct bytes record = bytes_of(key->record);
    fprintf(out, "; in a zone file (BIND's form):\n");
    fprintf(out, "%s._domainkey.%s. IN TXT (", key->selector, key->domain);
    for (size_t at = 0; at < record.len; at += MOST_STRING) {
        struct bytes string = bytes_slice(record, at, at + MOST_STRING);
        fprintf(out, "%s\"%.*s\"", at ? "\n        " : " ", (int)string.len, string.data);
    }
    fprintf(out, " )\n");
    fprintf(out, "; in a form that asks for the name and the value of a TXT record:\n");
    fprintf(out, "%s._domainkey.%s\n%s\n", key->selector, key->domain, key->record);
}
