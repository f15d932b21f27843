#include "net/checkpoint.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "net/server.h"
#include "store/store.h"

#define COMMITS_EACH \
    64           /* commits from one look to the next; what is to be done, the store decides */
#define IDLE_S 1 /* without commits: the time to the next look */

struct checkpoint {
    struct server *server;
    uv_thread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t due;
    uint64_t commits;            /* when it was last woken; of who runs the core */
    bool wanted, ending, failed; /* under the lock */
};

static void checkpoint_run(struct checkpoint *c)
{
    sotto_err err = store_checkpoint(c->server->config.store);
    if (err == SOTTO_E_IO || err == SOTTO_E_DAMAGED)
        server_fail(c->server, "the database", err);
    if (err != SOTTO_OK && !c->failed)
        log_line(c->server->log, "checkpoint",
                 "the write-ahead log was not moved to the database: %s", sotto_err_text(err));
    c->failed = err != SOTTO_OK;
}

/* True: nobody asked for a while. Under the lock. */
static bool due_wait(struct checkpoint *c)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_S;
    return pthread_cond_timedwait(&c->due, &c->lock, &until) == ETIMEDOUT;
}

static void checkpoint_main(void *arg)
{
    struct checkpoint *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->ending) {
        bool idle = !c->wanted && due_wait(c);
        if (c->ending || (!c->wanted && !idle))
            continue;
        c->wanted = false;
        pthread_mutex_unlock(&c->lock);
        checkpoint_run(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

sotto_err checkpoint_start(struct server *server, struct checkpoint **ret_checkpoint)
{
    struct checkpoint *c = calloc(1, sizeof *c);
    if (c == NULL)
        return SOTTO_E_NOMEM;
    c->server = server;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->due, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (uv_thread_create(&c->thread, checkpoint_main, c) != 0) {
        pthread_cond_destroy(&c->due);
        pthread_mutex_destroy(&c->lock);
        free(c);
        return SOTTO_E_NOMEM;
    }
    *ret_checkpoint = c;
    return SOTTO_OK;
}

void checkpoint_consider(struct checkpoint *c, uint64_t commits)
{
    if (commits - c->commits < COMMITS_EACH)
        return;
    c->commits = commits;
    pthread_mutex_lock(&c->lock);
    c->wanted = true;
    pthread_cond_signal(&c->due);
    pthread_mutex_unlock(&c->lock);
}

void checkpoint_stop(struct checkpoint *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_signal(&c->due);
    pthread_mutex_unlock(&c->lock);
    uv_thread_join(&c->thread);
    pthread_cond_destroy(&c->due);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
