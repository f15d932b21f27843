/* Sets of WAYS places; a name's hash picks its set. A place knows when its bucket will have leaked, so that finding the one that is
 * missed least costs no look at its rate. */
#include "core/limiter.h"

#include <stdlib.h>

#define WAYS 8

struct place {
    uint64_t who, whom;
    uint32_t rate; /* enum rate + 1; 0: free */
    struct bucket bucket;
    uint64_t empty_ms;
};

struct limiter {
    struct bucket_rate rates[RATE_COUNT];
    uint8_t key[MAP_KEY];
    size_t sets; /* a power of two */
    struct place places[];
};

sotto_err limiter_new(size_t count, struct limiter **ret_limiter)
{
    size_t sets = 1;
    while (sets * WAYS < count)
        sets *= 2;
    struct limiter *limiter = calloc(1, sizeof *limiter + sets * WAYS * sizeof(struct place));
    if (limiter == NULL)
        return SOTTO_E_NOMEM;
    limiter->sets = sets;
    *ret_limiter = limiter;
    return SOTTO_OK;
}

void limiter_free(struct limiter *limiter)
{
    free(limiter);
}

void limiter_key(struct limiter *limiter, const uint8_t key[MAP_KEY])
{
    memcpy(limiter->key, key, MAP_KEY);
}

static struct bucket_rate rate_of(uint64_t burst, uint64_t wait_ms)
{
    return burst == 0 || wait_ms == 0 ? (struct bucket_rate){0, 1, 0}
                                      : (struct bucket_rate){1, wait_ms, burst};
}

void limiter_configure(struct limiter *limiter, const struct limits *limits)
{
#define RATE_SET(name, burst, wait) \
    limiter->rates[RATE_##name] = rate_of(limits->burst, limits->wait);
    RATES(RATE_SET)
#undef RATE_SET
}

static const struct place *set_of(const struct limiter *limiter, enum rate rate, uint64_t who,
                                  uint64_t whom)
{
    const uint64_t name[3] = {(uint64_t)rate, who, whom};
    size_t set = (size_t)map_hash(limiter->key, VIEW_OF(name)) & (limiter->sets - 1);
    return limiter->places + set * WAYS;
}

static bool is_named(const struct place *place, enum rate rate, uint64_t who, uint64_t whom)
{
    return place->rate == (uint32_t)rate + 1 && place->who == who && place->whom == whom;
}

static const struct place *place_find(const struct limiter *limiter, enum rate rate, uint64_t who,
                                      uint64_t whom)
{
    const struct place *set = set_of(limiter, rate, who, whom);
    for (size_t i = 0; i < WAYS; i++)
        if (is_named(&set[i], rate, who, whom))
            return &set[i];
    return NULL;
}

/* Its own place, or else the one that is missed least. */
static struct place *place_get(struct limiter *limiter, enum rate rate, uint64_t who, uint64_t whom)
{
    struct place *set = limiter->places + (set_of(limiter, rate, who, whom) - limiter->places);
    struct place *found = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (is_named(&set[i], rate, who, whom))
            return &set[i];
        if (set[i].empty_ms < found->empty_ms)
            found = &set[i];
    }
    *found = (struct place){.who = who, .whom = whom, .rate = (uint32_t)rate + 1};
    return found;
}

uint64_t limiter_wait_ms(const struct limiter *limiter, enum rate rate, uint64_t who, uint64_t whom,
                         uint64_t cost, uint64_t now_ms)
{
    const struct bucket fresh = {0};
    const struct place *place = place_find(limiter, rate, who, whom);
    const struct bucket_rate *r = &limiter->rates[rate];
    return bucket_wait_ms(place != NULL ? &place->bucket : &fresh, r,
                          cost < r->burst ? cost : r->burst, now_ms);
}

void limiter_take(struct limiter *limiter, enum rate rate, uint64_t who, uint64_t whom,
                  uint64_t cost, uint64_t now_ms)
{
    const struct bucket_rate *r = &limiter->rates[rate];
    if (r->amount == 0)
        return;
    struct place *place = place_get(limiter, rate, who, whom);
    bucket_take(&place->bucket, r, cost, now_ms);
    place->empty_ms = place->bucket.at_ms + place->bucket.debt / r->amount + 1;
}
