/* Anybody's certificate: the first byte chooses the kind of key, the rest is DER. What we take for its key is what OpenSSL's own
 * writer puts at the end of the certificate's SubjectPublicKeyInfo. */
#include <openssl/x509.h>

#include "crypto/x509_key.h"
#include "fuzz.h"

static const enum sign_id ids[] = {SIGN_ED25519, SIGN_ED448, SIGN_ECDSA_P256, SIGN_ECDSA_P384,
                                   SIGN_ECDSA_P521};

static void check_openssl_agrees(view der, view key)
{
    const uint8_t *at = der.data;
    uint8_t *info = NULL;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    HOLDS(cert != NULL && at == der.data + der.len);
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &info);
    HOLDS(len > (int)key.len);
    HOLDS(memcmp(info + (size_t)len - key.len, key.data, key.len) == 0);
    OPENSSL_free(info);
    X509_free(cert);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view input = view_of(data, size);
    enum sign_id id = ids[fuzz_u8(&input) % COUNT_OF(ids)];
    uint8_t *der = fuzz_copy(input);
    sotto_buf key = {0};
    if (x509_public_key(view_of(der, input.len), id, &key) == SOTTO_OK)
        check_openssl_agrees(input, buf_view(&key));
    else
        HOLDS(key.data == NULL);
    buf_clear(&key);
    free(der);
    return 0;
}
