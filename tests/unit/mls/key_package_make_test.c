#include "mls/key_package_make.h"

#include "../crypto/certificate.h"
#include "../crypto/handle.h"
#include "mls/app_data.h"
#include "mls/mls_message.h"
#include "mls/proposal_make.h"

#define NOW 1795132800

/* A client with one suite's key, and what a call needs. */
struct client {
    sotto_mls m;
    sotto_sign_key *key;
    sotto_mls_client client;
};

static struct client client_new(sotto_crypto *c, uint16_t suite)
{
    uint8_t seed[96] = {(uint8_t)suite, 7};
    struct client made = {.m = {.crypto = c, .now_s = NOW, .seed = {1, (uint8_t)suite}}};
    assert_ok(sotto_sign_key_new(c, suite, view_of(seed, sotto_sign_seed_size(suite)), &made.key));
    made.client = (sotto_mls_client){
        .suite = suite, .sign_key = made.key, .credential = {SOTTO_MLS_BASIC, VIEW_LIT("alice")}};
    return made;
}

static void client_clear(struct client *a)
{
    sotto_sign_key_free(a->key);
}

struct package {
    sotto_buf message, private_part, ref;
};

static void package_clear(struct package *p)
{
    buf_clear(&p->message);
    buf_clear(&p->private_part);
    buf_clear(&p->ref);
}

static struct package package_new(struct client *a, const sotto_mls_key_package_options *options)
{
    struct package p = {0};
    assert_ok(
        sotto_mls_key_package_new(&a->m, &a->client, options, &p.message, &p.private_part, &p.ref));
    return p;
}

static void every_suite_makes_key_packages_that_pass_all_checks(void **state)
{
    for (size_t i = 0; sotto_suite_at(i) != 0; i++) {
        DEFER(client_clear) struct client a = client_new(*state, sotto_suite_at(i));
        DEFER(package_clear) struct package p = package_new(&a, NULL);
        DEFER(buf_clear) sotto_buf ref = {0};
        sotto_mls_key_package shown;
        assert_ok(sotto_mls_key_package_check(&a.m, buf_view(&p.message), &shown));
        assert_int_equal(shown.suite, sotto_suite_at(i));
        assert_int_equal(shown.leaf.index, UINT32_MAX);
        assert_true(view_equal(shown.leaf.signature_key, sotto_sign_key_public(a.key)));
        assert_true(view_equal(shown.leaf.credential.content, VIEW_LIT("alice")));
        assert_int_equal(shown.leaf.not_before_s, NOW - 3600);
        assert_int_equal(shown.leaf.not_after_s, NOW - 3600 + 84 * 86400);
        assert_false(shown.last_resort);
        assert_ok(sotto_mls_key_package_ref(&a.m, buf_view(&p.message), &ref));
        assert_true(view_equal(buf_view(&ref), buf_view(&p.ref)));
    }
}

static void no_two_key_packages_are_alike(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    DEFER(package_clear) struct package q = package_new(&a, NULL);
    assert_false(view_equal(buf_view(&p.ref), buf_view(&q.ref)));
}

static void the_usual_capabilities_list_what_we_have_and_no_default(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    struct mls_message message;
    view components;
    assert_ok(mls_message_parse(buf_view(&p.message), &message, NULL));
    const struct capabilities *can = &message.key_package.leaf_node.capabilities;
    assert_bytes(can->versions, "0001");
    assert_bytes(can->cipher_suites, "0001 0002 0003 0004 0005 0006 0007 f0a1 f0a2");
    assert_bytes(can->extensions, "0006");
    assert_bytes(can->proposals, "0008 0009 000a");
    assert_bytes(can->credentials, "0001 0002");
    assert_true(app_data_of(message.key_package.leaf_node.extensions, COMPONENT_APP_COMPONENTS,
                            &components));
    assert_bytes(components, "06 0001 0002 0004");
}

