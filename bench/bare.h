/* bare.h - the TLS handshake by the library alone: both sides in memory, no socket, nothing of ours. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>

/* The server side's CPU time of one handshake (TLS 1.3, X25519MLKEM768, ECDSA P-256, no ticket), in us; the mean of `count`.
 * 0: it failed. */
double bare_handshake_us(unsigned count);

#endif
