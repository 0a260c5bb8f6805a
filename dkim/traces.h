/* What handling a key leaves beside the memory that it was given. */
#ifndef DKIM_TRACES_H
#define DKIM_TRACES_H

/* Overwrites what the calls before this one have left of their data on the calling thread's stack
 * and in the registers that memory is copied through: threads that are started later inherit the
 * registers, and the dynamic linker saves them on the stack. */
void traces_wipe(void);

#endif
