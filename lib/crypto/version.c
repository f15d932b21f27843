#include <sotto/version.h>

#include <openssl/crypto.h>

#include "crypto/crypto.h"

#define LIBCRYPTO_LEAST 0x30500000UL /* 3.5.0: the first with ML-KEM */

const char *sotto_version(void)
{
    return SOTTO_VERSION;
}

const char *sotto_curve_backend(void)
{
    return curve_backend_name(curve_backend_default());
}

sotto_err sotto_check_libcrypto(void)
{
    return OpenSSL_version_num() >= LIBCRYPTO_LEAST ? SOTTO_OK : SOTTO_E_UNSUPPORTED;
}
