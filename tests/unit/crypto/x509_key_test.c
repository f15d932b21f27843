/* Certificates of anybody, made here by OpenSSL. */
#include "crypto/x509_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "crypto/sign.h"
#include "handle.h"

static void the_key_is_the_one_that_signs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(certificate_kinds); i++) {
        DEFER(certificate_clear) struct certificate cert = certificate_new(i, true);
        DEFER(buf_clear) sotto_buf key = {0};
        assert_ok(x509_public_key(buf_view(&cert.der), certificate_kinds[i].id, &key));
        assert_true(view_equal(buf_view(&key), buf_view(&cert.public_key)));
    }
}

static void a_key_of_another_kind_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(certificate_kinds); i++) {
        DEFER(certificate_clear) struct certificate cert = certificate_new(i, true);
        DEFER(buf_clear) sotto_buf key = {0};
        for (size_t k = 0; k < COUNT_OF(certificate_kinds); k++)
            if (k != i)
                assert_err(x509_public_key(buf_view(&cert.der), certificate_kinds[k].id, &key),
                           CERTIFICATE);
        assert_int_equal(key.len, 0);
    }
}

/* MLS writes points uncompressed, and the two keys must be identical (RFC 9420 5.1.1, 5.3). */
static void a_compressed_point_is_refused(void **state)
{
    (void)state;
    DEFER(certificate_clear) struct certificate cert = certificate_new(2, false);
    DEFER(buf_clear) sotto_buf key = {0};
    assert_int_equal(certificate_kinds[2].id, SIGN_ECDSA_P256);
    assert_err(x509_public_key(buf_view(&cert.der), SIGN_ECDSA_P256, &key), CERTIFICATE);
}

static void what_is_cut_or_longer_is_no_certificate(void **state)
{
    (void)state;
    DEFER(certificate_clear) struct certificate cert = certificate_new(0, true);
    DEFER(buf_clear) sotto_buf key = {0};
    for (size_t len = 0; len < cert.der.len; len++)
        assert_err(x509_public_key(view_of(cert.der.data, len), SIGN_ED25519, &key), CERTIFICATE);
    assert_ok(buf_append(&cert.der, view_of("", 1)));
    assert_err(x509_public_key(buf_view(&cert.der), SIGN_ED25519, &key), CERTIFICATE);
    uint8_t *more;
    assert_ok(buf_extend(&cert.der, X509_KEY_DER_MAX, &more));
    memset(more, 0, X509_KEY_DER_MAX);
    assert_err(x509_public_key(buf_view(&cert.der), SIGN_ED25519, &key), CERTIFICATE);
    assert_int_equal(ERR_peek_error(), 0); /* nothing is left behind for others */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_the_one_that_signs),
        cmocka_unit_test(a_key_of_another_kind_is_refused),
        cmocka_unit_test(a_compressed_point_is_refused),
        cmocka_unit_test(what_is_cut_or_longer_is_no_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
