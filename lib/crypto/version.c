#include <sotto/version.h>

#include <link.h>
#include <openssl/crypto.h>
#include <string.h>

#include "crypto/crypto.h"

#define LIBCRYPTO_LEAST 0x30500000UL /* 3.5.0: the first with ML-KEM */
#define LIBCRYPTO_NAME  "libcrypto.so"

const char *sotto_version(void)
{
    return SOTTO_VERSION;
}

const char *sotto_curve_backend(void)
{
    return curve_backend_name(curve_backend_default());
}

static int libcrypto_count(struct dl_phdr_info *object, size_t size, void *count)
{
    (void)size;
    const char *slash = strrchr(object->dlpi_name, '/');
    const char *name = slash != NULL ? slash + 1 : object->dlpi_name;
    if (strncmp(name, LIBCRYPTO_NAME, strlen(LIBCRYPTO_NAME)) == 0)
        ++*(unsigned *)count;
    return 0;
}

/* None at all is a program that has it inside. */
sotto_err sotto_check_libcrypto(void)
{
    unsigned count = 0;
    dl_iterate_phdr(libcrypto_count, &count);
    if (count > 1 || OpenSSL_version_num() < LIBCRYPTO_LEAST)
        return SOTTO_E_UNSUPPORTED;
    return SOTTO_OK;
}
