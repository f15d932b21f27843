#include "crypto/labeled.h"

#include <assert.h>

#define VERSION_LABEL "HPKE-v1"

static void number_put(struct labeled *l, unsigned number)
{
    l->suite_id[l->suite_id_len++] = (uint8_t)(number >> 8);
    l->suite_id[l->suite_id_len++] = (uint8_t)number;
}

struct labeled labeled_kem(sotto_crypto *c, enum kem_id kem, enum kdf_id kdf)
{
    struct labeled l = {.c = c, .kdf = kdf, .suite_id = "KEM", .suite_id_len = 3};
    number_put(&l, kem);
    return l;
}

struct labeled labeled_hpke(sotto_crypto *c, struct hpke_suite suite)
{
    struct labeled l = {.c = c, .kdf = suite.kdf, .suite_id = "HPKE", .suite_id_len = 4};
    number_put(&l, suite.kem);
    number_put(&l, suite.kdf);
    number_put(&l, suite.aead);
    return l;
}

sotto_err labeled_extract(const struct labeled *l, view salt, view label, view ikm,
                          uint8_t *ret_prk)
{
    return labeled_extract_parts(l, salt, label, &ikm, 1, ret_prk);
}

sotto_err labeled_extract_parts(const struct labeled *l, view salt, view label, const view *ikm,
                                size_t count, uint8_t *ret_prk)
{
    assert(count <= LABELED_IKM_PARTS);
    view parts[3 + LABELED_IKM_PARTS] = {
        VIEW_LIT(VERSION_LABEL),
        {l->suite_id, l->suite_id_len},
        label,
    };
    for (size_t i = 0; i < count; i++)
        parts[3 + i] = ikm[i];
    return hmac(l->c, kdf_hash(l->kdf), salt, parts, 3 + count, ret_prk);
}

sotto_err labeled_expand(const struct labeled *l, const struct secret *prk, view label,
                         const view *info, size_t count, uint8_t *ret_okm, size_t len)
{
    assert(count <= LABELED_PARTS && len <= 0xffff);
    const uint8_t size[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    view parts[4 + LABELED_PARTS] = {
        VIEW_OF(size),
        VIEW_LIT(VERSION_LABEL),
        {l->suite_id, l->suite_id_len},
        label,
    };
    for (size_t i = 0; i < count; i++)
        parts[4 + i] = info[i];
    return hkdf_expand_parts(l->c, l->kdf, prk, parts, 4 + count, ret_okm, len);
}
