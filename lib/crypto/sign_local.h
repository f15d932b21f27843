/* sign_local.h - one family of signature schemes as a row of functions, for lib/crypto alone. sign.c picks the row. */
#ifndef CRYPTO_SIGN_LOCAL_H
#define CRYPTO_SIGN_LOCAL_H

#include <openssl/evp.h>

#include "crypto/sign.h"

struct sotto_sign_key {
    enum sign_id id;
    struct secret private_key;
    uint8_t public_key[SIGN_PUBLIC_MAX];
    size_t public_len;
    EVP_PKEY *pkey; /* NULL for Ed25519, whose back-ends take bytes */
};

struct sign_family {
    /* The private key out of seed bytes of the right length. */
    sotto_err (*private_from_seed)(sotto_crypto *c, enum sign_id id, view seed,
                                   struct secret *ret_private);
    /* Fills all of *key but its id. After an error it may be half full; the caller frees it. */
    sotto_err (*import)(sotto_crypto *c, view private_key, sotto_sign_key *key);
    sotto_err (*sign)(sotto_crypto *c, const sotto_sign_key *key, view message,
                      sotto_buf *ret_signature);
    /* As verify() in sign.h; the public key's length is right already. */
    sotto_err (*verify)(sotto_crypto *c, enum sign_id id, view public_key, view message,
                        view signature);
    sotto_err (*public_check)(sotto_crypto *c, enum sign_id id, view public_key);
};

extern const struct sign_family sign_ed25519;
extern const struct sign_family sign_ed448;
extern const struct sign_family sign_ecdsa;

#endif
