/* The terminal while it is ours: another screen, no cursor, keys as they are pressed. */
#ifndef CTL_TOP_SCREEN_H
#define CTL_TOP_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

enum screen_event {
    SCREEN_TIME,   /* the time has passed */
    SCREEN_RESIZE, /* or it has come back after a stop: draw anew */
    SCREEN_QUIT,   /* q was pressed, or a signal came */
};

/* False where standard output is no terminal that can do it: nothing was changed. */
bool screen_begin(void);

/* Waits so long for a key or a signal. */
enum screen_event screen_wait(int milliseconds);

/* Writes a frame over the one that is there. */
void screen_show(const char *lines, size_t len);

/* Gives the terminal back as it was. May be called without screen_begin. */
void screen_end(void);

/* Columns and lines; false where they are not known. */
bool screen_size(unsigned *ret_width, unsigned *ret_height);

#endif
