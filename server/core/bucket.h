/* bucket.h - the one kind of rate limit: a leaky bucket (GCRA) that counts what was taken and forgets it at a fixed rate. 16
 * bytes each, no timer: what has leaked is worked out when the bucket is asked. {0} is an empty bucket. */
#ifndef CORE_BUCKET_H
#define CORE_BUCKET_H

#include "base/base.h"

/* `burst` at once, then `amount` each `period_ms`. amount 0: no limit. period_ms is at least 1. */
struct bucket_rate {
    uint64_t amount, period_ms, burst;
};

struct bucket {
    uint64_t debt; /* what was taken and has not leaked, times period_ms */
    uint64_t at_ms;
};

/* How long until `cost` more fits; 0: now. Changes nothing. */
uint64_t bucket_wait_ms(const struct bucket *b, const struct bucket_rate *rate, uint64_t cost,
                        uint64_t now_ms);

/* Takes `cost`, whether it fits or not. */
void bucket_take(struct bucket *b, const struct bucket_rate *rate, uint64_t cost, uint64_t now_ms);

/* Gives back what was taken. */
void bucket_give(struct bucket *b, const struct bucket_rate *rate, uint64_t cost, uint64_t now_ms);

/* All has leaked: a fresh bucket would do as well. */
bool bucket_is_empty(const struct bucket *b, const struct bucket_rate *rate, uint64_t now_ms);

#endif
