/* resist.h - the lab's attacks against a Sotto session, carried out for real on the channel of room/channel.h. */
#ifndef LAB_RESIST_H
#define LAB_RESIST_H

#include "lab/attack.h"

/* As attack_run(). SHA-1 does not apply: nothing there uses it. */
SOTTO_MUST_USE sotto_err resist_run(sotto_crypto *c, enum attack_id attack,
                                    const uint8_t seed[LAB_SEED], attack_tell_fn *tell, void *data,
                                    struct attack_verdict *ret_verdict);

#endif
