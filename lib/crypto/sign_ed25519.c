#include <sodium.h>

#include "crypto/crypto_local.h"
#include "crypto/ed25519_strict.h"
#include "crypto/sign_local.h"

static sotto_err private_from_seed(sotto_crypto *c, enum sign_id id, view seed,
                                   struct secret *ret_private)
{
    (void)c, (void)id;
    return secret_set(ret_private, seed);
}

static sotto_err import(sotto_crypto *c, view private_key, sotto_sign_key *key)
{
    if (private_key.len != CURVE25519_BYTES)
        return SOTTO_E_KEY;
    TRY(secret_set(&key->private_key, private_key));
    key->public_len = ED25519_PUBLIC;
    return c->curve->ed25519_public(c, key->private_key.data, key->public_key);
}

static sotto_err ed25519_make(sotto_crypto *c, const sotto_sign_key *key, view message,
                              sotto_buf *ret_signature)
{
    uint8_t signature[ED25519_SIGNATURE];
    TRY(c->curve->ed25519_sign(c, key->private_key.data, key->public_key, message, signature));
    return buf_set(ret_signature, VIEW_OF(signature));
}

/* Whether the bytes decode to a point of the curve: the one thing that takes arithmetic. libsodium's addition checks what
 * it adds; the other summand is the base point. */
static bool on_curve(const uint8_t point[32])
{
    static const uint8_t base[32] = {0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                     0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                     0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                     0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};
    uint8_t sum[crypto_core_ed25519_BYTES];
    return crypto_core_ed25519_add(sum, point, base) == 0;
}

static sotto_err public_check(sotto_crypto *c, enum sign_id id, view public_key)
{
    (void)c, (void)id;
    return ed25519_point_strict(public_key.data) && on_curve(public_key.data) ? SOTTO_OK
                                                                              : SOTTO_E_KEY;
}

/* A key that is no point makes every back-end say no; which of the two was wrong is asked only then. */
static sotto_err ed25519_check(sotto_crypto *c, enum sign_id id, view public_key, view message,
                               view signature)
{
    if (!ed25519_point_strict(public_key.data))
        return SOTTO_E_KEY;
    sotto_err err = SOTTO_E_SIGNATURE;
    if (signature.len == ED25519_SIGNATURE && ed25519_signature_strict(signature.data))
        err = c->curve->ed25519_verify(c, public_key.data, message, signature.data);
    return err == SOTTO_E_SIGNATURE && public_check(c, id, public_key) != SOTTO_OK ? SOTTO_E_KEY
                                                                                   : err;
}

const struct sign_family sign_ed25519 = {
    .private_from_seed = private_from_seed,
    .import = import,
    .sign = ed25519_make,
    .verify = ed25519_check,
    .public_check = public_check,
};
