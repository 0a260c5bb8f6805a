/* SipHash-1-3 (Aumasson and Bernstein 2012): a keyed hash for tables whose keys others write. */
#ifndef POLICY_SIPHASH_H
#define POLICY_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint8_t secret[16], const char *data, size_t len);

#endif
