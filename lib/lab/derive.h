/* derive.h - the key derivations that the classical suites use beside HKDF: TLS 1.2's PRF and the one-step KDF of NIST. */
#ifndef LAB_DERIVE_H
#define LAB_DERIVE_H

#include "base/base.h"

/* P_SHA256 of TLS 1.2 (RFC 5246 5): PRF(secret, label, seed). */
SOTTO_MUST_USE sotto_err derive_prf(view secret, const char *label, view seed, uint8_t *ret_out,
                                    size_t len);

/* SHA-256(counter || z || info) for counter = 1, 2, ... (NIST SP 800-56C rev. 2, 4.1, option 1). */
SOTTO_MUST_USE sotto_err derive_one_step(view z, view info, uint8_t *ret_out, size_t len);

#endif
