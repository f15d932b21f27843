#include "mls/transcript_hash.h"

#include "base/ct.h"

/* struct {
 *     WireFormat wire_format;
 *     FramedContent content;
 *     opaque signature<V>;
 * } ConfirmedTranscriptHashInput;                                                            RFC 9420 8.2 */
sotto_err transcript_hash_confirmed(sotto_crypto *c, const struct mls_suite *suite,
                                    view interim_before, const struct authenticated_content *commit,
                                    uint8_t *ret_confirmed)
{
    if (commit->content.content_type != CONTENT_COMMIT)
        return SOTTO_E_USAGE;
    DEFER(buf_clear) sotto_buf input = {0};
    TRY(buf_reserve(&input, framed_content_size(&commit->content)));
    struct wr w = wr_to(&input);
    wr_u16(&w, commit->wire_format);
    framed_content_write(&w, &commit->content);
    wr_opaque(&w, commit->auth.signature);
    TRY(wr_end(&w));
    const view parts[] = {interim_before, buf_view(&input)};
    return hash_parts(c, suite_hash(suite), parts, COUNT_OF(parts), ret_confirmed);
}

/* struct { MAC confirmation_tag; } InterimTranscriptHashInput;                               RFC 9420 8.2 */
sotto_err transcript_hash_interim(sotto_crypto *c, const struct mls_suite *suite, view confirmed,
                                  view confirmation_tag, uint8_t *ret_interim)
{
    uint8_t stack[4 + MLS_HASH_MAX];
    sotto_buf input = BUF_ON(stack);
    struct wr w = wr_to(&input);
    wr_opaque(&w, confirmation_tag);
    TRY(wr_end(&w));
    const view parts[] = {confirmed, buf_view(&input)};
    return hash_parts(c, suite_hash(suite), parts, COUNT_OF(parts), ret_interim);
}

sotto_err confirmation_tag_make(sotto_crypto *c, const struct mls_suite *suite,
                                const struct secret *confirmation_key, view confirmed,
                                uint8_t *ret_tag)
{
    return hmac(c, suite_hash(suite), secret_view(confirmation_key), &confirmed, 1, ret_tag);
}

sotto_err confirmation_tag_check(sotto_crypto *c, const struct mls_suite *suite,
                                 const struct secret *confirmation_key, view confirmed, view tag)
{
    uint8_t expected[HASH_MAX];
    TRY(confirmation_tag_make(c, suite, confirmation_key, confirmed, expected));
    return ct_equal(view_of(expected, suite->hash_len), tag) ? SOTTO_OK : SOTTO_E_MAC;
}
