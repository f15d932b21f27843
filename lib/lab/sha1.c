#include "lab/sha1.h"

#include <openssl/evp.h>

sotto_err sha1(view in, uint8_t ret_digest[SHA1_SIZE])
{
    return EVP_Digest(in.data, in.len, ret_digest, NULL, EVP_sha1(), NULL) == 1 ? SOTTO_OK
                                                                                : SOTTO_E_CRYPTO;
}
