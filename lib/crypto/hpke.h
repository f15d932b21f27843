/* hpke.h - hybrid public key encryption (RFC 9180), modes base and PSK, sender and receiver, export.
 * The hash of the info is computed apart, so that the many seals of one MLS UpdatePath share it. */
#ifndef CRYPTO_HPKE_H
#define CRYPTO_HPKE_H

#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/kem.h"

/* The part of the key schedule that depends on suite, info and PSK alone (RFC 9180 5.1). By value; clear with hpke_info_clear(). */
struct hpke_info {
    struct hpke_suite suite;
    uint8_t mode;                      /* 0 base, 1 PSK */
    uint8_t context[1 + 2 * HASH_MAX]; /* mode || psk_id_hash || info_hash */
    size_t context_len;
    sotto_buf psk; /* mode 1 alone */
};

SOTTO_MUST_USE sotto_err hpke_info_base(sotto_crypto *c, struct hpke_suite suite, view info,
                                        struct hpke_info *ret_info);
/* The info is `count` parts (at most HPKE_INFO_PARTS) one behind the other: a long one need not be joined first. */
#define HPKE_INFO_PARTS 5
SOTTO_MUST_USE sotto_err hpke_info_base_parts(sotto_crypto *c, struct hpke_suite suite,
                                              const view *info, size_t count,
                                              struct hpke_info *ret_info);
/* USAGE: psk shorter than 32 bytes, or an empty psk_id (RFC 9180 5.1, 9.5). */
SOTTO_MUST_USE sotto_err hpke_info_psk(sotto_crypto *c, struct hpke_suite suite, view info,
                                       view psk, view psk_id, struct hpke_info *ret_info);
void hpke_info_clear(struct hpke_info *info);

/* An encryption context of one direction. By value; clear with hpke_context_clear(). */
struct hpke_context {
    struct hpke_suite suite;
    struct secret key, exporter;
    uint8_t base_nonce[AEAD_NONCE];
    uint64_t seq; /* of the next message; never wraps: TOO_LARGE */
};
void hpke_context_clear(struct hpke_context *x);

/* SetupS / SetupR (RFC 9180 5.1). `seed` as in kem_encap(); `ret_enc` has kem_enc_size() bytes. */
SOTTO_MUST_USE sotto_err hpke_setup_sender(sotto_crypto *c, const struct hpke_info *info,
                                           view public_key, view seed, uint8_t *ret_enc,
                                           struct hpke_context *ret_context);
SOTTO_MUST_USE sotto_err hpke_setup_receiver(sotto_crypto *c, const struct hpke_info *info,
                                             const struct kem_key *key, view enc,
                                             struct hpke_context *ret_context);

/* Context.Seal / Open: appends to `out`. After DECRYPT the context stands where it stood. */
SOTTO_MUST_USE sotto_err hpke_context_seal(sotto_crypto *c, struct hpke_context *x, view aad,
                                           view plain, sotto_buf *out);
SOTTO_MUST_USE sotto_err hpke_context_open(sotto_crypto *c, struct hpke_context *x, view aad,
                                           view sealed, sotto_buf *out);

/* Context.Export (RFC 9180 5.3). */
SOTTO_MUST_USE sotto_err hpke_context_export(sotto_crypto *c, const struct hpke_context *x,
                                             view exporter_context, size_t len, uint8_t *ret_out);

/* Single-shot (RFC 9180 6.1): `ret_enc` has kem_enc_size() bytes, `ret_sealed` plain.len + AEAD_TAG, `ret_plain` sealed.len - AEAD_TAG. */
SOTTO_MUST_USE sotto_err hpke_seal(sotto_crypto *c, const struct hpke_info *info, view public_key,
                                   view seed, view aad, view plain, uint8_t *ret_enc,
                                   uint8_t *ret_sealed);
SOTTO_MUST_USE sotto_err hpke_open(sotto_crypto *c, const struct hpke_info *info,
                                   const struct kem_key *key, view enc, view aad, view sealed,
                                   uint8_t *ret_plain);

#endif
