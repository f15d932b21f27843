#include "crypto/hash.h"
#include "lab/cipher.h"
#include "lab/sha1.h"
#include "lab/suite.h"

/* modp2048-elgamal-aes256cfb: Diffie-Hellman that is signed, and signed messages under a stream of AES (Station-to-Station
 * with the algorithms of its day).
 *
 *   identity     struct { uint8 hash; opaque y[256]; }, hash: 1 SHA-256, 2 SHA-1
 *   offer        g^x mod p, 256 bytes
 *   key          SHA-256("sotto lab key" || shared || transcript), one for both directions
 *   established  iv[16], sealed<V> = CFB(key, iv, ElGamal signature over
 *                struct { opaque label<V> = "sotto lab hello"; uint8 role; opaque transcript[32]; })
 *   message      iv[16], sealed<V> = CFB(key, iv, struct { uint8 what; opaque text<V>; opaque signature[512]; })
 *                signed: struct { opaque label<V> = "sotto lab message"; uint8 role; opaque transcript[32]; uint8 what;
 *                opaque digest<V> = H(text); }
 *
 * There is no MAC: a flipped bit of the ciphertext flips that bit of the text, and the signature alone notices.
 * A signature convinces others too: over SHA-1, of a text that was never signed. No message has a number. */

#define IDENTITY (1 + ELGAMAL_PUBLIC)

static enum elgamal_hash hash_of(const struct lab *l)
{
    return l->sha1 ? ELGAMAL_SHA1 : ELGAMAL_SHA256;
}

static sotto_err identity_make(struct rng *rng, sotto_buf *out)
{
    uint8_t seed[ELGAMAL_SEED];
    rng_bytes(rng, seed, sizeof seed);
    DEFER(elgamal_key_freep) struct elgamal_key *key = NULL;
    TRY(elgamal_key_derive(seed, &key));
    return elgamal_key_write(key, out);
}

static sotto_err identity_load(struct lab *l, view identity, sotto_buf *ret_public)
{
    TRY(elgamal_key_read(identity, &l->elgamal));
    LAB_TELL(l, KEY_GENERATION, "an ElGamal signing key: x, and y = g^x mod p",
             "it says who speaks, if the other side knows y from elsewhere", "nothing yet",
             {"private key", identity}, {"public key", elgamal_key_public(l->elgamal)});
    struct wr w = wr_to(ret_public);
    wr_u8(&w, (uint8_t)hash_of(l));
    wr_bytes(&w, elgamal_key_public(l->elgamal));
    return wr_end(&w);
}

/* The key itself is judged by every verification. */
static sotto_err identity_peer(struct lab *l, view peer_public)
{
    if (peer_public.len != IDENTITY)
        return SOTTO_E_VALUE;
    if (peer_public.data[0] != (uint8_t)hash_of(l))
        return lab_refuse(l, SOTTO_E_UNSUPPORTED,
                          "hash under the signatures: the other side uses another");
    return SOTTO_OK;
}

static sotto_err offer(struct lab *l, sotto_buf *ret_offer)
{
    DEFER(secret_clear) struct secret exponent = {0};
    secret_resize(&exponent, MODP_SEED);
    rng_bytes(&l->rng, exponent.data, exponent.len);
    TRY(modp_key_derive(exponent.data, &l->modp));
    LAB_TELL(l, KEY_GENERATION, "a Diffie-Hellman key pair in group 14: x, and g^x mod p",
             "for this run alone: who takes the signing key later still can't read it",
             "nothing yet", {"exponent", secret_view(&exponent)},
             {"public value", modp_key_public(l->modp)});
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
    const view parts[] = {VIEW_LIT("sotto lab key"), buf_view(&l->shared), VIEW_OF(l->transcript)};
    secret_resize(&l->enc[LAB_DIALER], CIPHER_KEY);
    TRY(hash_parts(l->crypto, HASH_SHA256, parts, COUNT_OF(parts), l->enc[LAB_DIALER].data));
    l->enc[LAB_LISTENER] = l->enc[LAB_DIALER];
    LAB_TELL(l, KEY_DERIVATION, "SHA-256(label, shared secret, transcript)",
             "2048 bits of structure become 256 that look random", "none of it",
             {"transcript", VIEW_OF(l->transcript)},
             {"encryption key", secret_view(&l->enc[LAB_DIALER])});
    return SOTTO_OK;
}

static sotto_err sign_with(struct lab *l, view message, uint8_t ret_signature[ELGAMAL_SIGNATURE])
{
    uint8_t seed[ELGAMAL_SEED];
    rng_bytes(&l->rng, seed, sizeof seed);
    return elgamal_sign(l->elgamal, hash_of(l), message, seed, ret_signature);
}

static sotto_err verify_peer(struct lab *l, view message, view signature, const char *what)
{
    view peer_public = buf_view(&l->identity[lab_other(l)]);
    view y = view_of(peer_public.data + 1, ELGAMAL_PUBLIC);
    sotto_err err = elgamal_verify(y, hash_of(l), message, signature);
    return err == SOTTO_OK ? SOTTO_OK : lab_refuse(l, err, what);
}

static sotto_err signed_hello(const struct lab *l, enum lab_role role, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_opaque(&w, VIEW_LIT("sotto lab hello"));
    wr_u8(&w, (uint8_t)role);
    wr_bytes(&w, VIEW_OF(l->transcript));
    return wr_end(&w);
}

