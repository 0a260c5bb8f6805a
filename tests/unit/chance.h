/* Chance, the same on every machine, and what it makes of a text. */
#ifndef TESTS_UNIT_CHANCE_H
#define TESTS_UNIT_CHANCE_H

#include <stddef.h>

/* From 0 on, less than below. One thread's. */
size_t chance(size_t below);

/* MUTATION_PIECES of them are put in at most. */
struct mutation {
    const char *const *pieces;
    size_t piece_count;
    size_t longest_cut; /* bytes */
};

#define MUTATION_PIECES 4

/* 1 to MUTATION_PIECES changes: a piece put in, a cut, another byte. The text has room for the
 * longest piece as often. The length that it has then. */
size_t mutate(const struct mutation *mutation, char *text, size_t len);

#endif