static void capabilities_of_the_caller_lose_the_defaults(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_P256_AES128);
    static const uint16_t suites[] = {2}, extensions[] = {1, 0xf001, 5}, proposals[] = {7, 10};
    static const uint16_t credentials[] = {1};
    a.client.capabilities = (sotto_mls_capabilities){.suites = suites,
                                                     .suite_count = COUNT_OF(suites),
                                                     .extensions = extensions,
                                                     .extension_count = COUNT_OF(extensions),
                                                     .proposals = proposals,
                                                     .proposal_count = COUNT_OF(proposals),
                                                     .credentials = credentials,
                                                     .credential_count = COUNT_OF(credentials)};
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    struct mls_message message;
    assert_ok(mls_message_parse(buf_view(&p.message), &message, NULL));
    const struct capabilities *can = &message.key_package.leaf_node.capabilities;
    assert_bytes(can->cipher_suites, "0002");
    assert_bytes(can->extensions, "f001");
    assert_bytes(can->proposals, "000a");
    assert_bytes(can->credentials, "0001");
    assert_int_equal(message.key_package.leaf_node.extensions.len, 0);
}

static void what_a_client_does_not_list_it_does_not_use(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = {0};
    DEFER(buf_clear) sotto_buf extensions = {0};
    static const uint16_t x509[] = {2}, p256[] = {2};
    assert_ok(sotto_mls_extension_add(&extensions, 0xf001, VIEW_LIT("x")));
    const sotto_mls_client usual = a.client;
    a.client.capabilities.credentials = x509;
    a.client.capabilities.credential_count = 1;
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               UNSUPPORTED);
    a.client = usual;
    a.client.capabilities.suites = p256;
    a.client.capabilities.suite_count = 1;
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               UNSUPPORTED);
    a.client = usual;
    a.client.extensions = buf_view(&extensions);
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               UNSUPPORTED);
    a.client = usual;
    const sotto_mls_key_package_options options = {.extensions = buf_view(&extensions)};
    assert_err(
        sotto_mls_key_package_new(&a.m, &a.client, &options, &p.message, &p.private_part, NULL),
        UNSUPPORTED);
    assert_int_equal(p.message.len, 0);
}

static void calls_that_lack_something_are_refused(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = {0};
    const sotto_mls_key_package_options ends_before = {.not_before_s = 9, .not_after_s = 8};
    assert_err(
        sotto_mls_key_package_new(&a.m, &a.client, &ends_before, &p.message, &p.private_part, NULL),
        USAGE);
    a.client.suite = SOTTO_SUITE_P256_AES128; /* the key is another's */
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               USAGE);
    a.client.suite = 0x7777;
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               UNSUPPORTED);
    a.client.suite = SOTTO_SUITE_X25519_AES128;
    a.client.credential.type = 9;
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               KIND);
    a.client.credential.type = SOTTO_MLS_BASIC;
    a.client.sign_key = NULL;
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               USAGE);
    memset(a.m.seed, 0, sizeof a.m.seed);
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               USAGE);
}

static void a_last_resort_says_so(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    const sotto_mls_key_package_options options = {
        .last_resort = true, .not_before_s = NOW, .not_after_s = NOW + 10};
    DEFER(package_clear) struct package p = package_new(&a, &options);
    sotto_mls_key_package shown;
    view data;
    assert_ok(sotto_mls_key_package_check(&a.m, buf_view(&p.message), &shown));
    assert_true(shown.last_resort);
    assert_true(
        sotto_mls_component_find(shown.extensions, COMPONENT_LAST_RESORT_KEY_PACKAGE, &data));
    assert_int_equal(data.len, 0);
    assert_int_equal(shown.leaf.not_after_s, NOW + 10);
}

/* The number of the check that refuses it; 0: a plain error of the codec. */
static void assert_refused(struct client *a, view message, enum mls_check check)
{
    sotto_mls_key_package shown;
    assert_int_not_equal(sotto_mls_key_package_check(&a->m, message, &shown), SOTTO_OK);
    assert_int_equal(a->m.check, check);
}

