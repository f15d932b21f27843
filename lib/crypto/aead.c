/* A cipher has two contexts in the handle, one a direction, with the cipher set once. Each call gives a new key and nonce
 * and nothing else: naming the cipher again would cost twice as much as the sealing of a short message. */
#include "crypto/aead.h"

#include <limits.h>
#include <openssl/core_names.h>

#include "base/ct.h"
#include "crypto/crypto_local.h"

static const uint8_t key_sizes[CIPHER_COUNT] = {
    [CIPHER_AES_128_GCM] = 16,
    [CIPHER_AES_256_GCM] = 32,
    [CIPHER_CHACHA20_POLY1305] = 32,
};

/* The cipher's place in the handle; CIPHER_COUNT for EXPORT_ONLY. */
static unsigned cipher_of(enum aead_id id)
{
    switch (id) {
    case AEAD_AES_128_GCM:
        return CIPHER_AES_128_GCM;
    case AEAD_AES_256_GCM:
        return CIPHER_AES_256_GCM;
    case AEAD_CHACHA20_POLY1305:
        return CIPHER_CHACHA20_POLY1305;
    case AEAD_EXPORT_ONLY:
        break;
    }
    return CIPHER_COUNT;
}

size_t aead_key_size(enum aead_id id)
{
    unsigned cipher = cipher_of(id);
    return cipher < CIPHER_COUNT ? key_sizes[cipher] : 0;
}

/* OpenSSL counts in int; nothing of ours comes near. */
static sotto_err check(enum aead_id id, const struct secret *key, size_t aad_len, size_t text_len)
{
    if (cipher_of(id) == CIPHER_COUNT || key->len != aead_key_size(id))
        return SOTTO_E_KEY;
    if (aad_len > INT_MAX || text_len > INT_MAX)
        return SOTTO_E_TOO_LARGE;
    return SOTTO_OK;
}

/* The empty ones are left out, since a NULL output would turn text into associated data. */
static bool update(EVP_CIPHER_CTX *ctx, view in, uint8_t *out)
{
    int len = 0;
    return in.len == 0 || EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len) == 1;
}

static bool get_tag(EVP_CIPHER_CTX *ctx, uint8_t ret_tag[AEAD_TAG])
{
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, ret_tag) == 1;
}

/* OpenSSL takes the tag by a pointer that is not const, and only reads it. */
static bool set_tag(EVP_CIPHER_CTX *ctx, const uint8_t tag[AEAD_TAG])
{
    uint8_t copy[AEAD_TAG];
    memcpy(copy, tag, AEAD_TAG);
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, copy) == 1;
}

sotto_err aead_seal(sotto_crypto *c, enum aead_id id, const struct secret *key,
                    const uint8_t nonce[AEAD_NONCE], view aad, view plain, uint8_t *ret_sealed)
{
    TRY(check(id, key, aad.len, plain.len));
    EVP_CIPHER_CTX *ctx = c->seal_ctx[cipher_of(id)];
    uint8_t nothing[AEAD_TAG];
    int len = 0;
    if (EVP_EncryptInit_ex2(ctx, NULL, key->data, nonce, NULL) != 1 || !update(ctx, aad, NULL) ||
        !update(ctx, plain, ret_sealed) || EVP_EncryptFinal_ex(ctx, nothing, &len) != 1 ||
        !get_tag(ctx, ret_sealed + plain.len)) {
        ct_wipe(ret_sealed, plain.len);
        return SOTTO_E_CRYPTO;
    }
    return SOTTO_OK;
}

sotto_err aead_open(sotto_crypto *c, enum aead_id id, const struct secret *key,
                    const uint8_t nonce[AEAD_NONCE], view aad, view sealed, uint8_t *ret_plain)
{
    TRY(check(id, key, aad.len, sealed.len));
    if (sealed.len < AEAD_TAG)
        return SOTTO_E_DECRYPT;
    view text = {sealed.data, sealed.len - AEAD_TAG};
    EVP_CIPHER_CTX *ctx = c->open_ctx[cipher_of(id)];
    uint8_t nothing[AEAD_TAG];
    int len = 0;
    if (EVP_DecryptInit_ex2(ctx, NULL, key->data, nonce, NULL) != 1 ||
        !set_tag(ctx, sealed.data + text.len) || !update(ctx, aad, NULL)) {
        ct_wipe(ret_plain, text.len);
        return SOTTO_E_CRYPTO;
    }
    if (!update(ctx, text, ret_plain) || EVP_DecryptFinal_ex(ctx, nothing, &len) != 1) {
        ct_wipe(ret_plain, text.len);
        return SOTTO_E_DECRYPT;
    }
    return SOTTO_OK;
}
