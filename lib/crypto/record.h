/* record.h - what Sotto signs and hashes outside MLS and X.509: a record. It begins with a label and a version, so that what was
 * signed for one use is good for no other, and may end with an Ed25519 signature over everything before it. */
#ifndef CRYPTO_RECORD_H
#define CRYPTO_RECORD_H

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/sign.h"

#define RECORD_VERSION   1  /* of every record so far */
#define RECORD_LABEL_MAX 32 /* bytes */

/* struct { opaque label<V>; uint8 version = 1; }: how a record begins. VALUE: another label; VERSION: another version. */
void record_read_head(struct rd *r, view label);
void record_write_head(struct wr *w, view label);

/* Of a record as it was written, with its signature or a place for it at the end: what is signed. Borrowed. */
static inline view record_signed_part(const sotto_buf *record)
{
    return view_of(record->data, record->len - ED25519_SIGNATURE);
}

/* Signs what stands before the signature. USAGE: not an Ed25519 key. NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err record_sign(sotto_crypto *c, const sotto_sign_key *key, view record,
                                     uint8_t ret_signature[ED25519_SIGNATURE]);

/* SIGNATURE: it does not hold, or there is no such public key. NOMEM, CRYPTO: not known. */
SOTTO_MUST_USE sotto_err record_verify(sotto_crypto *c, const uint8_t public_key[ED25519_PUBLIC],
                                       view record, const uint8_t signature[ED25519_SIGNATURE]);

#endif