static void a_key_package_is_refused_once_its_time_is_over(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    sotto_mls_key_package shown;
    a.m.now_s = NOW + 84 * 86400;
    assert_refused(&a, buf_view(&p.message), CHECK_LEAF_LIFETIME_NOW);
    a.m.now_s = NOW - 3601;
    assert_refused(&a, buf_view(&p.message), CHECK_LEAF_LIFETIME_NOW);
    a.m.now_s = 0;
    assert_ok(sotto_mls_key_package_check(&a.m, buf_view(&p.message), &shown));
}

static void one_changed_byte_anywhere_is_noticed(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    for (size_t i = 0; i < p.message.len; i++) {
        sotto_mls_key_package shown;
        p.message.data[i] ^= 1;
        assert_int_not_equal(sotto_mls_key_package_check(&a.m, buf_view(&p.message), &shown),
                             SOTTO_OK);
        p.message.data[i] ^= 1;
    }
}

/* Makes one field of a KeyPackage wrong and signs it again, as a client with other ideas would. */
static sotto_buf package_forged(struct client *a, view message,
                                void (*change)(struct key_package *package))
{
    struct mls_message from;
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    sotto_buf forged = {0};
    assert_ok(mls_message_parse(message, &from, NULL));
    change(&from.key_package);
    struct wr w = wr_to(&tbs);
    key_package_write_tbs(&w, &from.key_package);
    assert_ok(wr_end(&w));
    assert_ok(sign_with_label(a->m.crypto, a->key, VIEW_LIT("KeyPackageTBS"), buf_view(&tbs),
                              &signature));
    from.key_package.signature = buf_view(&signature);
    w = wr_to(&forged);
    key_package_write(&w, &from.key_package);
    assert_ok(wr_end(&w));
    return forged;
}

static void same_keys(struct key_package *package)
{
    package->init_key = package->leaf_node.encryption_key;
}

static void no_init_key(struct key_package *package)
{
    package->init_key.len--;
}

static void other_version(struct key_package *package)
{
    package->version = 2;
}

static void unlisted_extension(struct key_package *package)
{
    package->extensions = VIEW_LIT("\0\x08\x01\0");
}

/* GREASE (RFC 9420 13.5): of a type that nobody knows, and in no capabilities. */
static void unknown_extension(struct key_package *package)
{
    package->extensions = VIEW_LIT("\x0a\x0a\x02hi");
}

static void unchanged(struct key_package *package)
{
    (void)package;
}

static void each_demand_of_10_1_is_checked(void **state)
{
    static const struct {
        void (*change)(struct key_package *package);
        enum mls_check check;
    } cases[] = {{unchanged, CHECK_NONE},
                 {unknown_extension, CHECK_NONE},
                 {same_keys, CHECK_KEY_PACKAGE_KEYS_DIFFER},
                 {no_init_key, CHECK_KEY_PACKAGE_INIT_KEY},
                 {other_version, CHECK_KEY_PACKAGE_VERSION},
                 {unlisted_extension, CHECK_KEY_PACKAGE_EXTENSIONS_LISTED}};
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        DEFER(buf_clear)
        sotto_buf forged = package_forged(&a, buf_view(&p.message), cases[i].change);
        const struct tree_check_context now = {.now_s = NOW};
        struct step s = step_plain(&a.m);
        struct key_package package;
        struct rd r = rd_of(buf_view(&forged));
        key_package_read(&r, &package);
        assert_ok(rd_end(&r));
        sotto_err err =
            key_package_check(&s, mls_suite_find(SOTTO_SUITE_X25519_AES128), &package, 3, &now);
        assert_int_equal(err == SOTTO_OK, cases[i].check == CHECK_NONE);
        assert_int_equal(s.fault.check, cases[i].check);
        assert_int_equal(s.fault.where, cases[i].check == CHECK_NONE ? 0 : 3);
    }
}

