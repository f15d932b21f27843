#include "crypto/aead.h"
#include "lab/cipher.h"
#include "lab/derive.h"
#include "lab/suite.h"

/* modp2048-aes256gcm: ephemeral Diffie-Hellman and authenticated encryption, with session ids.
 *
 *   offer        g^x mod p, 256 bytes
 *   session id   the first 16 bytes of the transcript
 *   keys         one-step KDF (SP 800-56C) of the shared secret, info "sotto lab gcm" || transcript: dialer, listener, 32 bytes each
 *   established  nonce[12], sealed[16] = GCM(key, nonce, aad 2 || role || transcript, "")
 *   message      session id[16], nonce[12], sealed<V> = GCM(key of the sender, nonce, aad 3 || role || session id, what || text)
 *
 * The session id keeps a message out of another run. Within its run nothing tells a message from its own copy. */

#define SESSION_ID 16 /* bytes */

static sotto_err offer(struct lab *l, sotto_buf *ret_offer)
{
    DEFER(secret_clear) struct secret exponent = {0};
    secret_resize(&exponent, MODP_SEED);
    rng_bytes(&l->rng, exponent.data, exponent.len);
    TRY(modp_key_derive(exponent.data, &l->modp));
    LAB_TELL(l, KEY_GENERATION,
             "a Diffie-Hellman key pair in group 14, for this run alone: x, g^x mod p",
             "nothing long-lived is there to be stolen later", "nothing yet",
             {"exponent", secret_view(&exponent)}, {"public value", modp_key_public(l->modp)});
    return buf_append(ret_offer, modp_key_public(l->modp));
}

static sotto_err agree(struct lab *l, view peer_offer)
{
    buf_reset(&l->shared);
    sotto_err err = modp_agree(l->modp, peer_offer, &l->shared);
    if (err != SOTTO_OK)
        return lab_refuse(l, err,
                          "Diffie-Hellman public value: a member of the group, not 1 or p - 1");
    LAB_TELL(l, SHARED_SECRET, "their public value to the power of our exponent, mod p",
             "(g^a)^b = (g^b)^a; the value was checked to lie in the group of prime order",
             "both public values, and still not this", {"their public value", peer_offer},
             {"shared secret", buf_view(&l->shared)});
    return SOTTO_OK;
}

static sotto_err derive(struct lab *l)
{
    DEFER(buf_clear) sotto_buf info = {0};
    DEFER(secret_clear) struct secret keys = {0};
    TRY(buf_append(&info, VIEW_LIT("sotto lab gcm")));
    TRY(buf_append(&info, VIEW_OF(l->transcript)));
    secret_resize(&keys, 2 * CIPHER_KEY);
    TRY(derive_one_step(buf_view(&l->shared), buf_view(&info), keys.data, keys.len));
    TRY(secret_set(&l->enc[LAB_DIALER], view_of(keys.data, CIPHER_KEY)));
    TRY(secret_set(&l->enc[LAB_LISTENER], view_of(keys.data + CIPHER_KEY, CIPHER_KEY)));
    LAB_TELL(l, KEY_DERIVATION, "the one-step KDF of SP 800-56C over SHA-256",
             "a key for each direction, bound to both hellos", "the session id",
             {"info", buf_view(&info)}, {"key, dialer", secret_view(&l->enc[LAB_DIALER])},
             {"key, listener", secret_view(&l->enc[LAB_LISTENER])},
             {"session id", view_of(l->session, SESSION_ID)});
    return SOTTO_OK;
}

/* kind || role || the session, in the length that the kind has. */
static sotto_err aad_of(const struct lab *l, enum lab_kind kind, enum lab_role role, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, (uint8_t)kind);
    wr_u8(&w, (uint8_t)role);
    wr_bytes(&w, view_of(l->session, kind == LAB_KIND_MESSAGE ? SESSION_ID : LAB_HASH));
    return wr_end(&w);
}

static sotto_err gcm_seal(struct lab *l, enum lab_kind kind, const uint8_t *nonce, view plain,
                          sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf aad = {0};
    TRY(aad_of(l, kind, l->role, &aad));
    uint8_t *place;
    TRY(buf_extend(out, plain.len + AEAD_TAG, &place));
    return aead_seal(l->crypto, AEAD_AES_256_GCM, &l->enc[l->role], nonce, buf_view(&aad), plain,
                     place);
}

