/* lib25519 signs and opens in the old NaCl form, signature || message in one piece, so the message is copied: on the stack
 * when short. It makes Ed25519 keys from its own randomness alone, so that one call goes to libsodium. */
#include <lib25519.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/ct.h"
#include "crypto/curve25519.h"

#define SHORT_MESSAGE 1024 /* bytes */

/* Clamps by itself, like every X25519. */
static sotto_err x25519_public(const uint8_t private_key[32], uint8_t ret_public[32])
{
    lib25519_nG_montgomery25519(ret_public, private_key);
    return SOTTO_OK;
}

static sotto_err x25519(const uint8_t private_key[32], const uint8_t public_key[32],
                        const uint8_t peer[32], uint8_t ret_shared[32])
{
    (void)public_key;
    lib25519_dh_x25519(ret_shared, peer, private_key);
    return SOTTO_OK;
}

static sotto_err ed25519_public(const uint8_t seed[32], uint8_t ret_public[32])
{
    return curve25519_sodium.ed25519_public(seed, ret_public);
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

static sotto_err ed25519_sign(const uint8_t seed[32], const uint8_t public_key[32], view message,
                              uint8_t ret_signature[64])
{
    if (message.len > LLONG_MAX - ED25519_SIG_BYTES)
        return SOTTO_E_TOO_LARGE;
    uint8_t stack[ED25519_SIG_BYTES + SHORT_MESSAGE];
    size_t len = ED25519_SIG_BYTES + message.len;
    uint8_t *joined = room_get(stack, sizeof stack, len);
    if (joined == NULL)
        return SOTTO_E_NOMEM;
    uint8_t key[lib25519_sign_ed25519_SECRETKEYBYTES]; /* seed || public key */
    memcpy(key, seed, 32);
    memcpy(key + 32, public_key, 32);
    long long joined_len = 0;
    lib25519_sign_ed25519(joined, &joined_len, message.data, (long long)message.len, key);
    memcpy(ret_signature, joined, ED25519_SIG_BYTES);
    ct_wipe(key, sizeof key);
    room_put(joined, stack, len);
    return SOTTO_OK;
}

/* The opened message goes to a place of its own behind the joined one: whether they may overlap is not promised. */
static sotto_err ed25519_verify(const uint8_t public_key[32], view message,
                                const uint8_t signature[64])
{
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
