/* Finding out, from tables and key store, what the rules will want to know. */
#ifndef GATE_GATHER_H
#define GATE_GATHER_H

#include "gate/snapshot.h"

/* At MAIL: the envelope sender as an identity, and whether the login owns it. */
void gather_envelope(struct arena *arena, const struct snapshot *snapshot, struct facts *facts);

/* At the end of the header: instances counted (fields: the same array as facts->header.fields),
 * every identity read and asked about, keys looked for. */
void gather_header(struct arena *arena, const struct snapshot *snapshot, struct field *fields,
                   struct facts *facts);

#endif
