/* key_package_private.h - the private part of a KeyPackage, as its owner keeps it until it is used. */
#ifndef MLS_KEY_PACKAGE_PRIVATE_H
#define MLS_KEY_PACKAGE_PRIVATE_H

#include "crypto/kem.h"
#include "crypto/sign.h"
#include "mls/key_package.h"

/* {0} is empty; clear with key_package_private_clear(). */
struct key_package_private {
    const struct mls_suite *suite;
    struct kem_key *init_key, *leaf_key;
    sotto_sign_key *sign_key;
    sotto_buf encoded;          /* the KeyPackage itself */
    struct key_package package; /* borrows from it */
};
void key_package_private_clear(struct key_package_private *p); /* wipes */

/* Secret bytes. `package` is the KeyPackage, encoded. */
void key_package_private_write(struct wr *w, const struct kem_key *init_key,
                               const struct kem_key *leaf_key, const sotto_sign_key *sign_key,
                               view package);
/* What *ret_private held is cleared, once this succeeded. VERSION: of a later version. UNSUPPORTED: a suite that we don't have.
 * KEY: a key is none, or not the KeyPackage's. Errors of the codec. */
SOTTO_MUST_USE sotto_err key_package_private_read(sotto_crypto *c, view bytes,
                                                  struct key_package_private *ret_private);

#endif
