/* aead.h - AES-GCM and ChaCha20-Poly1305 (RFC 5116, RFC 8439), with a 12-byte nonce and a 16-byte tag at the end. */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "crypto/crypto.h"
#include "crypto/suite.h"

#define AEAD_NONCE 12 /* bytes */
#define AEAD_TAG   16 /* bytes */

size_t aead_key_size(enum aead_id id); /* bytes; 0 for EXPORT_ONLY */

/* Writes plain.len + AEAD_TAG bytes to `ret_sealed`, which may be where `plain` lies.
 * Never call it twice with one key and nonce. KEY: the key has the wrong length. TOO_LARGE: over 2^31 - 1 bytes. */
SOTTO_MUST_USE sotto_err aead_seal(sotto_crypto *c, enum aead_id id, const struct secret *key,
                                   const uint8_t nonce[AEAD_NONCE], view aad, view plain,
                                   uint8_t *ret_sealed);

/* Writes sealed.len - AEAD_TAG bytes to `ret_plain`, which may be where `sealed` lies.
 * DECRYPT: wrong key, nonce, aad or bytes, or shorter than a tag; ret_plain is wiped then. */
SOTTO_MUST_USE sotto_err aead_open(sotto_crypto *c, enum aead_id id, const struct secret *key,
                                   const uint8_t nonce[AEAD_NONCE], view aad, view sealed,
                                   uint8_t *ret_plain);

#endif
