#include "net/claims.h"

#include <errno.h>
#include <time.h>

sotto_err claims_init(struct claims *claims)
{
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&claims->lock, NULL) != 0 || pthread_condattr_init(&monotonic) != 0)
        return SOTTO_E_NOMEM;
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&claims->came, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return failed == 0 && pthread_cond_init(&claims->done, NULL) == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
}

void claims_clear(struct claims *claims)
{
    pthread_cond_destroy(&claims->done);
    pthread_cond_destroy(&claims->came);
    pthread_mutex_destroy(&claims->lock);
}

/* `count`: it is not there. */
static size_t place_of(uint8_t (*list)[BLOB_HASH], size_t count, const uint8_t hash[BLOB_HASH])
{
    size_t i = 0;
    while (i < count && memcmp(list[i], hash, BLOB_HASH) != 0)
        i++;
    return i;
}

/* The last one takes the place of the one that goes, if it is there. */
static void take_out(uint8_t (*list)[BLOB_HASH], size_t *count, const uint8_t hash[BLOB_HASH])
{
    size_t place = place_of(list, *count, hash);
    if (place < *count)
        memmove(list[place], list[--*count], BLOB_HASH);
}

bool claims_take(struct claims *claims, const uint8_t hash[BLOB_HASH])
{
    pthread_mutex_lock(&claims->lock);
    while (claims->is_going && memcmp(claims->going, hash, BLOB_HASH) == 0)
        pthread_cond_wait(&claims->done, &claims->lock);
    bool taken = claims->claimed_count < CLAIMS_MAX;
    if (taken) {
        memcpy(claims->claimed[claims->claimed_count++], hash, BLOB_HASH);
        take_out(claims->doomed, &claims->doomed_count, hash);
    }
    pthread_mutex_unlock(&claims->lock);
    return taken;
}

void claims_drop(struct claims *claims, const uint8_t hash[BLOB_HASH])
{
    pthread_mutex_lock(&claims->lock);
    take_out(claims->claimed, &claims->claimed_count, hash);
    pthread_mutex_unlock(&claims->lock);
}

void claims_doom(struct claims *claims, const uint8_t hash[BLOB_HASH])
{
    pthread_mutex_lock(&claims->lock);
    size_t claimed = claims->claimed_count, doomed = claims->doomed_count;
    if (doomed < DOOMED_MAX && place_of(claims->claimed, claimed, hash) == claimed &&
        place_of(claims->doomed, doomed, hash) == doomed) {
        memcpy(claims->doomed[claims->doomed_count++], hash, BLOB_HASH);
        pthread_cond_signal(&claims->came);
    }
    pthread_mutex_unlock(&claims->lock);
}

void claims_hold(struct claims *claims, bool held)
{
    pthread_mutex_lock(&claims->lock);
    claims->held = held;
    pthread_cond_signal(&claims->came);
    pthread_mutex_unlock(&claims->lock);
}

static bool has_work(const struct claims *claims)
{
    return !claims->held && claims->doomed_count > 0;
}

static void wait_until(struct claims *claims, uint64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + wait_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(wait_ms / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    while (!claims->ending && !has_work(claims))
        if (pthread_cond_timedwait(&claims->came, &claims->lock, &until) == ETIMEDOUT)
            return;
}

bool claims_next(struct claims *claims, uint64_t wait_ms, uint8_t ret_hash[BLOB_HASH])
{
    pthread_mutex_lock(&claims->lock);
    wait_until(claims, wait_ms);
    claims->is_going = !claims->ending && has_work(claims);
    if (claims->is_going) {
        memcpy(claims->going, claims->doomed[--claims->doomed_count], BLOB_HASH);
        memcpy(ret_hash, claims->going, BLOB_HASH);
    }
    bool is_going = claims->is_going;
    pthread_mutex_unlock(&claims->lock);
    return is_going;
}

void claims_gone(struct claims *claims)
{
    pthread_mutex_lock(&claims->lock);
    claims->is_going = false;
    pthread_cond_broadcast(&claims->done);
    pthread_mutex_unlock(&claims->lock);
}

void claims_end(struct claims *claims)
{
    pthread_mutex_lock(&claims->lock);
    claims->ending = true;
    pthread_cond_signal(&claims->came);
    pthread_mutex_unlock(&claims->lock);
}

bool claims_ended(struct claims *claims)
{
    pthread_mutex_lock(&claims->lock);
    bool ended = claims->ending;
    pthread_mutex_unlock(&claims->lock);
    return ended;
}
