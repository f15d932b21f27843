/* handle.h - one crypto handle for all tests of a program, and the loop over the curve back-ends of this build. */
#ifndef TESTS_UNIT_CRYPTO_HANDLE_H
#define TESTS_UNIT_CRYPTO_HANDLE_H

#include "unit.h"

#include "crypto/crypto.h"

static inline int handle_setup(void **state)
{
    return crypto_new((sotto_crypto **)state) == SOTTO_OK ? 0 : -1;
}

static inline int handle_teardown(void **state)
{
    crypto_free(*state);
    return 0;
}

/* Runs the test body once on each back-end that this build has. */
static inline void on_each_curve(sotto_crypto *c, void (*body)(sotto_crypto *c))
{
    unsigned runs = 0;
    for (unsigned i = 0; i < CURVE_BACKENDS; i++) {
        if (crypto_use_curve(c, (enum curve_backend)i) != SOTTO_OK)
            continue;
        assert_int_equal(crypto_curve(c), i);
        body(c);
        runs++;
    }
    assert_in_range(runs, 2, CURVE_BACKENDS); /* libsodium and OpenSSL are in every build */
    assert_ok(crypto_use_curve(c, curve_backend_default()));
}

#endif
