#include "base/ct.h"
#include "crypto/hash.h"
#include "lab/cipher.h"
#include "lab/suite.h"

/* x25519-aes256cbc-hmac: the plain construction of a first lecture, put together rightly (encrypt, then MAC).
 *
 *   offer        X25519 public key
 *   keys         enc = SHA-256("sotto lab enc" || shared || transcript), mac = SHA-256("sotto lab mac" || ...),
 *                one pair for both directions
 *   established  HMAC(mac, 2 || role || transcript)
 *   message      iv[16], ciphertext<V>, HMAC(mac, 3 || role || iv || ciphertext)
 *
 * What is missing: nothing says whose the public keys are, and no message has a number. */

#define TAG 32 /* bytes */

static sotto_err x25519_key(struct lab *l, struct secret *ret_private)
{
    secret_resize(ret_private, dh_private_size(DH_X25519));
    rng_bytes(&l->rng, ret_private->data, ret_private->len);
    return dh_key_import(l->crypto, DH_X25519, ret_private, &l->dh);
}

static sotto_err offer(struct lab *l, sotto_buf *ret_offer)
{
    DEFER(secret_clear) struct secret private_key = {0};
    TRY(x25519_key(l, &private_key));
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

static sotto_err derive_one(struct lab *l, view label, struct secret *ret_key)
{
    const view parts[] = {label, buf_view(&l->shared), VIEW_OF(l->transcript)};
    secret_resize(ret_key, CIPHER_KEY);
    return hash_parts(l->crypto, HASH_SHA256, parts, COUNT_OF(parts), ret_key->data);
}

static sotto_err derive(struct lab *l)
{
    TRY(derive_one(l, VIEW_LIT("sotto lab enc"), &l->enc[LAB_DIALER]));
    TRY(derive_one(l, VIEW_LIT("sotto lab mac"), &l->mac[LAB_DIALER]));
    l->enc[LAB_LISTENER] = l->enc[LAB_DIALER];
    l->mac[LAB_LISTENER] = l->mac[LAB_DIALER];
    LAB_TELL(l, KEY_DERIVATION, "SHA-256(label, shared secret, transcript), once for each key",
             "one key for AES and another for HMAC: a key has one purpose", "none of it",
             {"transcript", VIEW_OF(l->transcript)},
             {"encryption key", secret_view(&l->enc[LAB_DIALER])},
             {"MAC key", secret_view(&l->mac[LAB_DIALER])});
    return SOTTO_OK;
}

/* HMAC(mac, kind || role || parts). */
static sotto_err tag_of(struct lab *l, enum lab_role role, enum lab_kind kind, view a, view b,
                        uint8_t ret_tag[TAG])
{
    const uint8_t head[] = {(uint8_t)kind, (uint8_t)role};
    const view parts[] = {VIEW_OF(head), a, b};
    return hmac(l->crypto, HASH_SHA256, secret_view(&l->mac[role]), parts, COUNT_OF(parts),
                ret_tag);
}

static sotto_err prove(struct lab *l, struct wr *w)
{
    uint8_t tag[TAG];
    TRY(tag_of(l, l->role, LAB_KIND_ESTABLISHED, VIEW_OF(l->transcript), (view){0}, tag));
    wr_bytes(w, VIEW_OF(tag));
    return SOTTO_OK;
}

static sotto_err check(struct lab *l, struct rd *r)
{
    uint8_t tag[TAG], wanted[TAG];
    rd_copy(r, tag, sizeof tag);
    TRY(rd_end(r));
    TRY(tag_of(l, lab_other(l), LAB_KIND_ESTABLISHED, VIEW_OF(l->transcript), (view){0}, wanted));
    if (!ct_equal(VIEW_OF(tag), VIEW_OF(wanted)))
        return lab_refuse(l, SOTTO_E_MAC, "key confirmation: HMAC over the transcript");
    return SOTTO_OK;
}

static sotto_err seal(struct lab *l, enum lab_what what, view text, struct wr *w)
{
    uint8_t iv[CIPHER_BLOCK], tag[TAG];
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    rng_bytes(&l->rng, iv, sizeof iv);
    TRY(lab_plain_write(what, text, &plain));
    TRY(cipher_cbc_encrypt(&l->enc[l->role], iv, buf_view(&plain), &sealed));
    TRY(tag_of(l, l->role, LAB_KIND_MESSAGE, VIEW_OF(iv), buf_view(&sealed), tag));
    LAB_TELL(
        l, ENCRYPTION, "AES-256-CBC under a random IV, then HMAC-SHA256 over IV and ciphertext",
        "the MAC goes over the ciphertext, so a changed message is refused before it is decrypted "
        "and the padding tells nobody anything",
        "the length, to the next 16 bytes", {"plaintext", buf_view(&plain)}, {"IV", VIEW_OF(iv)},
        {"ciphertext", buf_view(&sealed)}, {"tag", VIEW_OF(tag)});
    wr_bytes(w, VIEW_OF(iv));
    wr_opaque(w, buf_view(&sealed));
    wr_bytes(w, VIEW_OF(tag));
    return SOTTO_OK;
}

static sotto_err open(struct lab *l, struct rd *r, uint8_t *ret_what, sotto_buf *ret_text)
{
    uint8_t iv[CIPHER_BLOCK], tag[TAG], wanted[TAG];
    rd_copy(r, iv, sizeof iv);
    view sealed = rd_opaque(r, LAB_MESSAGE_MAX);
    rd_copy(r, tag, sizeof tag);
    TRY(rd_end(r));
    TRY(tag_of(l, lab_other(l), LAB_KIND_MESSAGE, VIEW_OF(iv), sealed, wanted));
    if (!ct_equal(VIEW_OF(tag), VIEW_OF(wanted)))
        return lab_refuse(l, SOTTO_E_MAC, l->suite->mac);
    DEFER(buf_clear) sotto_buf plain = {0};
    TRY(cipher_cbc_decrypt(&l->enc[lab_other(l)], iv, sealed, &plain));
    LAB_TELL(l, DECRYPTION, "the tag is right, so the ciphertext is decrypted",
             "checked first and in constant time", "nothing", {"tag", VIEW_OF(tag)},
             {"IV", VIEW_OF(iv)}, {"ciphertext", sealed}, {"plaintext", buf_view(&plain)});
    return lab_plain_read(buf_view(&plain), ret_what, ret_text);
}

const struct lab_suite suite_x25519_cbc = {
    .name = "x25519-aes256cbc-hmac",
    .summary = "X25519 agreement, AES-256-CBC with random IV, HMAC-SHA256 (encrypt-then-MAC)",
    .mac = "HMAC-SHA256 over IV and ciphertext",
    .offer = offer,
    .agree = agree,
    .derive = derive,
    .prove = prove,
    .check = check,
    .seal = seal,
    .open = open,
};
