/* bare.h - TLS by the library alone, nothing of ours: handshakes in memory, records through sockets. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>

/* The server side's CPU time of one handshake (TLS 1.3, X25519MLKEM768, ECDSA P-256, no ticket), in us; the mean of `count`.
 * 0: it failed. */
double bare_handshake_us(unsigned count);

/* The sender's CPU time of one record of `size` bytes and one send() over loopback TCP, in us: `rounds` times one to each of so many
 * connections. 0: it failed. */
double bare_record_us(unsigned connections, size_t size, unsigned rounds);

#endif
