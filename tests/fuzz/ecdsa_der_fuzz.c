/* The strict reader of ECDSA signatures against OpenSSL's lenient one: ours takes exactly those that OpenSSL reads and writes
 * back to the same bytes, with r and s positive and not longer than the order; and what it takes turns back into the input. */
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "crypto/ecdsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(truth)   \
    do {              \
        if (!(truth)) \
            abort();  \
    } while (0)

static bool number_fits(const BIGNUM *n, size_t size)
{
    return !BN_is_zero(n) && !BN_is_negative(n) && BN_num_bytes(n) <= (int)size;
}

/* Fills r || s. False: not strict, or does not fit. */
static bool slow_read(view der, size_t size, uint8_t *ret_rs)
{
    const uint8_t *at = der.data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    unsigned char *again = NULL;
    int again_len = signature != NULL ? i2d_ECDSA_SIG(signature, &again) : -1;
    bool ok = again_len >= 0 && view_equal(view_of(again, (size_t)again_len), der) &&
              number_fits(ECDSA_SIG_get0_r(signature), size) &&
              number_fits(ECDSA_SIG_get0_s(signature), size) &&
              BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_rs, (int)size) >= 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_rs + size, (int)size) >= 0;
    OPENSSL_free(again);
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view der = view_of(data, size);
    sotto_buf rs = {0};
    sotto_buf back = {0};
    for (enum ec_id id = 0; id < EC_COUNT; id++) {
        uint8_t want[ECDSA_RS_MAX];
        bool strict = slow_read(der, ec_scalar_size(id), want);
        MUST(ecdsa_rs_from_der(id, der, &rs) == (strict ? SOTTO_OK : SOTTO_E_SIGNATURE));
        if (!strict)
            continue;
        MUST(view_equal(buf_view(&rs), view_of(want, 2 * ec_scalar_size(id))));
        MUST(ecdsa_der_from_rs(id, buf_view(&rs), &back) == SOTTO_OK);
        MUST(view_equal(buf_view(&back), der));
    }
    buf_clear(&rs);
    buf_clear(&back);
    return 0;
}
