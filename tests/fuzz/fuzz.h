/* What the targets of libFuzzer share.
 *
 * A target judges one input by properties that hold for all inputs; what does not hold ends the
 * process by fuzz_fail, so that libFuzzer keeps the input. It copies each input into memory of
 * exactly its size: who reads on is seen by AddressSanitizer. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>

#include "policy/bytes.h"

/* libFuzzer's names. The first is every target's; the second, of those that have to begin, once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Says what did not hold, and aborts. */
_Noreturn void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes as they can be shown, in one of four buffers by turns; cut. */
const char *fuzz_show(struct bytes text);

/* The input as bytes. */
struct bytes fuzz_bytes(const uint8_t *data, size_t size);

/* Takes a number off the front; 0 where nothing is left. */
unsigned fuzz_take_byte(struct bytes *rest);

/* Takes as many bytes off the front as the two bytes there say (the low one first), or all. */
struct bytes fuzz_take_piece(struct bytes *rest);

/* A copy on the heap of exactly that size, for the same reason; free it with fuzz_free. */
struct bytes fuzz_copy(struct bytes text);
void fuzz_free(struct bytes copy);

/* A text that ends at its first NUL, copied, so that who reads on is seen; free() it. */
char *fuzz_text(struct bytes text);

#endif
