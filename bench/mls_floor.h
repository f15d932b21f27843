/* mls_floor.h - what an operation of MLS can't do without: the primitive calls that the RFC makes it take, through the same layer
 * (crypto/) and with the same back-end, with nothing around them. What our layer costs over the bare libraries is shown by
 * `sotto-bench crypto`. The calls go through the keys of all members, as the real thing does: one and the same key again and
 * again would be quicker, with branches that have been taken before. */
#ifndef BENCH_MLS_FLOOR_H
#define BENCH_MLS_FLOOR_H

#include "crypto/hpke.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "mls/tree.h"

enum mls_primitive {
    MLS_KEY_PAIR,     /* DeriveKeyPair, or the import of a private key */
    MLS_SIGN_KEY,     /* the import of a signature key */
    MLS_PUBLIC_CHECK, /* of a KEM's public key */
    MLS_SEAL,         /* HPKE, of `len` bytes */
    MLS_OPEN,
    MLS_SIGN, /* `len` bytes */
    MLS_VERIFY,
    MLS_VERIFY_LEAF, /* what a member signed for its leaf */
    MLS_EXPAND,      /* HKDF, one hash long */
    MLS_EXTRACT,     /* or another HMAC */
    MLS_HASH, /* `len` bytes, each with the hash before in it: trees and transcripts are chains */
    MLS_AEAD, /* `len` bytes; sealing costs what opening does */
    MLS_RANDOM
};

#define MLS_COSTS 32

/* {0} is empty; clear with mls_bill_clear(). */
struct mls_bill {
    struct mls_cost {
        enum mls_primitive primitive;
        size_t count, len;
        uint8_t enc[KEM_ENC_MAX]; /* of MLS_OPEN */
        sotto_buf made;           /* what there is to open or to verify */
    } costs[MLS_COSTS];
    size_t count;
};

struct mls_floor {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    struct hpke_info info;
    struct kem_key *kem_key;
    sotto_sign_key *sign_key;
    sotto_buf bytes, hashed, out, signature; /* as long as the longest call needs */
    struct mls_signed_leaf {
        sotto_buf encoded, message;
        view public_key, encryption_key, signature; /* borrowed from `encoded` */
    } * leaves;
    uint32_t leaf_count, next_leaf;
};

SOTTO_MUST_USE sotto_err mls_floor_begin(struct mls_floor *f, sotto_crypto *c,
                                         const struct mls_suite *suite);
/* The members whose keys are used from now on. */
SOTTO_MUST_USE sotto_err mls_floor_members(struct mls_floor *f, const struct tree *tree,
                                           view group_id);
void mls_floor_end(struct mls_floor *f);

/* One more kind of call; makes ready what it takes. A count of 0 is none. */
SOTTO_MUST_USE sotto_err mls_bill_add(struct mls_floor *f, struct mls_bill *bill,
                                      enum mls_primitive primitive, size_t count, size_t len);
/* Makes all calls. */
SOTTO_MUST_USE sotto_err mls_bill_pay(struct mls_floor *f, const struct mls_bill *bill);
void mls_bill_clear(struct mls_bill *bill);

#endif
