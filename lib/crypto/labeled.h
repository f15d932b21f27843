/* labeled.h - LabeledExtract and LabeledExpand (RFC 9180 4), for lib/crypto alone: HKDF bound to "HPKE-v1" and to what uses it. */
#ifndef CRYPTO_LABELED_H
#define CRYPTO_LABELED_H

#include "crypto/hkdf.h"

/* suite_id: "KEM" and the KEM's number, or "HPKE" and three. */
struct labeled {
    sotto_crypto *c;
    enum kdf_id kdf;
    uint8_t suite_id[10];
    size_t suite_id_len;
};

struct labeled labeled_kem(sotto_crypto *c, enum kem_id kem, enum kdf_id kdf);
struct labeled labeled_hpke(sotto_crypto *c, struct hpke_suite suite);

/* kdf_size() bytes to `ret_prk`. */
SOTTO_MUST_USE sotto_err labeled_extract(const struct labeled *l, view salt, view label, view ikm,
                                         uint8_t *ret_prk);
/* The ikm is `count` parts (at most LABELED_IKM_PARTS) one behind the other. */
#define LABELED_IKM_PARTS 5
SOTTO_MUST_USE sotto_err labeled_extract_parts(const struct labeled *l, view salt, view label,
                                               const view *ikm, size_t count, uint8_t *ret_prk);

/* The info is `count` parts (at most LABELED_PARTS) one behind the other. */
#define LABELED_PARTS 2
SOTTO_MUST_USE sotto_err labeled_expand(const struct labeled *l, const struct secret *prk,
                                        view label, const view *info, size_t count,
                                        uint8_t *ret_okm, size_t len);

#endif
