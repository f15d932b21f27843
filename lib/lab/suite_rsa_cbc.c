#include "base/ct.h"
#include "crypto/hash.h"
#include "lab/cipher.h"
#include "lab/derive.h"
#include "lab/suite.h"

/* rsa-ecdh-aes256cbc-hmac: certificates, a transported key and an agreed one, and the record protection of TLS 1.2 (with the
 * order of RFC 7366: encrypt, then MAC).
 *
 *   identity     self-signed X.509 certificate (DER), RSA 2048
 *   offer        P-256 public key, uncompressed
 *   established  struct { opaque transport<V>; opaque signature<V>; opaque finished[32]; }
 *     transport  dialer: RSA-OAEP(SHA-256, label "sotto lab transport") of 32 random bytes; listener, or with a pre-shared
 *                key: empty
 *     session    SHA-256(transcript || transport of the dialer)
 *     master     PRF(ECDH secret || transported bytes, or the pre-shared key, "extended master secret", session)[48]
 *     keys       PRF(master, "key expansion", session): mac dialer, mac listener, enc dialer, enc listener, 32 bytes each
 *     signature  RSA-PSS (SHA-256, salt 32) over struct { opaque label<V> = "sotto lab finished"; uint8 role; opaque session[32]; }
 *     finished   PRF(master, "dialer finished" or "listener finished", session)[32]
 *   message      iv[16], ciphertext<V>, HMAC(mac of the sender, uint64 number || 3 || iv || ciphertext)
 *
 * The number is not sent: both count. A message out of turn fails the MAC like a changed one. */

#define TAG       32 /* bytes */
#define TRANSPORT 32
#define MASTER    48
#define SALT      32

static sotto_err identity_make(struct rng *rng, sotto_buf *out)
{
    (void)rng; /* OpenSSL takes no seed for RSA */
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    TRY(rsa_key_generate(RSA_LAB_BITS, &key));
    return rsa_key_write_private(key, out);
}

static sotto_err identity_load(struct lab *l, view identity, sotto_buf *ret_public)
{
    TRY(rsa_key_read_private(identity, &l->rsa));
    TRY(rsa_cert_write(l->rsa, "sotto lab", ret_public));
    LAB_TELL(l, KEY_GENERATION,
             "an RSA key of 2048 bits and a certificate over it, signed by itself",
             "it opens what was sent to us and signs what we say; nobody vouches for it but the "
             "fingerprint",
             "nothing yet", {"private key", identity}, {"certificate", buf_view(ret_public)});
    return SOTTO_OK;
}

static sotto_err identity_peer(struct lab *l, view peer_public)
{
    sotto_err err = rsa_cert_read(peer_public, &l->peer_rsa);
    return err == SOTTO_OK ? SOTTO_OK : lab_refuse(l, err, "the other side's certificate");
}

/* A scalar in [1, n): nearly every draw is one. */
static sotto_err p256_key(struct lab *l, struct secret *ret_private)
{
    sotto_err err = SOTTO_E_KEY;
    for (unsigned tries = 0; err == SOTTO_E_KEY && tries < 16; tries++) {
        secret_resize(ret_private, dh_private_size(DH_P256));
        rng_bytes(&l->rng, ret_private->data, ret_private->len);
        err = dh_key_import(l->crypto, DH_P256, ret_private, &l->dh);
    }
    return err;
}

static sotto_err offer(struct lab *l, sotto_buf *ret_offer)
{
    DEFER(secret_clear) struct secret private_key = {0};
    TRY(p256_key(l, &private_key));
    LAB_TELL(l, KEY_GENERATION, "an ECDH key pair on P-256, for this run alone",
             "without it, who takes the RSA key later could read everything", "nothing yet",
             {"private key", secret_view(&private_key)}, {"public key", dh_key_public(l->dh)});
    return buf_append(ret_offer, dh_key_public(l->dh));
}

static sotto_err agree(struct lab *l, view peer_offer)
{
    DEFER(secret_clear) struct secret shared = {0};
    sotto_err err = dh(l->crypto, l->dh, peer_offer, &shared);
    if (err != SOTTO_OK)
        return lab_refuse(l, err, "ECDH public key: a point on P-256");
    LAB_TELL(
        l, SHARED_SECRET, "the first half: ECDH(our private key, their public key)",
        "the point was checked to lie on the curve: others would leak the private key bit by bit",
        "both public keys, and still not this", {"their public key", peer_offer},
        {"ECDH secret", secret_view(&shared)});
    return buf_set(&l->shared, secret_view(&shared));
}

