/* propose.h - proposals by reference: by members, by the external sender, by who wants to be a member. */
#ifndef TESTS_MODEL_PROPOSE_H
#define TESTS_MODEL_PROPOSE_H

#include "tests/model/wish.h"

/* A member that is ready proposes something of this kind, if it can. */
void propose(struct client *c, enum wish_kind kind);
/* The external sender, if the group has it, and a client that is no member. An odd one is taken by all members or by none. */
void propose_external(struct world *w, bool odd);
void propose_self(struct world *w);

/* The i-th proposal of the client's epoch reaches it. */
void proposal_deliver(struct client *c, uint32_t i);
/* All that it has not had yet, in any order. */
void proposals_deliver(struct client *c);

#endif
