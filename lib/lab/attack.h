/* attack.h - attacks on the suites, carried out for real in one process: two honest sides run the suite, somebody on the way
 * does what somebody on the way can do, and the verdict is what the honest sides' own checks say.
 * Pure; randomness comes from the seed (but for RSA: see rsa.h). */
#ifndef LAB_ATTACK_H
#define LAB_ATTACK_H

#include "lab/lab.h"

enum attack_id {
    ATTACK_MITM,
    ATTACK_FLIP_BIT,
    ATTACK_REPLAY,
    ATTACK_REORDER,
    ATTACK_SHA1,
    ATTACKS
};

const char *attack_name(enum attack_id attack);    /* "flip-bit" */
const char *attack_summary(enum attack_id attack); /* lower case, no full stop */
/* NOTFOUND: no such attack. */
SOTTO_MUST_USE sotto_err attack_find(view name, enum attack_id *ret_attack);

struct attack_verdict {
    bool applies;      /* false: the suite has nothing to attack here, or no such guard */
    bool fell;         /* the attacker got what he wanted */
    sotto_err err;     /* what stopped him: the honest side's error, */
    const char *check; /* and its check in words; if it fell: what is missing. Static */
};

/* What happened, line by line, for people; borrowed for the call. */
typedef void attack_tell_fn(void *data, const char *line);

/* Runs one. `guarded`: with what the suite offers against this attack: a pre-shared key or the other side's fingerprint
 * against the man in the middle, SHA-256 against SHA-1; else as it comes. The others know no such choice (not applies).
 * `tell` may be NULL. Errors are ours, not the suite's: NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err attack_run(sotto_crypto *c, enum attack_id attack,
                                    const struct lab_suite *suite, bool guarded,
                                    const uint8_t seed[LAB_SEED], attack_tell_fn *tell, void *data,
                                    struct attack_verdict *ret_verdict);

/* The two documents of 320 bytes with one SHA-1 (Stevens, Bursztein, Karpman, Albertini, Markov: "The first collision for
 * full SHA-1", 2017: the beginnings of the two published files). */
#define ATTACK_DOCUMENT 320 /* bytes */
void attack_documents(uint8_t ret_a[ATTACK_DOCUMENT], uint8_t ret_b[ATTACK_DOCUMENT]);

#endif
