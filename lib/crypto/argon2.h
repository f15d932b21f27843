/* argon2.h - Argon2id (RFC 9106) from OpenSSL: turns a passphrase into a key, slowly. */
#ifndef CRYPTO_ARGON2_H
#define CRYPTO_ARGON2_H

#include "crypto/crypto.h"

struct argon2_cost {
    uint32_t memory_kib; /* at least 8 per lane */
    uint32_t passes;     /* at least 1 */
    uint32_t lanes;      /* at least 1; all on the calling thread */
};
/* 64 MiB, 3 passes, 1 lane (RFC 9106 4, second recommendation with fewer lanes): about 0.15 s. */
#define ARGON2_INTERACTIVE ((struct argon2_cost){65536, 3, 1})
/* 256 MiB, 3 passes, 1 lane: about 0.7 s; for backups and recovery codes. */
#define ARGON2_STRONG ((struct argon2_cost){262144, 3, 1})

/* `salt` at least 8 bytes, `len` 16 to SECRET_MAX. USAGE: a parameter out of range. NOMEM. */
SOTTO_MUST_USE sotto_err argon2id(sotto_crypto *c, view passphrase, view salt,
                                  struct argon2_cost cost, size_t len, struct secret *ret_key);

#endif
