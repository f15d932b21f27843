/* talk.h - application messages: each opens at every member of its epoch once, and at nobody else. */
#ifndef TESTS_MODEL_TALK_H
#define TESTS_MODEL_TALK_H

#include "tests/model/client.h"

/* A member says something; nobody has it yet. */
void talk_say(struct client *c);
/* Some message reaches some client: for the first time, again, late, or spoiled. */
void talk_deliver(struct world *w);
/* All messages of the last epoch reach all who are in it, in any order, but for some. */
void talk_deliver_all(struct world *w);
/* More messages of one member than can be missed. */
void talk_burst(struct client *c, uint32_t count);
/* Messages that nobody asks for any more are forgotten; all of them. */
void talk_forget_old(struct world *w);
void talk_forget(struct world *w);

/* A copy that differs in one place, or in its length; false if it came out the same. */
bool spoil(struct world *w, view bytes, sotto_buf *ret_spoiled);
/* A spoiled copy is refused by the client's group. */
void spoiled_deliver(struct client *c, view bytes);

#endif