static sotto_err transport_seal(struct lab *l, sotto_buf *ret_transport)
{
    DEFER(secret_clear) struct secret part = {0};
    secret_resize(&part, TRANSPORT);
    rng_bytes(&l->rng, part.data, part.len);
    TRY(rsa_oaep_seal(l->peer_rsa, RSA_SHA256, VIEW_LIT("sotto lab transport"), secret_view(&part),
                      ret_transport));
    LAB_TELL(l, SHARED_SECRET, "the second half: 32 random bytes, RSA-OAEP to their certificate",
             "only the holder of that private key can go on", "the ciphertext",
             {"random bytes", secret_view(&part)}, {"transport", buf_view(ret_transport)});
    return buf_append(&l->shared, secret_view(&part));
}

static sotto_err transport_open(struct lab *l, view transport)
{
    DEFER(buf_clear) sotto_buf part = {0};
    sotto_err err =
        rsa_oaep_open(l->rsa, RSA_SHA256, VIEW_LIT("sotto lab transport"), transport, &part);
    if (err != SOTTO_OK || part.len != TRANSPORT)
        return lab_refuse(l, SOTTO_E_DECRYPT, "RSA-OAEP of the transported key");
    LAB_TELL(l, SHARED_SECRET, "the second half: their 32 random bytes, opened with our RSA key",
             "only the holder of this private key can go on", "the ciphertext",
             {"transport", transport}, {"random bytes", buf_view(&part)});
    return buf_append(&l->shared, buf_view(&part));
}

static sotto_err derive_keys(struct lab *l, const uint8_t master[MASTER])
{
    uint8_t block[4 * CIPHER_KEY];
    TRY(derive_prf(view_of(master, MASTER), "key expansion", VIEW_OF(l->session), block,
                   sizeof block));
    sotto_err err = SOTTO_OK;
    for (size_t role = 0; role < 2 && err == SOTTO_OK; role++) {
        err = secret_set(&l->mac[role], view_of(block + role * CIPHER_KEY, CIPHER_KEY));
        if (err == SOTTO_OK)
            err = secret_set(&l->enc[role], view_of(block + (2 + role) * CIPHER_KEY, CIPHER_KEY));
    }
    ct_wipe(block, sizeof block);
    return err;
}

static sotto_err derive_all(struct lab *l, view transport)
{
    const view parts[] = {VIEW_OF(l->transcript), transport};
    TRY(hash_parts(l->crypto, HASH_SHA256, parts, COUNT_OF(parts), l->session));
    secret_resize(&l->master, MASTER);
    TRY(derive_prf(buf_view(&l->shared), "extended master secret", VIEW_OF(l->session),
                   l->master.data, MASTER));
    TRY(derive_keys(l, l->master.data));
    LAB_TELL(l, KEY_DERIVATION, "TLS 1.2's PRF: both halves to a master secret, that to four keys",
             "a key for each purpose and direction: nothing that we said can be sent back to us",
             "none of it", {"session", VIEW_OF(l->session)},
             {"master secret", secret_view(&l->master)},
             {"MAC key, dialer", secret_view(&l->mac[LAB_DIALER])},
             {"MAC key, listener", secret_view(&l->mac[LAB_LISTENER])},
             {"encryption key, dialer", secret_view(&l->enc[LAB_DIALER])},
             {"encryption key, listener", secret_view(&l->enc[LAB_LISTENER])});
    return SOTTO_OK;
}

static sotto_err finished(struct lab *l, enum lab_role role, uint8_t ret_tag[TAG])
{
    return derive_prf(secret_view(&l->master),
                      role == LAB_DIALER ? "dialer finished" : "listener finished",
                      VIEW_OF(l->session), ret_tag, TAG);
}

static sotto_err signed_finished(const struct lab *l, enum lab_role role, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_opaque(&w, VIEW_LIT("sotto lab finished"));
    wr_u8(&w, (uint8_t)role);
    wr_bytes(&w, VIEW_OF(l->session));
    return wr_end(&w);
}

static sotto_err prove(struct lab *l, struct wr *w)
{
    DEFER(buf_clear) sotto_buf transport = {0};
    DEFER(buf_clear) sotto_buf message = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    uint8_t tag[TAG];
    if (l->role == LAB_DIALER && !l->has_psk)
        TRY(transport_seal(l, &transport));
    if (l->role == LAB_DIALER) /* the listener did it on reading */
        TRY(derive_all(l, buf_view(&transport)));
    TRY(signed_finished(l, l->role, &message));
    TRY(rsa_pss_sign(l->rsa, RSA_SHA256, SALT, buf_view(&message), &signature));
    TRY(finished(l, l->role, tag));
    LAB_TELL(l, KEY_EXCHANGE,
             "our RSA-PSS signature over all that was exchanged, and proof of the key",
             "the certificate alone is no proof: anybody can send a copy of it",
             "certificate, signature and tag", {"signed", buf_view(&message)},
             {"signature", buf_view(&signature)}, {"finished", VIEW_OF(tag)});
    wr_opaque(w, buf_view(&transport));
    wr_opaque(w, buf_view(&signature));
    wr_bytes(w, VIEW_OF(tag));
    return SOTTO_OK;
}

