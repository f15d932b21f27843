#include "x509_family.h"

#include <openssl/err.h>

/* The chain of these kinds, leaf first. */
struct chain {
    view der[X509_CHAIN_MAX + 1];
    size_t count;
};

static struct chain chain_of(const struct family *f, size_t count, const enum x509_kind *kinds)
{
    struct chain chain = {.count = count};
    for (size_t i = 0; i < count; i++)
        chain.der[i] = family_der(f, kinds[i]);
    return chain;
}

#define CHAIN(f, ...)                                                             \
    chain_of(f, sizeof((enum x509_kind[]){__VA_ARGS__}) / sizeof(enum x509_kind), \
             (enum x509_kind[]){__VA_ARGS__})

static sotto_err name_path(struct family *f, struct chain chain, int64_t now_s,
                           struct x509 *ret_account)
{
    uint8_t pin[X509_PIN];
    struct x509 device;
    assert_ok(x509_pin(f->c, family_public(f, X509_ROOT), pin));
    return x509_verify_name_path(f->c, chain.der, chain.count, pin, now_s, ret_account, &device);
}

static sotto_err server_chain(struct family *f, struct chain chain, const uint8_t *pin,
                              int64_t now_s)
{
    uint8_t key[ED25519_PUBLIC] = {0}, found[X509_PIN] = {0}, want[X509_PIN];
    sotto_err err = x509_verify_server_chain(f->c, chain.der, chain.count, pin, now_s, key, found);
    if (err == SOTTO_OK) {
        assert_ok(x509_pin(f->c, family_public(f, X509_ROOT), want));
        assert_memory_equal(key, family_public(f, X509_SERVER), sizeof key);
        assert_memory_equal(found, want, sizeof want);
    } else {
        assert_true(key[0] == 0 && found[0] == 0);
    }
    return err;
}

static void a_name_is_vouched_for_over_three_levels_and_over_four(void **state)
{
    struct family *f = *state;
    struct x509 account;
    assert_ok(name_path(f, CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ROOT), NOW, &account));
    assert_true(view_equal(account.name, VIEW_LIT("alice@chat.example.org")));
    family_issue_under(f, X509_INTERMEDIATE);
    assert_ok(name_path(f, CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_INTERMEDIATE, X509_ROOT), NOW,
                        &account));
    assert_true(view_equal(account.name, VIEW_LIT("alice@chat.example.org")));
    family_issue_under(f, X509_ROOT);
}

static void a_name_path_of_other_certificates_or_in_another_order_is_refused(void **state)
{
    struct family *f = *state;
    struct x509 account;
    const struct chain chains[] = {
        CHAIN(f, X509_DEVICE, X509_ROOT),
        CHAIN(f, X509_ACCOUNT, X509_ROOT),
        CHAIN(f, X509_DEVICE, X509_ACCOUNT),
        CHAIN(f, X509_ACCOUNT, X509_DEVICE, X509_ROOT),
        CHAIN(f, X509_DEVICE, X509_ROOT, X509_ACCOUNT),
        CHAIN(f, X509_DEVICE, X509_INTERMEDIATE, X509_ROOT),
        CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ACCOUNT, X509_ROOT),
        CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ROOT, X509_ROOT),
        CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_INTERMEDIATE), /* a root is needed */
        CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_INTERMEDIATE,
              X509_ROOT), /* it was issued by the root */
        CHAIN(f, X509_SERVER, X509_ACCOUNT, X509_ROOT),
        CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_INTERMEDIATE, X509_INTERMEDIATE, X509_ROOT),
        {.count = 0},
    };
    for (size_t i = 0; i < COUNT_OF(chains); i++)
        assert_err(name_path(f, chains[i], NOW, &account), CERTIFICATE);
}

static void another_pin_refuses_both_chains(void **state)
{
    struct family *f = *state;
    struct x509 account, device;
    struct chain names = CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ROOT);
    struct chain server = CHAIN(f, X509_SERVER, X509_ROOT);
    uint8_t pin[X509_PIN];
    assert_ok(x509_pin(f->c, family_public(f, X509_ROOT), pin));
    assert_ok(server_chain(f, server, pin, NOW));
    for (size_t i = 0; i < sizeof pin; i++) {
        pin[i] ^= 1;
        assert_err(x509_verify_name_path(f->c, names.der, names.count, pin, NOW, &account, &device),
                   PIN);
        assert_err(server_chain(f, server, pin, NOW), PIN);
        pin[i] ^= 1;
    }
}

static void the_callers_time_decides_about_names_but_not_about_devices(void **state)
{
    struct family *f = *state;
    struct chain chain = CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ROOT);
    struct x509 account, device;
    assert_ok(name_path(f, chain, NOW - DAY + 1, &account));
    assert_ok(name_path(f, chain, NOW + 89 * DAY - 1, &account));
    assert_err(name_path(f, chain, NOW - DAY - 1, &account), EXPIRED);
    assert_err(name_path(f, chain, NOW + 89 * DAY + 1, &account), EXPIRED);
    assert_err(name_path(f, chain, 0, &account), EXPIRED);
    assert_err(name_path(f, chain, X509_FOREVER_S, &account), EXPIRED);
    assert_ok(x509_verify_device(f->c, chain.der[0], family_public(f, X509_ACCOUNT), &device));
    assert_int_equal(ERR_peek_error(), 0); /* nothing is left for the next TLS call */
}

