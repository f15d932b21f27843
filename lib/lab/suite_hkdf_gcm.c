#include "base/ct.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "lab/suite.h"

/* x25519-hkdf-aes256gcm: what one would build today for two sides and one run (TLS 1.3 in small).
 *
 *   offer        X25519 public key
 *   keys         prk = HKDF-Extract(salt = random of the dialer || random of the listener, shared);
 *                "dialer key", "listener key" (32 bytes), "dialer iv", "listener iv" (12), "dialer confirm", "listener confirm"
 *                (32): HKDF-Expand(prk, "sotto lab " || name || transcript)
 *   established  HMAC(confirm key of the sender, transcript)
 *   message      uint64 number, sealed<V> = GCM(key of the sender, iv of the sender XOR number, aad 3 || role || number,
 *                what || text)
 *
 * Every message has its number: what is repeated, missing or out of turn is seen and named. What is still missing: nothing
 * says whose the public keys are. */

#define TAG 32 /* bytes */

static sotto_err offer(struct lab *l, sotto_buf *ret_offer)
{
    DEFER(secret_clear) struct secret private_key = {0};
    secret_resize(&private_key, dh_private_size(DH_X25519));
    rng_bytes(&l->rng, private_key.data, private_key.len);
    TRY(dh_key_import(l->crypto, DH_X25519, &private_key, &l->dh));
    LAB_TELL(
        l, KEY_GENERATION, "an X25519 key pair, for this run alone",
        "32 random bytes are the private key; the public key is that multiple of the base point",
        "nothing yet", {"private key", secret_view(&private_key)},
        {"public key", dh_key_public(l->dh)});
    return buf_append(ret_offer, dh_key_public(l->dh));
}

static sotto_err agree(struct lab *l, view peer_offer)
{
    DEFER(secret_clear) struct secret shared = {0};
    sotto_err err = dh(l->crypto, l->dh, peer_offer, &shared);
    if (err != SOTTO_OK)
        return lab_refuse(l, err, "X25519 public key: 32 bytes, and no all-zero result");
    LAB_TELL(l, SHARED_SECRET, "X25519(our private key, their public key)",
             "both sides get the same point; from the two public keys alone nobody can",
             "both public keys, and still not this", {"their public key", peer_offer},
             {"shared secret", secret_view(&shared)});
    return buf_set(&l->shared, secret_view(&shared));
}

static sotto_err expand(struct lab *l, const struct secret *prk, const char *name, uint8_t *ret_out,
                        size_t len)
{
    const view info[] = {VIEW_LIT("sotto lab "), view_str(name), VIEW_OF(l->transcript)};
    return hkdf_expand_parts(l->crypto, KDF_SHA256, prk, info, COUNT_OF(info), ret_out, len);
}

static sotto_err derive_role(struct lab *l, const struct secret *prk, enum lab_role role)
{
    static const char *const names[2][3] = {{"dialer key", "dialer iv", "dialer confirm"},
                                            {"listener key", "listener iv", "listener confirm"}};
    secret_resize(&l->enc[role], 32);
    secret_resize(&l->mac[role], 32);
    TRY(expand(l, prk, names[role][0], l->enc[role].data, l->enc[role].len));
    TRY(expand(l, prk, names[role][1], l->iv[role], sizeof l->iv[role]));
    return expand(l, prk, names[role][2], l->mac[role].data, l->mac[role].len);
}

static sotto_err derive(struct lab *l)
{
    uint8_t salt[2 * LAB_NONCE];
    DEFER(secret_clear) struct secret prk = {0};
    memcpy(salt, l->nonce[LAB_DIALER], LAB_NONCE);
    memcpy(salt + LAB_NONCE, l->nonce[LAB_LISTENER], LAB_NONCE);
    TRY(hkdf_extract(l->crypto, KDF_SHA256, VIEW_OF(salt), buf_view(&l->shared), &prk));
    TRY(derive_role(l, &prk, LAB_DIALER));
    TRY(derive_role(l, &prk, LAB_LISTENER));
    LAB_TELL(
        l, KEY_DERIVATION, "HKDF-Extract with both randoms as salt, then HKDF-Expand for each key",
        "extract gathers what is unpredictable, expand gives each purpose its own key",
        "the salt, since it saw the hellos", {"salt", VIEW_OF(salt)},
        {"pseudorandom key", secret_view(&prk)}, {"key, dialer", secret_view(&l->enc[LAB_DIALER])},
        {"key, listener", secret_view(&l->enc[LAB_LISTENER])},
        {"IV, dialer", VIEW_OF(l->iv[LAB_DIALER])}, {"IV, listener", VIEW_OF(l->iv[LAB_LISTENER])});
    return SOTTO_OK;
}

static sotto_err confirm(struct lab *l, enum lab_role role, uint8_t ret_tag[TAG])
{
    const view transcript = VIEW_OF(l->transcript);
    return hmac(l->crypto, HASH_SHA256, secret_view(&l->mac[role]), &transcript, 1, ret_tag);
}

