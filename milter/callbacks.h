/* What libmilter calls. */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <stdbool.h>

#include <libmilter/mfapi.h>

extern const struct smfiDesc callbacks;

/* Before libmilter starts: whether MTAs come over TCP. They are then answered at DATA, too. */
void callbacks_use_tcp(bool tcp);

#endif
