/* rsa.h - RSA: OAEP encryption and PSS signatures (RFC 8017), and the certificate that carries a key (RFC 5280).
 * Any modulus from 1024 bits on, any digest and mask digest that OpenSSL has, so that published vectors run; the lab
 * itself uses 2048 bits and SHA-256 throughout. Key generation, OAEP and PSS draw from OpenSSL's own random source:
 * it takes no seed from outside. */
#ifndef LAB_RSA_H
#define LAB_RSA_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"

#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 16384
#define RSA_LAB_BITS 2048

struct rsa_key; /* public, or private with its public part; opaque */

/* Digest names as OpenSSL knows them ("SHA-256", "SHA2-256", "SHA-1", "SHA-512/224"). */
struct rsa_hash {
    const char *digest; /* over the message, or over the OAEP label */
    const char *mgf;    /* inside MGF1 */
};
#define RSA_SHA256 ((struct rsa_hash){"SHA2-256", "SHA2-256"})

/* A new key with e = 65537. USAGE: bits out of range. */
SOTTO_MUST_USE sotto_err rsa_key_generate(unsigned bits, struct rsa_key **ret_key);

/* From DER: PKCS#8 PrivateKeyInfo, SubjectPublicKeyInfo; algorithms rsaEncryption and RSASSA-PSS.
 * KEY: not one, of a size out of range, or bytes behind it. */
SOTTO_MUST_USE sotto_err rsa_key_read_private(view der, struct rsa_key **ret_key);
SOTTO_MUST_USE sotto_err rsa_key_read_public(view der, struct rsa_key **ret_key);

/* Appends the same DER. KEY: the private part is not there. */
SOTTO_MUST_USE sotto_err rsa_key_write_private(const struct rsa_key *key, sotto_buf *out);
SOTTO_MUST_USE sotto_err rsa_key_write_public(const struct rsa_key *key, sotto_buf *out);

/* Bytes of the modulus, of a ciphertext, of a signature. */
size_t rsa_key_size(const struct rsa_key *key);
void rsa_key_free(struct rsa_key *key); /* accepts NULL */
void rsa_key_freep(struct rsa_key **key);

/* Appends rsa_key_size() bytes. TOO_LARGE: plain is longer than size - 2 * digest - 2. UNSUPPORTED: unknown digest. */
SOTTO_MUST_USE sotto_err rsa_oaep_seal(const struct rsa_key *key, struct rsa_hash hash, view label,
                                       view plain, sotto_buf *out);

/* Appends the plaintext. DECRYPT: wrong key, label, digest or bytes, without saying which. UNSUPPORTED. */
SOTTO_MUST_USE sotto_err rsa_oaep_open(const struct rsa_key *key, struct rsa_hash hash, view label,
                                       view sealed, sotto_buf *out);

/* Appends the signature. `salt` is the salt's length in bytes. */
SOTTO_MUST_USE sotto_err rsa_pss_sign(const struct rsa_key *key, struct rsa_hash hash, size_t salt,
                                      view message, sotto_buf *out);

/* SIGNATURE: not by this key over this message, or with another salt length. UNSUPPORTED: unknown digest. */
SOTTO_MUST_USE sotto_err rsa_pss_verify(const struct rsa_key *key, struct rsa_hash hash,
                                        size_t salt, view message, view signature);

/* Appends a self-signed X.509 v3 certificate (DER, sha256WithRSAEncryption, no end of validity) over the key's public
 * part: it says "this is my key" and nobody vouches for it but the fingerprint that people compare. */
SOTTO_MUST_USE sotto_err rsa_cert_write(const struct rsa_key *key, const char *name,
                                        sotto_buf *out);

/* The key of such a certificate. CERTIFICATE: not one, bytes behind it, not signed by its own key, or a key that is not
 * RSA of 2048 to 4096 bits with e = 65537. */
SOTTO_MUST_USE sotto_err rsa_cert_read(view der, struct rsa_key **ret_key);

#endif