static sotto_err check(struct lab *l, struct rd *r)
{
    uint8_t tag[TAG], wanted[TAG];
    view transport = rd_opaque(r, RSA_BITS_MAX / 8);
    view signature = rd_opaque(r, RSA_BITS_MAX / 8);
    rd_copy(r, tag, sizeof tag);
    TRY(rd_end(r));
    bool transported = l->role == LAB_LISTENER && !l->has_psk;
    if (!transported && transport.len > 0)
        return SOTTO_E_VALUE;
    if (transported)
        TRY(transport_open(l, transport));
    if (l->role == LAB_LISTENER)
        TRY(derive_all(l, transport));
    DEFER(buf_clear) sotto_buf message = {0};
    TRY(signed_finished(l, lab_other(l), &message));
    sotto_err err = rsa_pss_verify(l->peer_rsa, RSA_SHA256, SALT, buf_view(&message), signature);
    if (err != SOTTO_OK)
        return lab_refuse(l, err, "RSA-PSS signature over the handshake");
    TRY(finished(l, lab_other(l), wanted));
    if (!ct_equal(VIEW_OF(tag), VIEW_OF(wanted)))
        return lab_refuse(l, SOTTO_E_MAC, "key confirmation: PRF over the handshake");
    return SOTTO_OK;
}

/* HMAC(mac, number || 3 || iv || ciphertext), with the number that this side expects. */
static sotto_err tag_of(struct lab *l, enum lab_role role, view iv, view sealed,
                        uint8_t ret_tag[TAG])
{
    DEFER(buf_clear) sotto_buf head = {0};
    struct wr w = wr_to(&head);
    wr_u64(&w, l->number[role]);
    wr_u8(&w, LAB_KIND_MESSAGE);
    TRY(wr_end(&w));
    const view parts[] = {buf_view(&head), iv, sealed};
    return hmac(l->crypto, HASH_SHA256, secret_view(&l->mac[role]), parts, COUNT_OF(parts),
                ret_tag);
}

static sotto_err seal(struct lab *l, enum lab_what what, view text, struct wr *w)
{
    uint8_t iv[CIPHER_BLOCK], tag[TAG];
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    rng_bytes(&l->rng, iv, sizeof iv);
    TRY(lab_plain_write(what, text, &plain));
    TRY(cipher_cbc_encrypt(&l->enc[l->role], iv, buf_view(&plain), &sealed));
    TRY(tag_of(l, l->role, VIEW_OF(iv), buf_view(&sealed), tag));
    LAB_TELL(l, ENCRYPTION,
             "AES-256-CBC under a random IV, then HMAC-SHA256 over number, IV, ciphertext",
             "the number is not sent, both sides count: a message out of turn has the wrong tag",
             "the length, to the next 16 bytes", {"plaintext", buf_view(&plain)},
             {"IV", VIEW_OF(iv)}, {"ciphertext", buf_view(&sealed)}, {"tag", VIEW_OF(tag)});
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
    TRY(tag_of(l, lab_other(l), VIEW_OF(iv), sealed, wanted));
    if (!ct_equal(VIEW_OF(tag), VIEW_OF(wanted)))
        return lab_refuse(l, SOTTO_E_MAC, l->suite->mac);
    DEFER(buf_clear) sotto_buf plain = {0};
    TRY(cipher_cbc_decrypt(&l->enc[lab_other(l)], iv, sealed, &plain));
    LAB_TELL(l, DECRYPTION, "the tag is right for this number, so the ciphertext is decrypted",
             "changed, repeated and reordered messages all fail here", "nothing",
             {"tag", VIEW_OF(tag)}, {"IV", VIEW_OF(iv)}, {"ciphertext", sealed},
             {"plaintext", buf_view(&plain)});
    return lab_plain_read(buf_view(&plain), ret_what, ret_text);
}

const struct lab_suite suite_rsa_cbc = {
    .name = "rsa-ecdh-aes256cbc-hmac",
    .summary =
        "certificates, RSA-OAEP key transport, RSA-PSS, ECDH P-256, AES-256-CBC and HMAC-SHA256",
    .mac = "HMAC-SHA256 over number, IV and ciphertext",
    .signs = true,
    .has_number = true,
    .identity_make = identity_make,
    .identity_load = identity_load,
    .identity_peer = identity_peer,
    .offer = offer,
    .agree = agree,
    .prove = prove,
    .check = check,
    .seal = seal,
    .open = open,
};
