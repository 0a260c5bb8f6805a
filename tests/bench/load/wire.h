/* One connection to a milter: packets out through a buffer that is as large as Postfix's, packets
 * in. What is put waits in the buffer until it is full or a reply is waited for. */
#ifndef BENCH_LOAD_WIRE_H
#define BENCH_LOAD_WIRE_H

#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct wire {
    int fd; /* -1: closed */
    char *out;
    size_t out_len, out_room;
    char *in;
    size_t in_from, in_to, in_room;
};

struct packet {
    char command;
    struct bytes data; /* borrowed until the next read */
};

/* address: unix:/PATH or inet:PORT@HOST (a number, like 127.0.0.1). wire_close ends it; it takes
 * one that failed to open too. */
MUST_CHECK bool wire_open(struct wire *wire, const char *address, struct error *error);
void wire_close(struct wire *wire);

/* Announces a packet of len bytes of data behind the command; they follow by wire_bytes. */
MUST_CHECK bool wire_begin(struct wire *wire, char command, size_t len, struct error *error);
MUST_CHECK bool wire_bytes(struct wire *wire, struct bytes bytes, struct error *error);
MUST_CHECK bool wire_number(struct wire *wire, uint32_t number, struct error *error);
MUST_CHECK bool wire_flush(struct wire *wire, struct error *error);

/* Sends what waits, and waits for the next packet. */
MUST_CHECK bool wire_read(struct wire *wire, struct packet *ret_packet, struct error *error);

/* A number of four bytes, the highest first. */
uint32_t wire_number_at(const char *data);

#endif
