/* wycheproof.h - the cases of C2SP/wycheproof, one function per kind of test group. A case says what our code did with
 * its input; wycheproof.c judges that by the case's `result`. `variant` is what the row in wycheproof.c says: which
 * hash, AEAD or encoding. */
#ifndef VECTORS_WYCHEPROOF_H
#define VECTORS_WYCHEPROOF_H

#include "vectors.h"

#define WYCHEPROOF_CASE(name) \
    enum verdict name(struct vectors *v, int variant, const json_t *group, const json_t *test)

enum encoding { ENCODING_RAW, ENCODING_ASN1, ENCODING_PEM, ENCODING_JWK };

/* The public key of a signature group; files of before 2023 call it "key". */
const json_t *group_key(const json_t *group);

/* aead.c */
enum aead_kind { KIND_AES_GCM, KIND_CHACHA20_POLY1305 };
WYCHEPROOF_CASE(aead_case); /* variant: aead_kind */
WYCHEPROOF_CASE(cbc_case);

/* mac.c; variant: hash_id, kdf_id */
WYCHEPROOF_CASE(hmac_case);
WYCHEPROOF_CASE(hkdf_case);

/* dh.c; variant: encoding of the public keys */
WYCHEPROOF_CASE(xdh_case);
WYCHEPROOF_CASE(ecdh_case);

/* sign.c */
WYCHEPROOF_CASE(ecdsa_case);       /* signatures in DER */
WYCHEPROOF_CASE(ecdsa_p1363_case); /* r || s */
WYCHEPROOF_CASE(eddsa_case);

/* mlkem.c */
WYCHEPROOF_CASE(mlkem_decap_case);
WYCHEPROOF_CASE(mlkem_encap_case);
WYCHEPROOF_CASE(mlkem_keygen_case);
WYCHEPROOF_CASE(mlkem_expanded_case);

/* rsa.c */
WYCHEPROOF_CASE(oaep_case);
WYCHEPROOF_CASE(pss_case);

#endif
