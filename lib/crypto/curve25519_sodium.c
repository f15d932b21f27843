#include <sodium.h>

#include "base/ct.h"
#include "crypto/curve25519.h"

static sotto_err x25519_public(sotto_crypto *c, const uint8_t private_key[32],
                               uint8_t ret_public[32])
{
    (void)c;
    return crypto_scalarmult_curve25519_base(ret_public, private_key) == 0 ? SOTTO_OK
                                                                           : SOTTO_E_CRYPTO;
}

/* Fails for points of small order alone, whose result would be zero. */
static sotto_err x25519(sotto_crypto *c, const uint8_t private_key[32],
                        const uint8_t public_key[32], const uint8_t peer[32],
                        uint8_t ret_shared[32])
{
    (void)c, (void)public_key;
    int failed = crypto_scalarmult_curve25519(ret_shared, private_key, peer);
    CT_PUBLIC(&failed, sizeof failed);
    return failed == 0 ? SOTTO_OK : SOTTO_E_KEY;
}

static sotto_err ed25519_public(sotto_crypto *c, const uint8_t seed[32], uint8_t ret_public[32])
{
    (void)c;
    uint8_t key[crypto_sign_SECRETKEYBYTES];
    int failed = crypto_sign_ed25519_seed_keypair(ret_public, key, seed);
    ct_wipe(key, sizeof key);
    return failed == 0 ? SOTTO_OK : SOTTO_E_CRYPTO;
}

/* libsodium's secret key is seed || public key. */
static sotto_err ed25519_sign(sotto_crypto *c, const uint8_t seed[32], const uint8_t public_key[32],
                              view message, uint8_t ret_signature[64])
{
    (void)c;
    uint8_t key[crypto_sign_SECRETKEYBYTES];
    memcpy(key, seed, 32);
    memcpy(key + 32, public_key, 32);
    int failed = crypto_sign_ed25519_detached(ret_signature, NULL, message.data, message.len, key);
    ct_wipe(key, sizeof key);
    return failed == 0 ? SOTTO_OK : SOTTO_E_CRYPTO;
}

static sotto_err ed25519_verify(sotto_crypto *c, const uint8_t public_key[32], view message,
                                const uint8_t signature[64])
{
    (void)c;
    return crypto_sign_ed25519_verify_detached(signature, message.data, message.len, public_key) ==
                   0
               ? SOTTO_OK
               : SOTTO_E_SIGNATURE;
}

const struct curve25519 curve25519_sodium = {
    .x25519_public = x25519_public,
    .x25519 = x25519,
    .ed25519_public = ed25519_public,
    .ed25519_sign = ed25519_sign,
    .ed25519_verify = ed25519_verify,
};
