/* rng.h - random bytes. The cores draw none themselves: each step is given a seed, which an rng stretches, so that a run can
 * be replayed. Only the shells around the cores (server/net, client/host, tools) call random_bytes(); a lint checks it. */
#ifndef CRYPTO_RNG_H
#define CRYPTO_RNG_H

#include "base/base.h"

#define RNG_SEED 32 /* bytes */

/* A deterministic stream from one seed: ChaCha20 with the key erased after each call, so that what was drawn can't be found
 * out later. By value; rng_clear() wipes. */
struct rng {
    uint8_t key[RNG_SEED];
};

struct rng rng_from(const uint8_t seed[RNG_SEED]);
void rng_bytes(struct rng *rng, uint8_t *ret_out, size_t len);
/* Uniform in [0, bound), bound > 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);
void rng_clear(struct rng *rng);

/* From the kernel (getrandom); ends the program if the kernel has none, since going on would be worse. */
void random_bytes(uint8_t *ret_out, size_t len);

#endif
