/* Where tests let limits/ count: in memory, in a file, or as the hosts of a fleet on a real Redis.
 */
#ifndef TESTS_LIMITS_PLACES_H
#define TESTS_LIMITS_PLACES_H

#include "limits/limits.h"

#define PLACE_HOSTS_MAX 3

enum place_kind { PLACE_MEMORY, PLACE_FILE, PLACE_FLEET };

struct place {
    enum place_kind kind;
    struct limits *hosts[PLACE_HOSTS_MAX];
    size_t host_count;
    char fleet[32];
};

/* Whether this machine can have such a place; Redis is started at the first question. */
bool place_is_there(enum place_kind kind);

/* Empty; must open. hosts: of a fleet; 1 elsewhere. */
void place_open(struct place *place, enum place_kind kind, size_t hosts);

/* Closes all hosts and opens them again, as a restart does. */
void place_reopen(struct place *place);

void place_close(struct place *place);

/* What was closed, as it was left. */
void place_open_again(struct place *place);

/* Submits and collects, at one host of the place. */
void place_ask(struct place *place, size_t host, struct limits_request *request);

/* The folder of a host's file. */
void place_file(const struct place *place, size_t host, char *buffer, size_t size);

/* What Redis answers to a command of some words: a bulk string or a line; "" for none. */
void place_redis(const char *words, char *buffer, size_t size);

/* What the stores said last, for a failure's text. */
const char *place_said(void);

/* At the very end: ends Redis and removes the folder. */
void places_end(void);

#endif
