#include "lab/cipher.h"

#include <limits.h>

#include <openssl/evp.h>

enum cipher_mode { CIPHER_CBC, CIPHER_CFB };

static const EVP_CIPHER *cipher_find(enum cipher_mode mode, size_t key_len)
{
    switch (key_len) {
    case 16:
        return mode == CIPHER_CBC ? EVP_aes_128_cbc() : EVP_aes_128_cfb128();
    case 24:
        return mode == CIPHER_CBC ? EVP_aes_192_cbc() : EVP_aes_192_cfb128();
    case 32:
        return mode == CIPHER_CBC ? EVP_aes_256_cbc() : EVP_aes_256_cfb128();
    default:
        return NULL;
    }
}

static void cipher_context_freep(EVP_CIPHER_CTX **x)
{
    EVP_CIPHER_CTX_free(*x);
}

/* Runs the whole of `in` through the cipher to the end of `out`, which has room for one block more than `in`.
 * The only thing that OpenSSL can hold against us at the end is the padding: DECRYPT. */
static sotto_err cipher_run(EVP_CIPHER_CTX *x, view in, uint8_t *out, size_t *ret_len)
{
    int body = 0, tail = 0;
    if (EVP_CipherUpdate(x, out, &body, in.data, (int)in.len) != 1)
        return SOTTO_E_CRYPTO;
    if (EVP_CipherFinal_ex(x, out + body, &tail) != 1)
        return SOTTO_E_DECRYPT;
    *ret_len = (size_t)body + (size_t)tail;
    return SOTTO_OK;
}

static sotto_err cipher_apply(enum cipher_mode mode, bool encrypt, const struct secret *key,
                              const uint8_t *iv, view in, sotto_buf *out)
{
    const EVP_CIPHER *cipher = cipher_find(mode, key->len);
    if (cipher == NULL)
        return SOTTO_E_KEY;
    if (in.len > INT_MAX - CIPHER_BLOCK)
        return SOTTO_E_TOO_LARGE;
    DEFER(cipher_context_freep) EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
    if (x == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_CipherInit_ex2(x, cipher, key->data, iv, encrypt ? 1 : 0, NULL) != 1)
        return SOTTO_E_CRYPTO;
    DEFER(buf_clear) sotto_buf work = {0};
    uint8_t *place;
    TRY(buf_extend(&work, in.len + CIPHER_BLOCK, &place));
    size_t len = 0;
    TRY(cipher_run(x, in, place, &len));
    return buf_append(out, view_of(place, len));
}

sotto_err cipher_cbc_encrypt(const struct secret *key, const uint8_t iv[CIPHER_BLOCK], view plain,
                             sotto_buf *out)
{
    return cipher_apply(CIPHER_CBC, true, key, iv, plain, out);
}

sotto_err cipher_cbc_decrypt(const struct secret *key, const uint8_t iv[CIPHER_BLOCK], view sealed,
                             sotto_buf *out)
{
    if (sealed.len == 0 || sealed.len % CIPHER_BLOCK != 0)
        return SOTTO_E_DECRYPT;
    return cipher_apply(CIPHER_CBC, false, key, iv, sealed, out);
}

sotto_err cipher_cfb_encrypt(const struct secret *key, const uint8_t iv[CIPHER_BLOCK], view plain,
                             sotto_buf *out)
{
    return cipher_apply(CIPHER_CFB, true, key, iv, plain, out);
}

sotto_err cipher_cfb_decrypt(const struct secret *key, const uint8_t iv[CIPHER_BLOCK], view sealed,
                             sotto_buf *out)
{
    return cipher_apply(CIPHER_CFB, false, key, iv, sealed, out);
}
