#include "crypto/handle.h"

#include <sotto/version.h>

static void the_loaded_version_is_that_of_the_header(void **state)
{
    (void)state;
    assert_string_equal(sotto_version(), SOTTO_VERSION);
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", SOTTO_VERSION_MAJOR, SOTTO_VERSION_MINOR,
             SOTTO_VERSION_PATCH);
    assert_string_equal(text, SOTTO_VERSION);
}

static void the_loaded_libcrypto_is_new_enough(void **state)
{
    (void)state;
    assert_ok(sotto_check_libcrypto());
}

static void the_back_end_shown_is_the_one_in_use(void **state)
{
    assert_int_equal(crypto_curve(*state), curve_backend_default());
    assert_string_equal(sotto_curve_backend(), curve_backend_name(crypto_curve(*state)));
#ifdef HAVE_LIB25519
    assert_string_equal(sotto_curve_backend(), "lib25519");
#else
    assert_string_equal(sotto_curve_backend(), "libsodium");
    assert_err(crypto_use_curve(*state, CURVE_LIB25519), UNSUPPORTED);
#endif
    assert_err(crypto_use_curve(*state, CURVE_BACKENDS), UNSUPPORTED);
    assert_int_equal(crypto_curve(*state), curve_backend_default());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loaded_version_is_that_of_the_header),
        cmocka_unit_test(the_loaded_libcrypto_is_new_enough),
        cmocka_unit_test(the_back_end_shown_is_the_one_in_use),
    };
    return cmocka_run_group_tests_name("crypto/version", tests, handle_setup, handle_teardown);
}
