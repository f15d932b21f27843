/* lib25519's own signer draws randomness, and so does its key generation; ours must not, since a run can be replayed and
 * the published signatures must come out. So the two are RFC 8032 5.1.5 and 5.1.6 written out, with the arithmetic where it
 * belongs: points by lib25519, scalars by libsodium, SHA-512 by OpenSSL. Other back-ends must give the same bytes.
 * Opening is lib25519's, in the NaCl form: signature || message in one piece, so the message is copied, on the stack when
 * short. */
#include <lib25519.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/ct.h"
#include "crypto/crypto_local.h"

#define SHORT_MESSAGE 1024 /* bytes */

/* Clamps by itself, like every X25519. */
static sotto_err x25519_public(sotto_crypto *c, const uint8_t private_key[32],
                               uint8_t ret_public[32])
{
    (void)c;
    lib25519_nG_montgomery25519(ret_public, private_key);
    return SOTTO_OK;
}

static sotto_err x25519(sotto_crypto *c, const uint8_t private_key[32],
                        const uint8_t public_key[32], const uint8_t peer[32],
                        uint8_t ret_shared[32])
{
    (void)c, (void)public_key;
    lib25519_dh_x25519(ret_shared, peer, private_key);
    return SOTTO_OK;
}

/* The secret scalar and the prefix, which keys the nonce (RFC 8032 5.1.5). */
struct expanded {
    uint8_t scalar[32], prefix[32];
};

static void expanded_clear(struct expanded *e)
{
    ct_wipe(e, sizeof *e);
}

static sotto_err expand(sotto_crypto *c, const uint8_t seed[32], struct expanded *ret_expanded)
{
    uint8_t digest[HASH_MAX];
    TRY(hash(c, HASH_SHA512, view_of(seed, 32), digest));
    memcpy(ret_expanded->scalar, digest, 32);
    memcpy(ret_expanded->prefix, digest + 32, 32);
    ret_expanded->scalar[0] &= 0xf8;
    ret_expanded->scalar[31] &= 0x7f;
    ret_expanded->scalar[31] |= 0x40;
    ct_wipe(digest, sizeof digest);
    return SOTTO_OK;
}

static sotto_err ed25519_public(sotto_crypto *c, const uint8_t seed[32], uint8_t ret_public[32])
{
    DEFER(expanded_clear) struct expanded secret = {0};
    TRY(expand(c, seed, &secret));
    lib25519_nG_merged25519(ret_public, secret.scalar);
    return SOTTO_OK;
}

/* SHA-512 of the parts as a number modulo L */
static sotto_err hash_to_scalar(sotto_crypto *c, const view *parts, size_t count,
                                uint8_t ret_scalar[32])
{
    uint8_t digest[HASH_MAX];
    TRY(hash_parts(c, HASH_SHA512, parts, count, digest));
    crypto_core_ed25519_scalar_reduce(ret_scalar, digest);
    ct_wipe(digest, sizeof digest);
    return SOTTO_OK;
}

/* R = r G, S = r + k a, where r comes from prefix and message, and k from R, public key and message (RFC 8032 5.1.6). */
static sotto_err sign_expanded(sotto_crypto *c, const struct expanded *secret,
                               const uint8_t public_key[32], view message, uint8_t r[32],
                               uint8_t signature[64])
{
    const view nonce_parts[] = {VIEW_OF(secret->prefix), message};
    TRY(hash_to_scalar(c, nonce_parts, COUNT_OF(nonce_parts), r));
    lib25519_nG_merged25519(signature, r);

    uint8_t k[32];
    const view challenge_parts[] = {view_of(signature, 32), view_of(public_key, 32), message};
    TRY(hash_to_scalar(c, challenge_parts, COUNT_OF(challenge_parts), k));
    crypto_core_ed25519_scalar_mul(signature + 32, k, secret->scalar);
    crypto_core_ed25519_scalar_add(signature + 32, signature + 32, r);
    return SOTTO_OK;
}

static sotto_err ed25519_sign(sotto_crypto *c, const uint8_t seed[32], const uint8_t public_key[32],
                              view message, uint8_t ret_signature[64])
{
    DEFER(expanded_clear) struct expanded secret = {0};
    uint8_t r[32];
    uint8_t signature[ED25519_SIG_BYTES];
    TRY(expand(c, seed, &secret));
    sotto_err err = sign_expanded(c, &secret, public_key, message, r, signature);
    ct_wipe(r, sizeof r);
    TRY(err);
    memcpy(ret_signature, signature, sizeof signature);
    return SOTTO_OK;
}

/* Room for `len` bytes: `stack` if it is large enough, else the heap. NULL: out of memory. */
static uint8_t *room_get(uint8_t *stack, size_t stack_size, size_t len)
{
    return len <= stack_size ? stack : malloc(len);
}

/* What is signed may be private: it is wiped. */
static void room_put(uint8_t *room, const uint8_t *stack, size_t len)
{
    ct_wipe(room, len);
    if (room != stack)
        free(room);
}

/* The opened message goes to a place of its own behind the joined one: whether they may overlap is not promised. */
static sotto_err ed25519_verify(sotto_crypto *c, const uint8_t public_key[32], view message,
                                const uint8_t signature[64])
{
    (void)c;
    if (message.len > LLONG_MAX / 2 - ED25519_SIG_BYTES)
        return SOTTO_E_TOO_LARGE;
    uint8_t stack[2 * (ED25519_SIG_BYTES + SHORT_MESSAGE)];
    size_t len = ED25519_SIG_BYTES + message.len;
    uint8_t *joined = room_get(stack, sizeof stack, 2 * len);
    if (joined == NULL)
        return SOTTO_E_NOMEM;
    memcpy(joined, signature, ED25519_SIG_BYTES);
    if (message.len > 0)
        memcpy(joined + ED25519_SIG_BYTES, message.data, message.len);
    long long opened_len = 0;
    int failed =
        lib25519_sign_ed25519_open(joined + len, &opened_len, joined, (long long)len, public_key);
    room_put(joined, stack, 2 * len);
    return failed == 0 ? SOTTO_OK : SOTTO_E_SIGNATURE;
}

const struct curve25519 curve25519_lib25519 = {
    .x25519_public = x25519_public,
    .x25519 = x25519,
    .ed25519_public = ed25519_public,
    .ed25519_sign = ed25519_sign,
    .ed25519_verify = ed25519_verify,
};
