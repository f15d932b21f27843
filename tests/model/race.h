/* race.h - commits: several are made in one epoch, one wins, everybody else follows. */
#ifndef TESTS_MODEL_RACE_H
#define TESTS_MODEL_RACE_H

#include "tests/model/wish.h"

/* A member that is ready makes a commit, to what waits and to some wishes; not if it has one on the way. */
void race_commit(struct client *c);
/* The same with a proposal of each of these kinds by value, if it can. */
void race_commit_to(struct client *c, const enum wish_kind *kinds, uint32_t count,
                    bool without_pending);
/* Any client makes an external commit: joins, or joins again. */
void race_join(struct client *c);
/* One that no honest member takes: it is refused by all, and can't win. */
void race_forbidden(struct client *c);
/* One of those that were made wins. False: there were none. */
bool race_decide(struct world *w);
void candidates_drop(struct world *w);

/* The client goes on to the next epoch, if there is one that it knows the way to. False: there is none. */
bool race_follow(struct client *c);
/* As far as it gets. */
void race_catch_up(struct client *c);
/* Everybody, but for those that choices leave behind. */
void race_follow_all(struct world *w, uint32_t lag);
/* Somebody is in the last epoch. */
void race_settle(struct world *w);

/* Some old commit or Welcome reaches a client once more. */
void race_repeat(struct world *w);

#endif
