/* token_correction.h - a member says that the access token whose hash the last commit gave to the server is not the one that the epoch
 * exports, and gives the right one. Signed by the member's device. By value. */
#ifndef PROTO_TOKEN_CORRECTION_H
#define PROTO_TOKEN_CORRECTION_H

#include "crypto/sign.h"
#include "crypto/x509.h"
#include "proto/proto.h"

#define TOKEN_CORRECTION_HASH 32  /* bytes: SHA-256 of the token */
#define TOKEN_CORRECTION_SIZE 189 /* bytes as written */

/* struct { opaque label<V> = "sotto token"; uint8 version = 1; opaque stream[16]; uint64 epoch; opaque token_hash[32]; uint64 op;
 *          opaque device_id[16]; opaque account_id[32]; opaque signature[64]; } token_correction; */
struct token_correction {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t epoch; /* the present one */
    uint8_t token_hash[TOKEN_CORRECTION_HASH];
    uint64_t op; /* of the request that it comes in */
    uint8_t device_id[X509_DEVICE_ID];
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t signature[ED25519_SIGNATURE]; /* by the device's signature key, over all before it */
};
/* Parses exactly one. Errors as rd_end(), VALUE, VERSION; *ret_correction untouched. */
SOTTO_MUST_USE sotto_err token_correction_read(view bytes, struct token_correction *ret_correction);
/* Appends. NOMEM, TOO_LARGE: `out` unchanged. */
SOTTO_MUST_USE sotto_err token_correction_write(const struct token_correction *correction,
                                                sotto_buf *out);
/* Sets signature. USAGE: not an Ed25519 key. */
SOTTO_MUST_USE sotto_err token_correction_sign(sotto_crypto *c, const sotto_sign_key *device_key,
                                               struct token_correction *correction);
/* SIGNATURE. Whether stream, epoch and op are the right ones is the caller's to ask. */
SOTTO_MUST_USE sotto_err token_correction_verify(sotto_crypto *c,
                                                 const struct token_correction *correction,
                                                 const uint8_t device_key[ED25519_PUBLIC]);

#endif
