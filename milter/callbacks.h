/* What libmilter calls. */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <libmilter/mfapi.h>

extern const struct smfiDesc callbacks;

#endif
