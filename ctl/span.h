/* How long something takes, in words that are short. */
#ifndef CTL_SPAN_H
#define CTL_SPAN_H

#include <stdint.h>

#define SPAN_SIZE 40

/* Of seconds, with at most two units: "40 s", "12 min", "2 h 5 min", "3 d 4 h", "400 d". */
const char *span_text(int64_t seconds, char ret_text[SPAN_SIZE]);

#endif