static void a_key_package_is_for_one_suite(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    struct mls_message message;
    struct step s = step_plain(&a.m);
    assert_ok(mls_message_parse(buf_view(&p.message), &message, NULL));
    assert_err(key_package_check(&s, mls_suite_find(SOTTO_SUITE_X25519_CHACHA20),
                                 &message.key_package, 0, NULL),
               VALUE);
    assert_int_equal(s.fault.check, CHECK_KEY_PACKAGE_CIPHER_SUITE);
}

static void private_parts_are_read_back(void **state)
{
    for (size_t i = 0; sotto_suite_at(i) != 0; i++) {
        DEFER(client_clear) struct client a = client_new(*state, sotto_suite_at(i));
        DEFER(package_clear) struct package p = package_new(&a, NULL);
        DEFER(key_package_private_clear) struct key_package_private back = {0};
        DEFER(buf_clear) sotto_buf again = {0};
        assert_ok(key_package_private_read(*state, buf_view(&p.private_part), &back));
        assert_int_equal(back.suite->id, sotto_suite_at(i));
        assert_true(view_equal(kem_key_public(back.init_key), back.package.init_key));
        struct wr w = wr_to(&again);
        key_package_private_write(&w, back.init_key, back.leaf_key, back.sign_key,
                                  buf_view(&back.encoded));
        assert_ok(wr_end(&w));
        assert_true(view_equal(buf_view(&again), buf_view(&p.private_part)));
    }
}

static void private_parts_that_are_cut_or_longer_are_refused(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    DEFER(key_package_private_clear) struct key_package_private back = {0};
    for (size_t len = 0; len < p.private_part.len; len++)
        assert_int_not_equal(
            key_package_private_read(*state, view_of(p.private_part.data, len), &back), SOTTO_OK);
    assert_ok(buf_append(&p.private_part, VIEW_LIT("x")));
    assert_err(key_package_private_read(*state, buf_view(&p.private_part), &back), TRAILING);
    p.private_part.len--;
    p.private_part.data[0] = 2;
    assert_err(key_package_private_read(*state, buf_view(&p.private_part), &back), VERSION);
    assert_null(back.init_key);
}

/* init_key begins behind version and length, leaf_key 33 bytes later, sign_key another 33. */
static void private_keys_of_another_key_package_are_refused(void **state)
{
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    DEFER(key_package_private_clear) struct key_package_private back = {0};
    for (size_t at = 2; at < 2 + 3 * 33; at += 33) {
        p.private_part.data[at + 8] ^= 1;
        assert_err(key_package_private_read(*state, buf_view(&p.private_part), &back), KEY);
        p.private_part.data[at + 8] ^= 1;
    }
    assert_ok(key_package_private_read(*state, buf_view(&p.private_part), &back));
}

static sotto_err refuse(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    assert_null(before);
    assert_int_equal(leaf->index, UINT32_MAX);
    return SOTTO_E_PERMISSION;
}

static void the_application_is_asked_whose_it_is(void **state)
{
    static const sotto_mls_rules rules = {.credential = refuse};
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(package_clear) struct package p = package_new(&a, NULL);
    a.m.rules = &rules;
    assert_refused(&a, buf_view(&p.message), CHECK_CREDENTIAL_ACCEPTED);
}

static sotto_err accept(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    (void)leaf;
    (void)before;
    return SOTTO_OK;
}

static sotto_sign_key *key_of(sotto_crypto *c, const struct certificate *cert)
{
    uint8_t raw[32];
    size_t len = sizeof raw;
    sotto_sign_key *key = NULL;
    assert_int_equal(EVP_PKEY_get_raw_private_key(cert->key, raw, &len), 1);
    assert_ok(sotto_sign_key_import(c, SOTTO_SUITE_X25519_AES128, VIEW_OF(raw), &key));
    return key;
}