static sotto_err prove(struct lab *l, struct wr *w)
{
    uint8_t iv[CIPHER_BLOCK], signature[ELGAMAL_SIGNATURE];
    DEFER(buf_clear) sotto_buf message = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    TRY(signed_hello(l, l->role, &message));
    TRY(sign_with(l, buf_view(&message), signature));
    rng_bytes(&l->rng, iv, sizeof iv);
    TRY(cipher_cfb_encrypt(&l->enc[l->role], iv, VIEW_OF(signature), &sealed));
    LAB_TELL(l, KEY_EXCHANGE, "our signature over both hellos, sent under the new key",
             "signed: the public values are ours; under the key: we have it",
             "ciphertext of a signature", {"signed", buf_view(&message)},
             {"signature", VIEW_OF(signature)}, {"IV", VIEW_OF(iv)}, {"sealed", buf_view(&sealed)});
    wr_bytes(w, VIEW_OF(iv));
    wr_opaque(w, buf_view(&sealed));
    return SOTTO_OK;
}

static sotto_err check(struct lab *l, struct rd *r)
{
    uint8_t iv[CIPHER_BLOCK];
    rd_copy(r, iv, sizeof iv);
    view sealed = rd_opaque(r, ELGAMAL_SIGNATURE);
    TRY(rd_end(r));
    DEFER(buf_clear) sotto_buf signature = {0};
    DEFER(buf_clear) sotto_buf message = {0};
    TRY(cipher_cfb_decrypt(&l->enc[lab_other(l)], iv, sealed, &signature));
    TRY(signed_hello(l, lab_other(l), &message));
    return verify_peer(l, buf_view(&message), buf_view(&signature),
                       "ElGamal signature over the transcript");
}

static sotto_err digest_write(struct lab *l, view text, struct wr *w)
{
    uint8_t digest[LAB_HASH];
    if (l->sha1)
        TRY(sha1(text, digest));
    else
        TRY(hash(l->crypto, HASH_SHA256, text, digest));
    wr_opaque(w, view_of(digest, l->sha1 ? SHA1_SIZE : LAB_HASH));
    return SOTTO_OK;
}

static sotto_err signed_message(struct lab *l, enum lab_role role, uint8_t what, view text,
                                sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_opaque(&w, VIEW_LIT("sotto lab message"));
    wr_u8(&w, (uint8_t)role);
    wr_bytes(&w, VIEW_OF(l->transcript));
    wr_u8(&w, what);
    sotto_err err = digest_write(l, text, &w);
    if (err != SOTTO_OK)
        wr_fail(&w, err);
    return wr_end(&w);
}

static sotto_err seal(struct lab *l, enum lab_what what, view text, struct wr *w)
{
    uint8_t iv[CIPHER_BLOCK], signature[ELGAMAL_SIGNATURE];
    DEFER(buf_clear) sotto_buf message = {0};
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    TRY(signed_message(l, l->role, (uint8_t)what, text, &message));
    TRY(sign_with(l, buf_view(&message), signature));
    struct wr p = wr_to(&plain);
    wr_u8(&p, (uint8_t)what);
    wr_opaque(&p, text);
    wr_bytes(&p, VIEW_OF(signature));
    TRY(wr_end(&p));
    rng_bytes(&l->rng, iv, sizeof iv);
    TRY(cipher_cfb_encrypt(&l->enc[l->role], iv, buf_view(&plain), &sealed));
    LAB_TELL(
        l, ENCRYPTION, "the text is signed, then text and signature go through AES-256-CFB",
        "CFB makes a stream: no padding, and no protection against change; that is the signature's",
        "the exact length", {"text", text}, {"signed", buf_view(&message)},
        {"signature", VIEW_OF(signature)}, {"IV", VIEW_OF(iv)}, {"ciphertext", buf_view(&sealed)});
    wr_bytes(w, VIEW_OF(iv));
    wr_opaque(w, buf_view(&sealed));
    return SOTTO_OK;
}

static sotto_err open(struct lab *l, struct rd *r, uint8_t *ret_what, sotto_buf *ret_text)
{
    uint8_t iv[CIPHER_BLOCK];
    rd_copy(r, iv, sizeof iv);
    view sealed = rd_opaque(r, LAB_MESSAGE_MAX);
    TRY(rd_end(r));
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf message = {0};
    TRY(cipher_cfb_decrypt(&l->enc[lab_other(l)], iv, sealed, &plain));
    struct rd p = rd_of(buf_view(&plain));
    uint8_t what = rd_u8(&p);
    view text = rd_opaque(&p, LAB_TEXT_MAX);
    view signature = rd_bytes(&p, ELGAMAL_SIGNATURE);
    TRY(rd_end(&p));
    TRY(signed_message(l, lab_other(l), what, text, &message));
    TRY(verify_peer(l, buf_view(&message), signature, l->suite->mac));
    LAB_TELL(l, DECRYPTION, "decrypted, and the signature over the text is the other side's",
             "CFB decrypts anything to something: only the signature tells text from noise",
             "nothing", {"IV", VIEW_OF(iv)}, {"ciphertext", sealed}, {"text", text},
             {"signature", signature});
    TRY(buf_set(ret_text, text));
    *ret_what = what;
    return SOTTO_OK;
}

const struct lab_suite suite_elgamal_cfb = {
    .name = "modp2048-elgamal-aes256cfb",
    .summary = "Diffie-Hellman (RFC 3526 group 14), ElGamal signatures, AES-256-CFB",
    .mac = "ElGamal signature over the text",
    .signs = true,
    .has_sha1 = true,
    .identity_make = identity_make,
    .identity_load = identity_load,
    .identity_peer = identity_peer,
    .offer = offer,
    .agree = agree,
    .derive = derive,
    .prove = prove,
    .check = check,
    .seal = seal,
    .open = open,
};
