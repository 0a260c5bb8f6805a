/* Standard output, which main alone looks at, once, when a command has ended: commands print, and
 * do not ask whether it came to anything. Only who prints without end asks ferror(stdout), and
 * stops. */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include "gate/json.h"
#include "policy/error.h"

/* A standard descriptor that is closed fails like a full disk from now on, rather than be the next
 * file that is opened. */
void output_begin(void);

/* What was asked for has been carried out, which output_end says where the output is lost. */
void output_change_made(void);

/* Something could just not be printed; errno, which output_end says, is why. For what is printed in
 * one piece that may be more than stdio keeps: of that nothing may be left to fail at the end. */
void output_failed(void);

/* Before signals are let in that may end the command, and before what is said on standard error is
 * to stand behind it. */
void output_flush(void);

/* Prints a whole value as a line of its own, and gives back its memory. False: memory is out. */
MUST_CHECK bool output_json(struct json *json);

/* Where something of it could not be written this is said on standard error, and the status is
 * EX_IOERR in place of a command's own answer (0 to 63); errors stay what they are. */
int output_end(int status);

#endif
