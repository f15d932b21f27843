/* private_key.h - secrets and private keys as bytes, for who keeps them. What is written is as secret as they are. */
#ifndef MLS_PRIVATE_KEY_H
#define MLS_PRIVATE_KEY_H

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/kem.h"
#include "crypto/sign.h"

/* Exactly `len` bytes, at most SECRET_MAX; wr_bytes() writes them. */
void secret_read(struct rd *r, size_t len, struct secret *out);
/* opaque<V> of any length up to SECRET_MAX. */
void secret_read_opaque(struct rd *r, struct secret *out);

/* opaque<V>. *ret_key is set if the reader is still well, and is to be released then. The reader fails with KEY for no key of this
 * kind, and with NOMEM, CRYPTO. */
void kem_key_write(struct wr *w, const struct kem_key *key);
void kem_key_read(struct rd *r, sotto_crypto *c, enum kem_id id, struct kem_key **ret_key);
void sign_key_write(struct wr *w, const sotto_sign_key *key);
void sign_key_read(struct rd *r, sotto_crypto *c, enum sign_id id, sotto_sign_key **ret_key);

#endif
