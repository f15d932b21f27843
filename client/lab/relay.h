/* relay.h - the wire through a relay: a room of kind lab, whose code is SLOT-SUITE. The code is no secret: it says where and
 * how, not who. What the relay could do with it is what `sotto lab attack mitm` shows. */
#ifndef LAB_RELAY_H
#define LAB_RELAY_H

#include "lab/talk.h"

extern const struct wire relay_new_wire, relay_join_wire;

#endif