static sotto_err gcm_open(struct lab *l, enum lab_kind kind, const uint8_t *nonce, view sealed,
                          sotto_buf *out)
{
    if (sealed.len < AEAD_TAG)
        return SOTTO_E_TRUNCATED;
    DEFER(buf_clear) sotto_buf aad = {0};
    TRY(aad_of(l, kind, lab_other(l), &aad));
    uint8_t *place;
    TRY(buf_extend(out, sealed.len - AEAD_TAG, &place));
    return aead_open(l->crypto, AEAD_AES_256_GCM, &l->enc[lab_other(l)], nonce, buf_view(&aad),
                     sealed, place);
}

static sotto_err prove(struct lab *l, struct wr *w)
{
    uint8_t nonce[AEAD_NONCE];
    DEFER(buf_clear) sotto_buf sealed = {0};
    rng_bytes(&l->rng, nonce, sizeof nonce);
    TRY(gcm_seal(l, LAB_KIND_ESTABLISHED, nonce, (view){0}, &sealed));
    wr_bytes(w, VIEW_OF(nonce));
    wr_bytes(w, buf_view(&sealed));
    return SOTTO_OK;
}

static sotto_err check(struct lab *l, struct rd *r)
{
    uint8_t nonce[AEAD_NONCE];
    DEFER(buf_clear) sotto_buf nothing = {0};
    rd_copy(r, nonce, sizeof nonce);
    view sealed = rd_bytes(r, AEAD_TAG);
    TRY(rd_end(r));
    sotto_err err = gcm_open(l, LAB_KIND_ESTABLISHED, nonce, sealed, &nothing);
    return err == SOTTO_OK ? SOTTO_OK
                           : lab_refuse(l, err, "key confirmation: GCM tag over the transcript");
}

static sotto_err seal(struct lab *l, enum lab_what what, view text, struct wr *w)
{
    uint8_t nonce[AEAD_NONCE];
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    rng_bytes(&l->rng, nonce, sizeof nonce);
    TRY(lab_plain_write(what, text, &plain));
    TRY(gcm_seal(l, LAB_KIND_MESSAGE, nonce, buf_view(&plain), &sealed));
    LAB_TELL(l, ENCRYPTION,
             "AES-256-GCM under a random nonce; role and session id are authenticated too",
             "encryption and check in one: one key, one pass, nothing to combine wrongly",
             "session id, nonce, exact length", {"plaintext", buf_view(&plain)},
             {"session id", view_of(l->session, SESSION_ID)}, {"nonce", VIEW_OF(nonce)},
             {"ciphertext and tag", buf_view(&sealed)});
    wr_bytes(w, view_of(l->session, SESSION_ID));
    wr_bytes(w, VIEW_OF(nonce));
    wr_opaque(w, buf_view(&sealed));
    return SOTTO_OK;
}

static sotto_err open(struct lab *l, struct rd *r, uint8_t *ret_what, sotto_buf *ret_text)
{
    uint8_t nonce[AEAD_NONCE];
    view session = rd_bytes(r, SESSION_ID);
    rd_copy(r, nonce, sizeof nonce);
    view sealed = rd_opaque(r, LAB_MESSAGE_MAX);
    TRY(rd_end(r));
    if (!view_equal(session, view_of(l->session, SESSION_ID)))
        return lab_refuse(l, SOTTO_E_UNEXPECTED, "session id");
    DEFER(buf_clear) sotto_buf plain = {0};
    sotto_err err = gcm_open(l, LAB_KIND_MESSAGE, nonce, sealed, &plain);
    if (err != SOTTO_OK)
        return lab_refuse(l, err, l->suite->mac);
    LAB_TELL(l, DECRYPTION, "the session id is ours and the tag is right",
             "checked before anything is given out", "nothing", {"nonce", VIEW_OF(nonce)},
             {"ciphertext and tag", sealed}, {"plaintext", buf_view(&plain)});
    return lab_plain_read(buf_view(&plain), ret_what, ret_text);
}

const struct lab_suite suite_modp_gcm = {
    .name = "modp2048-aes256gcm",
    .summary = "ephemeral Diffie-Hellman (2048 bits), one-step KDF, AES-256-GCM, session ids",
    .mac = "GCM tag",
    .offer = offer,
    .agree = agree,
    .derive = derive,
    .prove = prove,
    .check = check,
    .seal = seal,
    .open = open,
};
