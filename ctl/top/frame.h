/* What `submilterctl top` shows at one moment, as lines. */
#ifndef CTL_TOP_FRAME_H
#define CTL_TOP_FRAME_H

#include "ctl/report/report.h"
#include "ctl/top/window.h"

struct frame {
    const struct window *window;
    const struct report_look *look;
    int64_t now;
    unsigned height;     /* lines; 0: as many as there is something for */
    const char *message; /* why there is nothing new; NULL: there is no fault */
    const char *hint;    /* on the first line's end */
};

/* Each line ends with line_end and is no wider than the look says. */
void frame_write(const struct frame *frame, const char *line_end, FILE *out);

#endif
