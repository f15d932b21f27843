/* branch.h - a branch announcement: after a commit that nobody could apply, a member goes on in a new stream from the last good epoch
 * (RFC 9420 11.3) and says so in the old one. Byte format: docs/protocol.md, "Signed records of a stream". By value. */
#ifndef PROTO_BRANCH_H
#define PROTO_BRANCH_H

#include "crypto/sign.h"
#include "crypto/x509.h"
#include "proto/proto.h"

#define BRANCH_HASH 32  /* bytes: SHA-256 */
#define BRANCH_SIZE 206 /* bytes as written */

/* struct { opaque label<V> = "sotto branch"; uint8 version = 1; opaque stream[16]; uint64 bad_seq; uint64 good_epoch;
 *          opaque new_stream[16]; opaque group_info_hash[32]; opaque account_id[32]; opaque device_id[16]; opaque signature[64]; } branch; */
struct branch {
    uint8_t stream[PROTO_STREAM_ID];     /* the old one, which the announcement is an entry of */
    uint64_t bad_seq;                    /* the entry that is branched away from: 1 and up */
    uint64_t good_epoch;                 /* the last good one */
    uint8_t new_stream[PROTO_STREAM_ID]; /* another one */
    uint8_t group_info_hash[BRANCH_HASH];
    uint8_t account_id[X509_ACCOUNT_ID]; /* who announces */
    uint8_t device_id[X509_DEVICE_ID];
    uint8_t signature[ED25519_SIGNATURE]; /* by the device's signature key, over all before it */
};
/* Parses exactly one announcement. Errors as rd_end(), VALUE, VERSION; *ret_branch untouched. */
SOTTO_MUST_USE sotto_err branch_read(view bytes, struct branch *ret_branch);
/* Appends. VALUE, NOMEM, TOO_LARGE: `out` unchanged. */
SOTTO_MUST_USE sotto_err branch_write(const struct branch *branch, sotto_buf *out);
/* Sets signature. USAGE: not an Ed25519 key. */
SOTTO_MUST_USE sotto_err branch_sign(sotto_crypto *c, const sotto_sign_key *device_key,
                                     struct branch *branch);
/* SIGNATURE. */
SOTTO_MUST_USE sotto_err branch_verify(sotto_crypto *c, const struct branch *branch,
                                       const uint8_t device_key[ED25519_PUBLIC]);

#endif
