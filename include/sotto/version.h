/* version.h - which libsotto this is. */
#ifndef SOTTO_VERSION_H
#define SOTTO_VERSION_H

#include <sotto/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOTTO_VERSION_MAJOR 0
#define SOTTO_VERSION_MINOR 1
#define SOTTO_VERSION_PATCH 0
#define SOTTO_VERSION_NUMBER \
    (SOTTO_VERSION_MAJOR * 10000 + SOTTO_VERSION_MINOR * 100 + SOTTO_VERSION_PATCH)
#define SOTTO_VERSION "0.1.0"

/* SOTTO_VERSION of the library that was loaded, which may differ from the header's. Static memory. */
SOTTO_API const char *sotto_version(void);

/* Where Curve25519 and Ed25519 come from in this build: "lib25519", "libsodium" or "OpenSSL". Static memory. */
SOTTO_API const char *sotto_curve_backend(void);

/* SOTTO_OK if the libcrypto that was loaded is new enough (3.5) and the only one in the process, else SOTTO_E_UNSUPPORTED: end
 * the program with a message. An older one lacks what the library needs; two would answer for each other. Call it first. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_check_libcrypto(void);

#ifdef __cplusplus
}
#endif
#endif
