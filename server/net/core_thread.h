/* core_thread.h - the one thread that runs the core: it takes all that waits, applies it event by event, and hands what comes of it
 * to the loops. Whoever runs it waits for other loops that are behind; they never wait for it.
 *
 * To wake it up, and to be woken up by it, costs a loop more than a request does, so a loop that finds it asleep does a round in its
 * place, if there is little to do (net/pace.h). Whoever runs the core holds its lock. */
#ifndef NET_CORE_THREAD_H
#define NET_CORE_THREAD_H

#include <pthread.h>
#include <uv.h>

#include "crypto/rng.h"
#include "net/pace.h"
#include "net/server.h"

struct core_thread {
    struct server *server;
    pthread_mutex_t lock;
    const struct loop *stand_in; /* the loop that runs it in the place of the thread; NULL: none */
    struct core *core;
    const struct live *live; /* the settings that the core has */
    uv_thread_t thread;
    struct rng rng;
    struct core_effects effects;
    struct batch batch;
    uint64_t round;                /* commits so far */
    uint64_t taken, looked_ms;     /* bytes since the disk was looked at, and when that was */
    bool rung[SERVER_THREADS_MAX]; /* loops that have got something since they were last rung */
    uint64_t taken_ns;             /* when the batch was taken */
    uint64_t commits_ns;           /* that commits took in this round */
    struct pace pace;
    uint64_t owed_ms; /* when what nobody waits for has to be committed; UINT64_MAX: nothing is */
    uint64_t due_from_ms; /* nothing that is due is tried before that */
    atomic_bool ending;
    bool runs;
};

SOTTO_MUST_USE sotto_err core_thread_init(struct core_thread *t, struct server *server);
SOTTO_MUST_USE sotto_err core_thread_run(struct core_thread *t);
/* On the loop's thread: does a round in the place of the core's thread. What came of it for this loop waits in its mailbox, which is
 * not rung. False: there is too much to do, or the core is at it already. */
bool core_thread_stand_in(struct core_thread *t, const struct loop *loop);
/* Once all loops have ended: what is left is dropped, the thread ends. */
void core_thread_join(struct core_thread *t);
void core_thread_clear(struct core_thread *t);

#endif
