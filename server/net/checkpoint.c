#include "net/checkpoint.h"

#include <pthread.h>
#include <stdlib.h>
#include <uv.h>

#include "net/log.h"
#include "store/store.h"

#define COMMITS_EACH 1000 /* commits from one checkpoint to the next */

struct checkpoint {
    struct store *store;
    struct log *log;
    uv_thread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t due;
    uint64_t commits;            /* when it was last woken; the core's thread alone */
    bool wanted, ending, failed; /* under the lock */
};

static void checkpoint_run(struct checkpoint *c)
{
    sotto_err err = store_checkpoint(c->store);
    if (err != SOTTO_OK && !c->failed)
        log_line(c->log, "checkpoint", "the write-ahead log was not moved to the database: %s",
                 sotto_err_text(err));
    c->failed = err != SOTTO_OK;
}

static void checkpoint_main(void *arg)
{
    struct checkpoint *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->ending) {
        if (!c->wanted) {
            pthread_cond_wait(&c->due, &c->lock);
            continue;
        }
        c->wanted = false;
        pthread_mutex_unlock(&c->lock);
        checkpoint_run(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

sotto_err checkpoint_start(struct store *store, struct log *log, struct checkpoint **ret_checkpoint)
{
    struct checkpoint *c = calloc(1, sizeof *c);
    if (c == NULL)
        return SOTTO_E_NOMEM;
    c->store = store;
    c->log = log;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->due, NULL);
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
