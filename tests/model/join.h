/* join.h - ways into a group: by a Welcome, by a commit of one's own, and from one group into the next. */
#ifndef TESTS_MODEL_JOIN_H
#define TESTS_MODEL_JOIN_H

#include "tests/model/client.h"

/* Those whom a Welcome of the last record is for join, but for some. `tree` is empty if it is inside. */
void welcomes_deliver(struct world *w, view welcome, view tree);

/* An external commit on the last record; with the removal of the leaf that the client has there. Never NULL. */
sotto_staged *join_external(struct client *c);

/* Some members form a group of their own beside this one, and talk. */
void join_branch(struct client *c);
/* The group that a ReInit ended goes on as another; in this suite. Nobody is left behind. */
void join_reinit(struct world *w);

#endif
