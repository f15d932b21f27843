/* safe_with_label.h - MLS's keys in the hands of an application's components (draft-ietf-mls-extensions, "Hybrid Public Key
 * Encryption (HPKE) Keys", "Signature Keys"). The label names the component, so that what one component signs or seals is good
 * for no other, and for nothing in MLS itself. Who signs or decrypts must give its own component_id; who verifies or
 * encrypts, that of whom it deals with. Otherwise as the functions of with_label.h without "safe", whose errors these have. */
#ifndef MLS_SAFE_WITH_LABEL_H
#define MLS_SAFE_WITH_LABEL_H

#include "mls/with_label.h"

/* ComponentOperationLabel, appended to `out`: what takes the place of a label. For operations that have no function here. */
SOTTO_MUST_USE sotto_err component_operation_label(uint16_t component_id, view label,
                                                   sotto_buf *out);

/* SafeSignWithLabel. The signature replaces what `ret_signature` held. */
SOTTO_MUST_USE sotto_err safe_sign_with_label(sotto_crypto *c, const sotto_sign_key *key,
                                              uint16_t component_id, view label, view content,
                                              sotto_buf *ret_signature);
/* SafeVerifyWithLabel. */
SOTTO_MUST_USE sotto_err safe_verify_with_label(sotto_crypto *c, const struct mls_suite *suite,
                                                view public_key, uint16_t component_id, view label,
                                                view content, view signature);

/* SafeEncryptWithLabel and SafeDecryptWithLabel: give what comes out to encrypt_with_label() or decrypt_with_label(). Once for
 * many seals; clear with hpke_info_clear(). */
SOTTO_MUST_USE sotto_err safe_encrypt_context(sotto_crypto *c, const struct mls_suite *suite,
                                              uint16_t component_id, view label, view context,
                                              struct hpke_info *ret_info);
/* Both at once, for a single seal; sizes as there. */
SOTTO_MUST_USE sotto_err safe_encrypt_with_label(sotto_crypto *c, const struct mls_suite *suite,
                                                 view public_key, uint16_t component_id, view label,
                                                 view context, view seed, view plain,
                                                 uint8_t *ret_kem_output, uint8_t *ret_ciphertext);
SOTTO_MUST_USE sotto_err safe_decrypt_with_label(sotto_crypto *c, const struct mls_suite *suite,
                                                 const struct kem_key *key, uint16_t component_id,
                                                 view label, view context, view kem_output,
                                                 view ciphertext, uint8_t *ret_plain);

#endif
