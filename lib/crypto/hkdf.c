#include "crypto/hkdf.h"

#include "base/ct.h"
#include "crypto/crypto_local.h"

enum hash_id kdf_hash(enum kdf_id id)
{
    switch (id) {
    case KDF_SHA384:
        return HASH_SHA384;
    case KDF_SHA512:
        return HASH_SHA512;
    case KDF_SHA256:
        break;
    }
    return HASH_SHA256;
}

size_t kdf_size(enum kdf_id id)
{
    return hash_size(kdf_hash(id));
}

/* An empty salt needs no care: HMAC pads its key with zeros (RFC 5869 2.2). */
sotto_err hkdf_extract(sotto_crypto *c, enum kdf_id id, view salt, view ikm, struct secret *ret_prk)
{
    struct secret prk = {.len = (uint8_t)kdf_size(id)};
    TRY(hmac(c, kdf_hash(id), salt, &ikm, 1, prk.data));
    *ret_prk = prk;
    secret_clear(&prk);
    return SOTTO_OK;
}

/* T(n) = HMAC(prk, T(n - 1) || info || n), where T(0) is empty (RFC 5869 2.3). */
static sotto_err expand_block(sotto_crypto *c, enum hash_id id, struct hmac_pads *pads,
                              view previous, const view *info, size_t count, uint8_t n,
                              uint8_t *ret_block)
{
    TRY(hmac_begin(c, id, pads));
    TRY(md_add(c, id, previous));
    for (size_t i = 0; i < count; i++)
        TRY(md_add(c, id, info[i]));
    TRY(md_add(c, id, view_of(&n, 1)));
    return hmac_end(c, id, pads, ret_block);
}

/* Whole blocks are made where they belong; only a last one that is cut takes a detour. */
static sotto_err expand(sotto_crypto *c, enum hash_id id, struct hmac_pads *pads, const view *info,
                        size_t count, uint8_t *ret_okm, size_t len)
{
    size_t size = hash_size(id);
    view previous = {0};
    uint8_t n = 0;
    size_t done = 0;
    for (; len - done >= size; done += size) {
        TRY(expand_block(c, id, pads, previous, info, count, ++n, ret_okm + done));
        previous = view_of(ret_okm + done, size);
    }
    if (done == len)
        return SOTTO_OK;
    uint8_t block[HASH_MAX];
    TRY(expand_block(c, id, pads, previous, info, count, ++n, block));
    memcpy(ret_okm + done, block, len - done);
    ct_wipe(block, size);
    return SOTTO_OK;
}

sotto_err hkdf_expand_parts(sotto_crypto *c, enum kdf_id id, const struct secret *prk,
                            const view *info, size_t count, uint8_t *ret_okm, size_t len)
{
    if (len > 255 * kdf_size(id))
        return SOTTO_E_TOO_LARGE;
    DEFER(hmac_pads_clear) struct hmac_pads pads = {0};
    TRY(hmac_pads_of(c, kdf_hash(id), secret_view(prk), &pads));
    return expand(c, kdf_hash(id), &pads, info, count, ret_okm, len);
}

sotto_err hkdf_expand(sotto_crypto *c, enum kdf_id id, const struct secret *prk, view info,
                      size_t len, struct secret *ret_okm)
{
    if (len > SECRET_MAX)
        return SOTTO_E_TOO_LARGE;
    DEFER(secret_clear) struct secret okm = {.len = (uint8_t)len};
    TRY(hkdf_expand_parts(c, id, prk, &info, 1, okm.data, len));
    *ret_okm = okm;
    return SOTTO_OK;
}
