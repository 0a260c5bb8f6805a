/* Number literals of the configuration's syntax. */
#ifndef CONF_NUMBER_H
#define CONF_NUMBER_H

#include "conf/scan.h"

/* Whether a number stands at the text's beginning: 1, -1, +1, .5, -.5, 0x1F. */
bool number_begins(struct bytes text);

/* Its length, and which kind it is: TOKEN_NUMBER, TOKEN_WIDE_NUMBER, TOKEN_FLOAT. 0, and the
 * sentence: libconfig would read it as another number, or what follows hangs on to it. */
size_t number_read(struct bytes text, enum token_type *ret_type, struct error *error);

#endif
