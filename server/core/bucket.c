/* Numbers are scaled by period_ms, so that a rate of 1 in 5 minutes and one of 256 KiB a second are both exact in integers:
 * each unit taken adds period_ms to the debt, each millisecond takes `amount` off it. All sums saturate. */
#include "core/bucket.h"

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t later(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

/* The debt at now_ms; a clock that went back leaks nothing. */
static uint64_t bucket_debt(const struct bucket *b, const struct bucket_rate *rate, uint64_t now_ms)
{
    uint64_t elapsed_ms = now_ms > b->at_ms ? now_ms - b->at_ms : 0;
    uint64_t leaked = multiply(elapsed_ms, rate->amount);
    return b->debt > leaked ? b->debt - leaked : 0;
}

uint64_t bucket_wait_ms(const struct bucket *b, const struct bucket_rate *rate, uint64_t cost,
                        uint64_t now_ms)
{
    if (rate->amount == 0)
        return 0;
    uint64_t wanted = add(bucket_debt(b, rate, now_ms), multiply(cost, rate->period_ms));
    uint64_t room = multiply(rate->burst, rate->period_ms);
    if (wanted <= room)
        return 0;
    uint64_t over = wanted - room;
    return over / rate->amount + (over % rate->amount != 0);
}

void bucket_take(struct bucket *b, const struct bucket_rate *rate, uint64_t cost, uint64_t now_ms)
{
    if (rate->amount == 0)
        return;
    b->debt = add(bucket_debt(b, rate, now_ms), multiply(cost, rate->period_ms));
    b->at_ms = later(b->at_ms, now_ms);
}

void bucket_give(struct bucket *b, const struct bucket_rate *rate, uint64_t cost, uint64_t now_ms)
{
    uint64_t debt = bucket_debt(b, rate, now_ms), back = multiply(cost, rate->period_ms);
    b->debt = debt > back ? debt - back : 0;
    b->at_ms = later(b->at_ms, now_ms);
}

bool bucket_is_empty(const struct bucket *b, const struct bucket_rate *rate, uint64_t now_ms)
{
    return rate->amount == 0 || bucket_debt(b, rate, now_ms) == 0;
}
