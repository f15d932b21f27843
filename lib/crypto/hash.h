/* hash.h - SHA-2, SHA-3, SHAKE256 and HMAC. (SHA-1 stands in lib/lab: it is there to be broken.) */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "crypto/crypto.h"

enum hash_id { HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_SHA3_256, HASH_COUNT };
#define HASH_MAX       64  /* bytes of the longest digest */
#define HASH_BLOCK_MAX 136 /* bytes of the longest block */

size_t hash_size(enum hash_id id);  /* digest, bytes */
size_t hash_block(enum hash_id id); /* block, bytes */

/* `ret_digest` has hash_size() bytes. CRYPTO: libcrypto failed. */
SOTTO_MUST_USE sotto_err hash(sotto_crypto *c, enum hash_id id, view in, uint8_t *ret_digest);

/* The hash of the parts one behind the other, without joining them first. */
SOTTO_MUST_USE sotto_err hash_parts(sotto_crypto *c, enum hash_id id, const view *parts,
                                    size_t count, uint8_t *ret_digest);

/* SHAKE256 with `len` bytes of output (FIPS 202). */
SOTTO_MUST_USE sotto_err shake256(sotto_crypto *c, const view *parts, size_t count,
                                  uint8_t *ret_out, size_t len);

/* HMAC (RFC 2104) over the parts; `ret_tag` has hash_size() bytes. Not for SHA3. Compare tags with ct_equal(). */
SOTTO_MUST_USE sotto_err hmac(sotto_crypto *c, enum hash_id id, view key, const view *parts,
                              size_t count, uint8_t *ret_tag);

/* A hash over a long stream, fed piece by piece. Release with hasher_free(). */
struct hasher;
SOTTO_MUST_USE sotto_err hasher_new(sotto_crypto *c, enum hash_id id, struct hasher **ret_hasher);
SOTTO_MUST_USE sotto_err hasher_add(struct hasher *h, view piece);
/* Gives the digest and starts anew. */
SOTTO_MUST_USE sotto_err hasher_finish(struct hasher *h, uint8_t *ret_digest);
void hasher_free(struct hasher *h);
void hasher_freep(struct hasher **h);

#endif
