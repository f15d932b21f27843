/* keys.h - the encodings in which vectors carry Diffie-Hellman keys, brought to the raw form that crypto/dh.h takes.
 * Decoding is OpenSSL's; what it decodes is used only as bytes. */
#ifndef VECTORS_KEYS_H
#define VECTORS_KEYS_H

#include "crypto/dh.h"

#include "wycheproof.h"

/* By the names that Wycheproof uses ("curve25519", "secp256r1", "P-256"). false: no curve of ours. */
bool curve_find(const char *name, enum dh_id *ret_id);

/* false: no key of this curve in this encoding. Only named curves, only DER, nothing behind the end. */
bool key_public(struct vectors *v, enum dh_id id, enum encoding encoding, const json_t *value,
                view *ret_raw);
bool key_private(struct vectors *v, enum dh_id id, enum encoding encoding, const json_t *value,
                 view *ret_raw);

#endif