static void a_certificate_shows_the_key_of_its_client(void **state)
{
    static const sotto_mls_rules rules = {.credential = accept};
    DEFER(client_clear) struct client a = client_new(*state, SOTTO_SUITE_X25519_AES128);
    DEFER(certificate_clear) struct certificate cert = certificate_new(0, true);
    DEFER(buf_clear) sotto_buf chain = {0};
    DEFER(package_clear) struct package p = {0};
    sotto_mls_key_package shown;
    assert_ok(sotto_mls_certificate_add(&chain, buf_view(&cert.der)));
    a.client.credential = (sotto_mls_credential){SOTTO_MLS_X509, buf_view(&chain)};
    assert_err(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL),
               CERTIFICATE);
    sotto_sign_key_free(a.key);
    a.client.sign_key = a.key = key_of(*state, &cert);
    assert_ok(sotto_mls_key_package_new(&a.m, &a.client, NULL, &p.message, &p.private_part, NULL));
    assert_refused(&a, buf_view(&p.message), CHECK_CREDENTIAL_ACCEPTED); /* no rule: no judge */
    a.m.rules = &rules;
    assert_ok(sotto_mls_key_package_check(&a.m, buf_view(&p.message), &shown));
    view rest = shown.leaf.credential.content, der;
    assert_true(sotto_mls_certificate_next(&rest, &der));
    assert_true(view_equal(der, buf_view(&cert.der)));
}

/* Its second key begins so that it is a PublicMessage to its last byte, too. */
static void a_key_package_alone_is_one_whatever_else_it_may_look_like(void **state)
{
    (void)state;
    struct mls_message message;
    struct key_package package;
    DEFER(buf_clear)
    sotto_buf bytes =
        unhex("0001000120d5399c4abe2d65f8871eb2d72e3c67cf8bd5ae27f60e0d16bcbc4690895bc204203ea1"
              "b5b4ad331a02be23376340c6b6030e571b5bcf19c894d20bee60f6c1c96820f4597ecc896d96f215"
              "eb542773d083eb80dc01585be6677bc7abd86ed1ce602f0001046305000002000112000100020003"
              "0004000500060007f0a1f0a2060006f0010a0a0800080009000a1a1a040001000201000000000000"
              "00017fffffffffffffff0e00060b0a0001070600010002000440404e94033388a032a9f06246a555"
              "0221fdc1cccbbc1659ebc141944ab9ce1ffee02dd0679e37f014997c1b25ea5279e161e80b09a769"
              "5833b0da31783c6c1382010040402c77241b6e8815e07abdf6fb567d688040118b80ee9cbeb95708"
              "a4610a94f4645eac9b68327ac8b635eef1960a76e3bbb2b58bdda16bd43235475901b172d60a");
    assert_ok(mls_message_parse(buf_view(&bytes), &message, NULL));
    assert_int_equal(message.wire_format, WIRE_PUBLIC_MESSAGE);
    assert_ok(key_package_parse(buf_view(&bytes), &package, NULL));
    assert_true(view_equal(package.encoded, buf_view(&bytes)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_package_alone_is_one_whatever_else_it_may_look_like),
        cmocka_unit_test(every_suite_makes_key_packages_that_pass_all_checks),
        cmocka_unit_test(no_two_key_packages_are_alike),
        cmocka_unit_test(the_usual_capabilities_list_what_we_have_and_no_default),
        cmocka_unit_test(capabilities_of_the_caller_lose_the_defaults),
        cmocka_unit_test(what_a_client_does_not_list_it_does_not_use),
        cmocka_unit_test(calls_that_lack_something_are_refused),
        cmocka_unit_test(a_last_resort_says_so),
        cmocka_unit_test(a_key_package_is_refused_once_its_time_is_over),
        cmocka_unit_test(one_changed_byte_anywhere_is_noticed),
        cmocka_unit_test(each_demand_of_10_1_is_checked),
        cmocka_unit_test(a_key_package_is_for_one_suite),
        cmocka_unit_test(private_parts_are_read_back),
        cmocka_unit_test(private_parts_that_are_cut_or_longer_are_refused),
        cmocka_unit_test(private_keys_of_another_key_package_are_refused),
        cmocka_unit_test(the_application_is_asked_whose_it_is),
        cmocka_unit_test(a_certificate_shows_the_key_of_its_client),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
