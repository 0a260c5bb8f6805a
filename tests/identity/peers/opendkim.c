/* libopendkim's own reading of From, by which OpenDKIM finds the domain to sign and to report. */
#include "lines.h"

/* Exported, but in no header that is installed. Cuts the line in its place. */
int dkim_mail_parse(unsigned char *line, unsigned char **user_out, unsigned char **domain_out);

int main(void)
{
    size_t len;
    for (char *value; (value = lines_next(&len)); free(value)) {
        unsigned char *user = NULL;
        unsigned char *domain = NULL;
        lines_unfold(value);
        if (dkim_mail_parse((unsigned char *)value, &user, &domain) == 0 && user && domain)
            lines_address((const char *)user, (const char *)domain);
        lines_end();
    }
    return 0;
}