/* A device certificate for one account id under the certificate of another, both with valid signatures. */
static void an_account_can_not_vouch_for_a_device_of_another_id(void **state)
{
    struct family *f = *state;
    struct x509 device = family_fields(f, X509_DEVICE, X509_ACCOUNT), account;
    device.account_id[31] ^= 1;
    family_issue(f, &device, f->key[X509_ACCOUNT]);
    assert_err(name_path(f, CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ROOT), NOW, &account),
               CERTIFICATE);
    device.account_id[31] ^= 1;
    family_issue(f, &device, f->key[X509_INTERMEDIATE]); /* nor one of another key */
    assert_err(name_path(f, CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ROOT), NOW, &account),
               CERTIFICATE);
    family_issue(f, &device, f->key[X509_ACCOUNT]);
    assert_ok(name_path(f, CHAIN(f, X509_DEVICE, X509_ACCOUNT, X509_ROOT), NOW, &account));
}

static void a_server_is_verified_over_two_levels_and_over_three_with_a_pin_or_without(void **state)
{
    struct family *f = *state;
    uint8_t pin[X509_PIN];
    assert_ok(x509_pin(f->c, family_public(f, X509_ROOT), pin));
    assert_ok(server_chain(f, CHAIN(f, X509_SERVER, X509_ROOT), NULL, NOW));
    assert_ok(server_chain(f, CHAIN(f, X509_SERVER, X509_ROOT), pin, NOW));
    family_issue_under(f, X509_INTERMEDIATE);
    assert_ok(server_chain(f, CHAIN(f, X509_SERVER, X509_INTERMEDIATE, X509_ROOT), NULL, NOW));
    assert_ok(server_chain(f, CHAIN(f, X509_SERVER, X509_INTERMEDIATE, X509_ROOT), pin, NOW));
    assert_err(server_chain(f, CHAIN(f, X509_SERVER, X509_ROOT), NULL, NOW), CERTIFICATE);
    family_issue_under(f, X509_ROOT);
}

static void a_server_certificate_lives_for_its_time_alone(void **state)
{
    struct family *f = *state;
    struct chain chain = CHAIN(f, X509_SERVER, X509_ROOT);
    assert_ok(server_chain(f, chain, NULL, NOW - DAY));
    assert_ok(server_chain(f, chain, NULL, NOW + 89 * DAY));
    assert_err(server_chain(f, chain, NULL, NOW - DAY - 1), EXPIRED);
    assert_err(server_chain(f, chain, NULL, NOW + 89 * DAY + 1), EXPIRED);
}

/* An account certificate makes its owner a CA. Whoever has one must not become a server by it. */
static void an_account_can_not_make_a_server(void **state)
{
    struct family *f = *state;
    struct x509 server = family_fields(f, X509_SERVER, X509_INTERMEDIATE);
    family_issue(f, &server, f->key[X509_ACCOUNT]);
    assert_err(server_chain(f, CHAIN(f, X509_SERVER, X509_ACCOUNT, X509_ROOT), NULL, NOW),
               CERTIFICATE);
    assert_err(server_chain(f, CHAIN(f, X509_SERVER, X509_INTERMEDIATE, X509_ROOT), NULL, NOW),
               CERTIFICATE);
    server.issuer = X509_ROOT;
    family_issue(f, &server, f->key[X509_ACCOUNT]);
    assert_err(server_chain(f, CHAIN(f, X509_SERVER, X509_ROOT), NULL, NOW), CERTIFICATE);
    family_issue_under(f, X509_ROOT);
}

static void a_server_chain_of_other_certificates_is_refused(void **state)
{
    struct family *f = *state;
    const struct chain chains[] = {
        CHAIN(f, X509_ROOT),
        CHAIN(f, X509_ROOT, X509_ROOT),
        CHAIN(f, X509_ROOT, X509_SERVER),
        CHAIN(f, X509_INTERMEDIATE, X509_ROOT),
        CHAIN(f, X509_ACCOUNT, X509_ROOT),
        CHAIN(f, X509_DEVICE, X509_ROOT),
        CHAIN(f, X509_SERVER, X509_INTERMEDIATE),
        CHAIN(f, X509_SERVER, X509_INTERMEDIATE, X509_ROOT), /* it was issued by the root */
        CHAIN(f, X509_SERVER, X509_INTERMEDIATE, X509_INTERMEDIATE, X509_ROOT),
        {.count = 0},
    };
    for (size_t i = 0; i < COUNT_OF(chains); i++)
        assert_err(server_chain(f, chains[i], NULL, NOW), CERTIFICATE);
}

/* A root that has the right name and key id in its text but was signed by another key. */
static void a_root_must_sign_itself(void **state)
{
    struct family *f = *state;
    sotto_buf *root = &f->der[X509_ROOT];
    root->data[root->len - 1] ^= 1;
    assert_err(server_chain(f, CHAIN(f, X509_SERVER, X509_ROOT), NULL, NOW), CERTIFICATE);
    root->data[root->len - 1] ^= 1;
    assert_ok(server_chain(f, CHAIN(f, X509_SERVER, X509_ROOT), NULL, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_vouched_for_over_three_levels_and_over_four),
        cmocka_unit_test(a_name_path_of_other_certificates_or_in_another_order_is_refused),
        cmocka_unit_test(another_pin_refuses_both_chains),
        cmocka_unit_test(the_callers_time_decides_about_names_but_not_about_devices),
        cmocka_unit_test(an_account_can_not_vouch_for_a_device_of_another_id),
        cmocka_unit_test(a_server_is_verified_over_two_levels_and_over_three_with_a_pin_or_without),
        cmocka_unit_test(a_server_certificate_lives_for_its_time_alone),
        cmocka_unit_test(an_account_can_not_make_a_server),
        cmocka_unit_test(a_server_chain_of_other_certificates_is_refused),
        cmocka_unit_test(a_root_must_sign_itself),
    };
    return cmocka_run_group_tests(tests, family_setup, family_teardown);
}
