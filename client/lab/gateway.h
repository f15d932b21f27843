/* gateway.h - the wire through a Socket.IO gateway (meet.h), in plain HTTP as the gateway speaks it. */
#ifndef LAB_GATEWAY_H
#define LAB_GATEWAY_H

#include "lab/talk.h"

#define GATEWAY_ADDRESS "127.0.0.1"
#define GATEWAY_PORT    5001
#define GATEWAY_ROOM    "default"

extern const struct wire gateway_wire;

#endif
