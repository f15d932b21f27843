/* key_file.h - a private key as it lies in the state directory: struct { opaque label<V>; opaque seed[32]; opaque check[8]; }. The
 * label says whose key it is; check is the first bytes of the SHA-256 of what stands before it, so that a file that is damaged or
 * something else is told from a key. */
#ifndef NET_KEY_FILE_H
#define NET_KEY_FILE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "crypto/crypto.h"

#define KEY_FILE_SEED  32 /* bytes of an Ed25519 seed */
#define KEY_FILE_CHECK 8  /* bytes */
#define KEY_FILE_LABEL 32 /* bytes of the longest label */

/* Appends the file's content. USAGE: not a seed, or the label is too long. NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err key_file_write(sotto_crypto *c, const char *label,
                                        const struct secret *seed, sotto_buf *out);
/* KEY: not a key file with this label. */
SOTTO_MUST_USE sotto_err key_file_read(sotto_crypto *c, const char *label, view content,
                                       struct secret *ret_seed);

#endif
