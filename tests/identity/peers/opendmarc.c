/* libopendmarc: the domain whose policy is asked for. */
#include <sys/types.h>

#include "lines.h"

/* Exported, but in no header that is installed. */
unsigned char *opendmarc_util_finddomain(unsigned char *raw, unsigned char *buffer, size_t room);

int main(void)
{
    size_t len;
    for (char *value; (value = lines_next(&len)); free(value)) {
        unsigned char domain[1024] = "";
        lines_unfold(value);
        if (opendmarc_util_finddomain((unsigned char *)value, domain, sizeof domain) && domain[0])
            lines_address("", (const char *)domain);
        lines_end();
    }
    return 0;
}
