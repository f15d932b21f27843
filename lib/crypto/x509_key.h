/* x509_key.h - the public key in anybody's certificate. The certificate is not judged: whether its issuer is trusted, and whom it
 * names, is for whoever knows the issuer. */
#ifndef CRYPTO_X509_KEY_H
#define CRYPTO_X509_KEY_H

#include "base/buf.h"
#include "crypto/suite.h"

#define X509_KEY_DER_MAX ((size_t)64 << 10) /* bytes of a certificate */

/* The key of a DER certificate in the form of crypto/sign.h: raw for Ed25519 and Ed448, an uncompressed point for ECDSA; its
 * algorithm, and its curve, are those of `id`. It replaces what `ret_key` held; whether it is a point of the curve shows when
 * it verifies. CERTIFICATE: no certificate, more than one, or one with another kind of key. NOMEM. */
SOTTO_MUST_USE sotto_err x509_public_key(view der, enum sign_id id, sotto_buf *ret_key);

#endif
