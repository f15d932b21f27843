/* commit_header.h - what a server may know of a commit that it can't read: which stream, which epoch it makes, what came before it,
 * and which device posts it. Signed by that device, chained by hashes, so that nobody can put a commit elsewhere or leave one out
 * unnoticed. Byte format: docs/protocol.md, "Signed records of a stream". By value. */
#ifndef PROTO_COMMIT_HEADER_H
#define PROTO_COMMIT_HEADER_H

#include "crypto/sign.h"
#include "crypto/x509.h"
#include "proto/proto.h"

#define COMMIT_HEADER_HASH 32  /* bytes: SHA-256 */
#define COMMIT_HEADER_SIZE 229 /* bytes as written */

/* struct { opaque label<V> = "sotto commit header"; uint8 version = 1; opaque stream[16]; uint64 epoch; opaque previous_hash[32];
 *          opaque commit_hash[32]; uint64 op; opaque device_id[16]; opaque account_id[32]; opaque signature[64]; } commit_header; */
struct commit_header {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t epoch;                            /* the one that the commit makes: 1 and up */
    uint8_t previous_hash[COMMIT_HEADER_HASH]; /* of the header before as written; zeros: none */
    uint8_t commit_hash[COMMIT_HEADER_HASH];   /* of the commit's bytes */
    uint64_t op;                               /* of the request that it comes in */
    uint8_t device_id[X509_DEVICE_ID];
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t signature[ED25519_SIGNATURE]; /* by the device's signature key, over all before it */
};
/* Parses exactly one header. Errors as rd_end(), VALUE, VERSION; *ret_header untouched. */
SOTTO_MUST_USE sotto_err commit_header_read(view bytes, struct commit_header *ret_header);
/* Appends. VALUE, NOMEM, TOO_LARGE: `out` unchanged. */
SOTTO_MUST_USE sotto_err commit_header_write(const struct commit_header *header, sotto_buf *out);
/* Sets signature. USAGE: not an Ed25519 key. */
SOTTO_MUST_USE sotto_err commit_header_sign(sotto_crypto *c, const sotto_sign_key *device_key,
                                            struct commit_header *header);
/* SIGNATURE. Whether stream, epoch, hashes and op are the right ones is the caller's to ask. */
SOTTO_MUST_USE sotto_err commit_header_verify(sotto_crypto *c, const struct commit_header *header,
                                              const uint8_t device_key[ED25519_PUBLIC]);
/* SHA-256 of the header as written, signature included: previous_hash of the next one. */
SOTTO_MUST_USE sotto_err commit_header_hash(sotto_crypto *c, const struct commit_header *header,
                                            uint8_t ret_hash[COMMIT_HEADER_HASH]);

#endif
