/* direct.h - the wire without a relay: TCP between two processes, each message behind its length (uint32). No TLS: what the suite
 * does is all there is. */
#ifndef LAB_DIRECT_H
#define LAB_DIRECT_H

#include "lab/talk.h"

#define DIRECT_ADDRESS "127.0.0.1"
#define DIRECT_PORT    65432

extern const struct wire direct_listen_wire, direct_dial_wire;

#endif
