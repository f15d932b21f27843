#include "crypto/suite.h"

#define HPKE(kem_, kdf_, aead_)              \
    {                                        \
        KEM_##kem_, KDF_##kdf_, AEAD_##aead_ \
    }

/* clang-format off */
static const struct mls_suite suites[] = {
    {0x0001, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", HPKE(X25519, SHA256, AES_128_GCM), SIGN_ED25519, 32, 16},
    {0x0002, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", HPKE(P256, SHA256, AES_128_GCM), SIGN_ECDSA_P256, 32, 16},
    {0x0003, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519", HPKE(X25519, SHA256, CHACHA20_POLY1305), SIGN_ED25519, 32, 32},
    {0x0004, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448", HPKE(X448, SHA512, AES_256_GCM), SIGN_ED448, 64, 32},
    {0x0005, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521", HPKE(P521, SHA512, AES_256_GCM), SIGN_ECDSA_P521, 64, 32},
    {0x0006, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448", HPKE(X448, SHA512, CHACHA20_POLY1305), SIGN_ED448, 64, 32},
    {0x0007, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384", HPKE(P384, SHA384, AES_256_GCM), SIGN_ECDSA_P384, 48, 32},
    {MLS_SUITE_XWING_AES128, "MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519", HPKE(XWING, SHA256, AES_128_GCM), SIGN_ED25519, 32, 16},
    {MLS_SUITE_XWING_AES256, "MLS_256_MLKEM768X25519_AES256GCM_SHA384_Ed25519", HPKE(XWING, SHA384, AES_256_GCM), SIGN_ED25519, 48, 32},
};
/* clang-format on */

const struct mls_suite *mls_suite_find(uint16_t id)
{
    for (size_t i = 0; i < COUNT_OF(suites); i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

const struct mls_suite *mls_suite_all(size_t *ret_count)
{
    *ret_count = COUNT_OF(suites);
    return suites;
}
