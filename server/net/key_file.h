/* key_file.h - a private key as it lies in the state directory: struct { opaque label<V>; opaque seed[32]; opaque check[8]; }. The
 * label says whose key it is; check is the first bytes of the SHA-256 of what stands before it, so that a file that is damaged or
 * something else is told from a key. */
#ifndef NET_KEY_FILE_H
#define NET_KEY_FILE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "net/failure.h"

#define KEY_FILE_SEED  32 /* bytes of an Ed25519 seed */
#define KEY_FILE_CHECK 8  /* bytes */
#define KEY_FILE_LABEL 32 /* bytes of the longest label */

/* Appends the file's content. USAGE: not a seed, or the label is too long. NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err key_file_write(sotto_crypto *c, const char *label,
                                        const struct secret *seed, sotto_buf *out);
/* KEY: not a key file with this label. */
SOTTO_MUST_USE sotto_err key_file_read(sotto_crypto *c, const char *label, view content,
                                       struct secret *ret_seed);

/* The same for a file anywhere: it must not exist; it is made with mode 0600 and synced. EXISTS, NOTFOUND, PERMISSION, IO. */
SOTTO_MUST_USE sotto_err key_file_make(sotto_crypto *c, const char *path, const char *label,
                                       const struct secret *seed, struct failure *ret_failure);
/* Reads it; from a descriptor, which is borrowed, `name` stands in the words. KEY, NOTFOUND, PERMISSION, IO. */
SOTTO_MUST_USE sotto_err key_file_load(sotto_crypto *c, const char *path, const char *label,
                                       struct secret *ret_seed, struct failure *ret_failure);
SOTTO_MUST_USE sotto_err key_file_take(sotto_crypto *c, int fd, const char *name, const char *label,
                                       struct secret *ret_seed, struct failure *ret_failure);

#endif
