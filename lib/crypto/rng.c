/* A draw takes the ChaCha20 key stream of the current key under an all-zero nonce: block 0 gives the next key, the blocks
 * from 1 on what was asked for. The old key is gone afterwards, so one nonce does: no key serves twice. */
#include "crypto/rng.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/ct.h"

static const uint8_t zero_nonce[crypto_stream_chacha20_ietf_NONCEBYTES];

struct rng rng_from(const uint8_t seed[RNG_SEED])
{
    struct rng rng;
    memcpy(rng.key, seed, RNG_SEED);
    return rng;
}

void rng_bytes(struct rng *rng, uint8_t *ret_out, size_t len)
{
    uint8_t next[RNG_SEED];
    if (len > 0) {
        memset(ret_out, 0, len);
        crypto_stream_chacha20_ietf_xor_ic(ret_out, ret_out, len, zero_nonce, 1, rng->key);
    }
    crypto_stream_chacha20_ietf(next, sizeof next, zero_nonce, rng->key);
    memcpy(rng->key, next, RNG_SEED);
    ct_wipe(next, sizeof next);
}

/* Draws again below 2^32 mod bound, so that what is left is a multiple of the bound. */
uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    assert(bound > 0);
    uint32_t floor = (0 - bound) % bound;
    for (;;) {
        uint32_t number;
        rng_bytes(rng, (uint8_t *)&number, sizeof number);
        CT_PUBLIC(&number, sizeof number);
        if (number >= floor)
            return number % bound;
    }
}

void rng_clear(struct rng *rng)
{
    if (rng != NULL)
        ct_wipe(rng, sizeof *rng);
}

void random_bytes(uint8_t *ret_out, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = getrandom(ret_out + done, len - done, 0);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            abort();
    }
}