static sotto_err prove(struct lab *l, struct wr *w)
{
    uint8_t tag[TAG];
    TRY(confirm(l, l->role, tag));
    wr_bytes(w, VIEW_OF(tag));
    return SOTTO_OK;
}

static sotto_err check(struct lab *l, struct rd *r)
{
    uint8_t tag[TAG], wanted[TAG];
    rd_copy(r, tag, sizeof tag);
    TRY(rd_end(r));
    TRY(confirm(l, lab_other(l), wanted));
    if (!ct_equal(VIEW_OF(tag), VIEW_OF(wanted)))
        return lab_refuse(l, SOTTO_E_MAC, "key confirmation: HMAC over the transcript");
    return SOTTO_OK;
}

/* The number fills the last 8 of the 12 bytes (RFC 8446 5.3). */
static void nonce_of(const struct lab *l, enum lab_role role, uint64_t number,
                     uint8_t ret_nonce[AEAD_NONCE])
{
    memcpy(ret_nonce, l->iv[role], AEAD_NONCE);
    for (size_t i = 0; i < 8; i++)
        ret_nonce[AEAD_NONCE - 1 - i] ^= (uint8_t)(number >> (8 * i));
}

static sotto_err aad_of(enum lab_role role, uint64_t number, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, LAB_KIND_MESSAGE);
    wr_u8(&w, (uint8_t)role);
    wr_u64(&w, number);
    return wr_end(&w);
}

static sotto_err seal(struct lab *l, enum lab_what what, view text, struct wr *w)
{
    uint8_t nonce[AEAD_NONCE], *place;
    uint64_t number = l->number[l->role];
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf aad = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    TRY(lab_plain_write(what, text, &plain));
    TRY(aad_of(l->role, number, &aad));
    TRY(buf_extend(&sealed, plain.len + AEAD_TAG, &place));
    nonce_of(l, l->role, number, nonce);
    TRY(aead_seal(l->crypto, AEAD_AES_256_GCM, &l->enc[l->role], nonce, buf_view(&aad),
                  buf_view(&plain), place));
    LAB_TELL(l, ENCRYPTION, "AES-256-GCM; the nonce is our IV XOR the message's number",
             "a number is used once, so the nonce is too: GCM breaks when one comes twice",
             "number and exact length", {"plaintext", buf_view(&plain)}, {"nonce", VIEW_OF(nonce)},
             {"authenticated beside it", buf_view(&aad)},
             {"ciphertext and tag", buf_view(&sealed)});
    wr_u64(w, number);
    wr_opaque(w, buf_view(&sealed));
    return SOTTO_OK;
}

/* The number is judged after the tag: what was not sent by the other side gets no more precise answer than that. */
static sotto_err number_check(struct lab *l, uint64_t number)
{
    uint64_t expected = l->number[lab_other(l)];
    if (number < expected)
        return lab_refuse(l, SOTTO_E_REPLAYED, "number of the message");
    if (number > expected)
        return lab_refuse(l, SOTTO_E_MISSING, "number of the message");
    return SOTTO_OK;
}

static sotto_err open(struct lab *l, struct rd *r, uint8_t *ret_what, sotto_buf *ret_text)
{
    uint8_t nonce[AEAD_NONCE], *place;
    uint64_t number = rd_u64(r);
    view sealed = rd_opaque(r, LAB_MESSAGE_MAX);
    TRY(rd_end(r));
    if (sealed.len < AEAD_TAG)
        return SOTTO_E_TRUNCATED;
    DEFER(buf_clear) sotto_buf aad = {0};
    DEFER(buf_clear) sotto_buf plain = {0};
    TRY(aad_of(lab_other(l), number, &aad));
    TRY(buf_extend(&plain, sealed.len - AEAD_TAG, &place));
    nonce_of(l, lab_other(l), number, nonce);
    sotto_err err = aead_open(l->crypto, AEAD_AES_256_GCM, &l->enc[lab_other(l)], nonce,
                              buf_view(&aad), sealed, place);
    if (err != SOTTO_OK)
        return lab_refuse(l, err, l->suite->mac);
    TRY(number_check(l, number));
    LAB_TELL(l, DECRYPTION, "the tag is right and the number is the next one",
             "changed, repeated, missing or reordered: each is told apart", "nothing",
             {"nonce", VIEW_OF(nonce)}, {"ciphertext and tag", sealed},
             {"plaintext", buf_view(&plain)});
    return lab_plain_read(buf_view(&plain), ret_what, ret_text);
}

const struct lab_suite suite_hkdf_gcm = {
    .name = "x25519-hkdf-aes256gcm",
    .summary = "X25519, salted HKDF-SHA256, AES-256-GCM with numbered messages",
    .mac = "GCM tag",
    .has_number = true,
    .offer = offer,
    .agree = agree,
    .derive = derive,
    .prove = prove,
    .check = check,
    .seal = seal,
    .open = open,
};
