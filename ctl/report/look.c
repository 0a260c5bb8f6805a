/* What the terminal can show. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/report/report.h"

#define UNKNOWN_WIDTH 100

void report_look_at(FILE *out, struct report_look *ret_look)
{
    struct winsize size = {0};
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    bool terminal = isatty(fileno(out));
    setlocale(LC_CTYPE, "");
    ret_look->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    ret_look->colour = terminal && term && strcmp(term, "dumb") != 0 && !(no_colour && *no_colour);
    ret_look->width = UNKNOWN_WIDTH;
    if (terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col)
        ret_look->width = size.ws_col;
}
