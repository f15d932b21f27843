#include "crypto/handle.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <openssl/crypto.h>
#include <sotto/version.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

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

static void file_copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    while (sendfile(out, in, NULL, 1 << 20) > 0)
        ;
    close(in);
    close(out);
}

static void a_second_libcrypto_in_the_process_is_refused(void **state)
{
    (void)state;
    char dir[] = "/tmp/sotto-version-XXXXXX", path[64];
    Dl_info ours;
    assert_int_not_equal(dladdr((void *)(uintptr_t)OpenSSL_version_num, &ours), 0);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/libcrypto.so.3", dir);
    file_copy(ours.dli_fname, path);
    void *second = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    unlink(path);
    rmdir(dir);
    assert_non_null(second);
    assert_err(sotto_check_libcrypto(), UNSUPPORTED);
    dlclose(second);
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
        cmocka_unit_test(
            a_second_libcrypto_in_the_process_is_refused), /* last: it may stay loaded */
    };
    return cmocka_run_group_tests_name("crypto/version", tests, handle_setup, handle_teardown);
}
