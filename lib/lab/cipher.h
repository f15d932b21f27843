/* cipher.h - AES in the two classical modes that the lab teaches: CBC with PKCS#7 padding and CFB128 (SP 800-38A).
 * Neither protects against change: what opens a message checks its MAC or signature as well, and for CBC it does so
 * FIRST, since an answer about the padding alone reads the whole message out to a patient attacker.
 * Keys have 32 bytes in the lab; 16 and 24 work too, so that published vectors run. */
#ifndef LAB_CIPHER_H
#define LAB_CIPHER_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"

#define CIPHER_KEY   32 /* bytes: AES-256 */
#define CIPHER_BLOCK 16 /* bytes: of a block, and of an IV */

/* Appends the ciphertext: plain.len rounded up to the next whole block, always at least one byte of padding.
 * `iv` must be random and new for each message. KEY: a key of another length. */
SOTTO_MUST_USE sotto_err cipher_cbc_encrypt(const struct secret *key,
                                            const uint8_t iv[CIPHER_BLOCK], view plain,
                                            sotto_buf *out);

/* Appends the plaintext. DECRYPT: no whole blocks, or the padding is not PKCS#7; `out` is unchanged. Only for bytes
 * whose MAC was checked. */
SOTTO_MUST_USE sotto_err cipher_cbc_decrypt(const struct secret *key,
                                            const uint8_t iv[CIPHER_BLOCK], view sealed,
                                            sotto_buf *out);

/* Appends as many bytes as there are in `in`. Any bytes decrypt to something: there is nothing to fail. */
SOTTO_MUST_USE sotto_err cipher_cfb_encrypt(const struct secret *key,
                                            const uint8_t iv[CIPHER_BLOCK], view plain,
                                            sotto_buf *out);
SOTTO_MUST_USE sotto_err cipher_cfb_decrypt(const struct secret *key,
                                            const uint8_t iv[CIPHER_BLOCK], view sealed,
                                            sotto_buf *out);

#endif
