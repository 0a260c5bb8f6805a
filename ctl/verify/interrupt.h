/* An admin's Ctrl-C: what the server has taken by then is still taken from its queue. */
#ifndef CTL_VERIFY_INTERRUPT_H
#define CTL_VERIFY_INTERRUPT_H

#include <stdbool.h>

/* INT, TERM and HUP are remembered from now on, unless the caller ignores them. A second one ends
 * the program at once. */
void interrupt_begin(void);

/* Whether one came. Waits last a second at most before they ask. */
bool interrupted(void);

/* Ends the program by the signal that came; returns when there was none. */
void interrupt_end(void);

#endif
