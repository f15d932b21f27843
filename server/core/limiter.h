/* limiter.h - rate limits of everybody who isn't connected, in memory that is fixed: one table of buckets for all of them. A bucket is
 * named by what it limits and by two numbers (who, whom). If a new one finds no free place it takes that of the one which is empty
 * soonest: so a flood of new names forgets the smallest debts, and nobody's memory grows. */
#ifndef CORE_LIMITER_H
#define CORE_LIMITER_H

#include "base/map.h"
#include "core/bucket.h"
#include "core/limits.h"

struct limiter; /* opaque */

/* `count` buckets, rounded up. NOMEM. */
SOTTO_MUST_USE sotto_err limiter_new(size_t count, struct limiter **ret_limiter);
void limiter_free(struct limiter *limiter); /* accepts NULL */
/* So that nobody can choose names that meet in one place. */
void limiter_key(struct limiter *limiter, const uint8_t key[MAP_KEY]);
/* The rates that hold from here on; what was taken stays taken. */
void limiter_configure(struct limiter *limiter, const struct limits *limits);

/* How long until `cost` more fits; 0: now. What is larger than the burst fits where nothing is owed: else it never would. Changes nothing. */
uint64_t limiter_wait_ms(const struct limiter *limiter, enum rate rate, uint64_t who, uint64_t whom,
                         uint64_t cost, uint64_t now_ms);
/* Takes it, whether it fits or not. */
void limiter_take(struct limiter *limiter, enum rate rate, uint64_t who, uint64_t whom,
                  uint64_t cost, uint64_t now_ms);

#endif
