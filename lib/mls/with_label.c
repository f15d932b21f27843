#include "mls/with_label.h"

#include "base/wr.h"

#define MLS_LABEL "MLS 1.0 "

/* A vector header (RFC 9420 2.1.2) on the stack. */
struct header {
    uint8_t bytes[4];
    size_t len;
};

static sotto_err header_of(size_t len, struct header *ret_header)
{
    sotto_buf out = BUF_ON(ret_header->bytes);
    struct wr w = wr_to(&out);
    wr_varint(&w, len);
    TRY(wr_end(&w));
    ret_header->len = out.len;
    return SOTTO_OK;
}

static view header_view(const struct header *header)
{
    return view_of(header->bytes, header->len);
}

enum hash_id suite_hash(const struct mls_suite *suite)
{
    return kdf_hash(suite->hpke.kdf);
}

/* struct { opaque label<V>; opaque value<V>; } RefHashInput;                                 RFC 9420 5.2 */
sotto_err ref_hash(sotto_crypto *c, const struct mls_suite *suite, view label, view value,
                   uint8_t *ret_hash)
{
    struct header label_header, value_header;
    TRY(header_of(label.len, &label_header));
    TRY(header_of(value.len, &value_header));
    const view input[] = {header_view(&label_header), label, header_view(&value_header), value};
    return hash_parts(c, suite_hash(suite), input, COUNT_OF(input), ret_hash);
}

sotto_err key_package_ref(sotto_crypto *c, const struct mls_suite *suite, view key_package,
                          uint8_t *ret_ref)
{
    return ref_hash(c, suite, VIEW_LIT("MLS 1.0 KeyPackage Reference"), key_package, ret_ref);
}

sotto_err proposal_ref(sotto_crypto *c, const struct mls_suite *suite, view authenticated_content,
                       uint8_t *ret_ref)
{
    return ref_hash(c, suite, VIEW_LIT("MLS 1.0 Proposal Reference"), authenticated_content,
                    ret_ref);
}

/* struct { uint16 length; opaque label<V>; opaque context<V>; } KDFLabel;                    RFC 9420 8 */
sotto_err expand_with_label(sotto_crypto *c, const struct mls_suite *suite,
                            const struct secret *secret, view label, view context, uint8_t *ret_out,
                            size_t len)
{
    if (len > UINT16_MAX)
        return SOTTO_E_TOO_LARGE;
    const uint8_t length[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    const view mls = VIEW_LIT(MLS_LABEL);
    struct header label_header, context_header;
    TRY(header_of(mls.len + label.len, &label_header));
    TRY(header_of(context.len, &context_header));
    const view info[] = {VIEW_OF(length), header_view(&label_header),   mls,
                         label,           header_view(&context_header), context};
    return hkdf_expand_parts(c, suite->hpke.kdf, secret, info, COUNT_OF(info), ret_out, len);
}

sotto_err expand_secret(sotto_crypto *c, const struct mls_suite *suite, const struct secret *secret,
                        view label, view context, size_t len, struct secret *ret_secret)
{
    if (len > SECRET_MAX)
        return SOTTO_E_TOO_LARGE;
    DEFER(secret_clear) struct secret out = {.len = (uint8_t)len};
    TRY(expand_with_label(c, suite, secret, label, context, out.data, len));
    *ret_secret = out;
    return SOTTO_OK;
}

sotto_err derive_secret(sotto_crypto *c, const struct mls_suite *suite, const struct secret *secret,
                        view label, struct secret *ret_secret)
{
    return expand_secret(c, suite, secret, label, (view){0}, suite->hash_len, ret_secret);
}

sotto_err derive_tree_secret(sotto_crypto *c, const struct mls_suite *suite,
                             const struct secret *secret, view label, uint32_t generation,
                             uint8_t *ret_out, size_t len)
{
    const uint8_t context[4] = {(uint8_t)(generation >> 24), (uint8_t)(generation >> 16),
                                (uint8_t)(generation >> 8), (uint8_t)generation};
    return expand_with_label(c, suite, secret, label, VIEW_OF(context), ret_out, len);
}

/* SignContent and EncryptContext have one form: struct { opaque label<V>; opaque content<V>; };    RFC 9420 5.1.2, 5.1.3 */
void label_write(struct wr *w, view label)
{
    const view mls = VIEW_LIT(MLS_LABEL);
    wr_varint(w, mls.len + label.len);
    wr_bytes(w, mls);
    wr_bytes(w, label);
}

static sotto_err labeled_write(view label, view content, sotto_buf *out)
{
    struct wr w = wr_to(out);
    label_write(&w, label);
    wr_opaque(&w, content);
    return wr_end(&w);
}

/* On the caller's stack if it fits there. */
static sotto_err labeled_write_somewhere(view label, view content, sotto_buf *stack)
{
    if (labeled_write(label, content, stack) == SOTTO_OK)
        return SOTTO_OK;
    *stack = (sotto_buf){0};
    return labeled_write(label, content, stack);
}

sotto_err sign_with_label(sotto_crypto *c, const sotto_sign_key *key, view label, view content,
                          sotto_buf *ret_signature)
{
    uint8_t stack[WITH_LABEL_STACK];
    DEFER(buf_clear) sotto_buf message = BUF_ON(stack);
    TRY(labeled_write_somewhere(label, content, &message));
    return sign(c, key, buf_view(&message), ret_signature);
}

sotto_err verify_with_label(sotto_crypto *c, const struct mls_suite *suite, view public_key,
                            view label, view content, view signature)
{
    uint8_t stack[WITH_LABEL_STACK];
    DEFER(buf_clear) sotto_buf message = BUF_ON(stack);
    TRY(labeled_write_somewhere(label, content, &message));
    return verify(c, suite->sign, public_key, buf_view(&message), signature);
}

sotto_err encrypt_context(sotto_crypto *c, const struct mls_suite *suite, view label, view context,
                          struct hpke_info *ret_info)
{
    const view mls = VIEW_LIT(MLS_LABEL);
    struct header label_header, context_header;
    TRY(header_of(mls.len + label.len, &label_header));
    TRY(header_of(context.len, &context_header));
    const view info[] = {header_view(&label_header), mls, label, header_view(&context_header),
                         context};
    return hpke_info_base_parts(c, suite->hpke, info, COUNT_OF(info), ret_info);
}

sotto_err encrypt_with_label(sotto_crypto *c, const struct hpke_info *info, view public_key,
                             view seed, view plain, uint8_t *ret_kem_output,
                             uint8_t *ret_ciphertext)
{
    return hpke_seal(c, info, public_key, seed, (view){0}, plain, ret_kem_output, ret_ciphertext);
}

sotto_err decrypt_with_label(sotto_crypto *c, const struct hpke_info *info,
                             const struct kem_key *key, view kem_output, view ciphertext,
                             uint8_t *ret_plain)
{
    return hpke_open(c, info, key, kem_output, (view){0}, ciphertext, ret_plain);
}
