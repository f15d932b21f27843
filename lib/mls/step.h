/* step.h - what one call of the public interface works with: its own random stream, and the check that failed. */
#ifndef MLS_STEP_H
#define MLS_STEP_H

#include <sotto/mls.h>

#include "crypto/rng.h"
#include "mls/check.h"

struct step {
    sotto_crypto *c;
    const sotto_mls_rules *rules; /* never NULL */
    uint64_t now_s;
    struct rng rng;
    struct fault fault;
};

/* A step that draws no randomness. */
struct step step_plain(const sotto_mls *m);
/* One that does: m->seed is replaced. USAGE: it is all zero. */
SOTTO_MUST_USE sotto_err step_begin(sotto_mls *m, struct step *ret_step);
void step_clear(struct step *s);

/* Gives `err`, and notes in `m` which check it was. */
sotto_err step_end(sotto_mls *m, const struct step *s, sotto_err err);

#endif
