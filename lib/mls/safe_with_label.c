#include "mls/safe_with_label.h"

#include "base/wr.h"

/* struct {
 *     opaque base_label<V>; = "MLS Component"
 *     ComponentID component_id;
 *     opaque label<V>;
 * } ComponentOperationLabel;                                                                 draft-ietf-mls-extensions */
sotto_err component_operation_label(uint16_t component_id, view label, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_opaque(&w, VIEW_LIT("MLS Component"));
    wr_u16(&w, component_id);
    wr_opaque(&w, label);
    return wr_end(&w);
}

sotto_err safe_sign_with_label(sotto_crypto *c, const sotto_sign_key *key, uint16_t component_id,
                               view label, view content, sotto_buf *ret_signature)
{
    DEFER(buf_clear) sotto_buf operation = {0};
    TRY(component_operation_label(component_id, label, &operation));
    return sign_with_label(c, key, buf_view(&operation), content, ret_signature);
}

sotto_err safe_verify_with_label(sotto_crypto *c, const struct mls_suite *suite, view public_key,
                                 uint16_t component_id, view label, view content, view signature)
{
    DEFER(buf_clear) sotto_buf operation = {0};
    TRY(component_operation_label(component_id, label, &operation));
    return verify_with_label(c, suite, public_key, buf_view(&operation), content, signature);
}

sotto_err safe_encrypt_context(sotto_crypto *c, const struct mls_suite *suite,
                               uint16_t component_id, view label, view context,
                               struct hpke_info *ret_info)
{
    DEFER(buf_clear) sotto_buf operation = {0};
    TRY(component_operation_label(component_id, label, &operation));
    return encrypt_context(c, suite, buf_view(&operation), context, ret_info);
}

sotto_err safe_encrypt_with_label(sotto_crypto *c, const struct mls_suite *suite, view public_key,
                                  uint16_t component_id, view label, view context, view seed,
                                  view plain, uint8_t *ret_kem_output, uint8_t *ret_ciphertext)
{
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    TRY(safe_encrypt_context(c, suite, component_id, label, context, &info));
    return encrypt_with_label(c, &info, public_key, seed, plain, ret_kem_output, ret_ciphertext);
}

sotto_err safe_decrypt_with_label(sotto_crypto *c, const struct mls_suite *suite,
                                  const struct kem_key *key, uint16_t component_id, view label,
                                  view context, view kem_output, view ciphertext,
                                  uint8_t *ret_plain)
{
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    TRY(safe_encrypt_context(c, suite, component_id, label, context, &info));
    return decrypt_with_label(c, &info, key, kem_output, ciphertext, ret_plain);
}
