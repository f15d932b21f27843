/* pace.h - for how much company a request waits before it is committed. A commit costs much the same for one as for many. Under load
 * requests come in bunches, since those who were answered together ask together again: the first of a bunch waits until most of it is
 * there, for a part of the time that a commit takes. Who is alone is not kept waiting, and a loop may see to it by itself
 * (net/core_thread.h). Pure; one thread at a time. */
#ifndef NET_PACE_H
#define NET_PACE_H

#include "base/base.h"

struct pace {
    uint64_t usual;     /* posts of a commit, in 16ths, smoothed */
    uint64_t commit_ns; /* that a commit takes, smoothed */
    uint64_t step_ns;   /* that a round takes without its commits, smoothed */
    size_t taken;       /* posts since the last commit */
};

/* So many posts were taken. */
void pace_take(struct pace *pace, size_t posts);
/* Nothing of what was taken was to be committed. */
void pace_rest(struct pace *pace);
/* A round took so long, without its commits. */
void pace_step(struct pace *pace, uint64_t took_ns);
/* All that were taken are committed; that took so long. */
void pace_commit(struct pace *pace, uint64_t took_ns);
/* How many more are worth waiting for, and how long; 0: none. */
size_t pace_wanted(const struct pace *pace, uint64_t *ret_most_ns);
/* Whether so few came, and the last ones cost so little, that to hand so many over to another thread would cost more. */
bool pace_is_light(const struct pace *pace, size_t posts);

#endif
