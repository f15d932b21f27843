/* with_label.h - the primitives as MLS uses them: each with a label, so that what is made for one use is good for no other
 * (RFC 9420 5.1, 5.2, 8, 9.1). Labels are given without "MLS 1.0 ", which is put in front here; ref_hash() alone takes
 * its label whole, as the RFC writes it. Nothing is allocated, but where a signed content is longer than WITH_LABEL_STACK. */
#ifndef MLS_WITH_LABEL_H
#define MLS_WITH_LABEL_H

#include "base/wr.h"
#include "crypto/hkdf.h"
#include "crypto/hpke.h"
#include "crypto/sign.h"

#define WITH_LABEL_STACK 2048 /* bytes of a signed content that need no allocation */

/* The group's Hash (RFC 9420 5.1) is the one of its KDF; suite->hash_len bytes. */
enum hash_id suite_hash(const struct mls_suite *suite);

/* RefHash(label, value) (RFC 9420 5.2); suite->hash_len bytes. */
SOTTO_MUST_USE sotto_err ref_hash(sotto_crypto *c, const struct mls_suite *suite, view label,
                                  view value, uint8_t *ret_hash);
SOTTO_MUST_USE sotto_err key_package_ref(sotto_crypto *c, const struct mls_suite *suite,
                                         view key_package, uint8_t *ret_ref);
/* `authenticated_content` is the AuthenticatedContent with the proposal. */
SOTTO_MUST_USE sotto_err proposal_ref(sotto_crypto *c, const struct mls_suite *suite,
                                      view authenticated_content, uint8_t *ret_ref);

/* ExpandWithLabel (RFC 9420 8) into `len` bytes, at most 255 * hash_len. */
SOTTO_MUST_USE sotto_err expand_with_label(sotto_crypto *c, const struct mls_suite *suite,
                                           const struct secret *secret, view label, view context,
                                           uint8_t *ret_out, size_t len);
/* The same into a secret. `ret_secret` may be `secret`. */
SOTTO_MUST_USE sotto_err expand_secret(sotto_crypto *c, const struct mls_suite *suite,
                                       const struct secret *secret, view label, view context,
                                       size_t len, struct secret *ret_secret);
/* DeriveSecret (RFC 9420 8). `ret_secret` may be `secret`. */
SOTTO_MUST_USE sotto_err derive_secret(sotto_crypto *c, const struct mls_suite *suite,
                                       const struct secret *secret, view label,
                                       struct secret *ret_secret);
/* DeriveTreeSecret (RFC 9420 9.1). */
SOTTO_MUST_USE sotto_err derive_tree_secret(sotto_crypto *c, const struct mls_suite *suite,
                                            const struct secret *secret, view label,
                                            uint32_t generation, uint8_t *ret_out, size_t len);

/* What stands in front of a content that is signed with a label. For contents that are long and written for their signature
 * alone: behind this, as a vector, and then sign() or verify() over both. */
void label_write(struct wr *w, view label);
/* SignWithLabel (RFC 9420 5.1.2). The signature replaces what `ret_signature` held. */
SOTTO_MUST_USE sotto_err sign_with_label(sotto_crypto *c, const sotto_sign_key *key, view label,
                                         view content, sotto_buf *ret_signature);
/* VerifyWithLabel. Errors as verify(). */
SOTTO_MUST_USE sotto_err verify_with_label(sotto_crypto *c, const struct mls_suite *suite,
                                           view public_key, view label, view content,
                                           view signature);

/* What EncryptWithLabel and DecryptWithLabel (RFC 9420 5.1.3) make of label and context: once for many seals of one
 * UpdatePath. Clear with hpke_info_clear(). */
SOTTO_MUST_USE sotto_err encrypt_context(sotto_crypto *c, const struct mls_suite *suite, view label,
                                         view context, struct hpke_info *ret_info);
/* `seed` has kem_seed_size() fresh random bytes, `ret_kem_output` gets kem_enc_size(), `ret_ciphertext` plain.len +
 * AEAD_TAG. */
SOTTO_MUST_USE sotto_err encrypt_with_label(sotto_crypto *c, const struct hpke_info *info,
                                            view public_key, view seed, view plain,
                                            uint8_t *ret_kem_output, uint8_t *ret_ciphertext);
/* `ret_plain` gets ciphertext.len - AEAD_TAG bytes; shorter ciphertexts are DECRYPT. */
SOTTO_MUST_USE sotto_err decrypt_with_label(sotto_crypto *c, const struct hpke_info *info,
                                            const struct kem_key *key, view kem_output,
                                            view ciphertext, uint8_t *ret_plain);

#endif
