/* Sessions as the kernel sees them: libmilter tells of one only once it has spoken. */
#ifndef MILTER_SESSIONS_H
#define MILTER_SESSIONS_H

/* Remembers where the descriptor listens. */
void sessions_of(int listening);

/* How many of our descriptors were accepted there; 0 where /proc cannot tell. */
unsigned sessions_accepted(void);

#endif
