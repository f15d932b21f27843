#include "unit.h"

#include "crypto/rng.h"
#include "net/hello.h"
#include "net/identity.h"

static const uint8_t exporter[HELLO_EXPORTER] = "the exporter of this connection",
                     nonce[HELLO_NONCE] = "a nonce", seed[32] = "a seed";

/* Certificates that are none: hello only passes them on. */
static struct identity identity_of(void)
{
    struct identity id = {0};
    assert_ok(buf_set(&id.server_cert, VIEW_LIT("server certificate")));
    assert_ok(buf_set(&id.root_cert, VIEW_LIT("root certificate")));
    return id;
}

static sotto_buf hello_of(uint16_t version)
{
    sotto_buf out = {0};
    const struct proto_hello hello = {.versions = {0x7777, version},
                                      .version_count = 2,
                                      .challenge = "a challenge",
                                      .software = VIEW_LIT("test")};
    assert_ok(proto_hello_write(9, &hello, &out));
    return out;
}

static void the_answer_is_signed_over_nonce_exporter_and_challenge(void **state)
{
    (void)state;
    sotto_crypto *c;
    sotto_sign_key *key;
    assert_ok(crypto_new(&c));
    assert_ok(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key));
    DEFER(identity_clear) struct identity id = identity_of();
    DEFER(buf_clear) sotto_buf hello = hello_of(PROTO_VERSION);
    DEFER(buf_clear) sotto_buf answer = {0};
    assert_ok(hello_answer(c, key, &id, 1234, buf_view(&hello), exporter, nonce, &answer));

    struct proto_frame frame;
    struct proto_hello_ok ok;
    assert_ok(proto_frame_read(buf_view(&answer), &frame));
    assert_int_equal(frame.kind, PROTO_HELLO_OK);
    assert_int_equal(frame.request, 9);
    assert_ok(proto_hello_ok_read(frame.body, &ok));
    assert_int_equal(ok.version, PROTO_VERSION);
    assert_int_equal(ok.frame_max, 1234);
    assert_int_equal(ok.chain_count, 2);
    assert_true(view_equal(ok.chain[0], VIEW_LIT("server certificate")));
    assert_true(view_equal(ok.chain[1], VIEW_LIT("root certificate")));

    static const uint8_t challenge[HELLO_CHALLENGE] = "a challenge",
                         other[HELLO_EXPORTER] = "another connection";
    DEFER(buf_clear) sotto_buf text = {0};
    assert_ok(proto_hello_signed(nonce, exporter, challenge, &text));
    assert_ok(
        verify(c, SIGN_ED25519, sign_key_public(key), buf_view(&text), VIEW_OF(ok.signature)));
    assert_ok(proto_hello_signed(nonce, other, challenge, &text));
    assert_err(
        verify(c, SIGN_ED25519, sign_key_public(key), buf_view(&text), VIEW_OF(ok.signature)),
        SIGNATURE);
    sign_key_free(key);
    crypto_free(c);
}

static void what_is_no_hello_of_ours_is_refused(void **state)
{
    (void)state;
    sotto_crypto *c;
    sotto_sign_key *key;
    assert_ok(crypto_new(&c));
    assert_ok(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key));
    DEFER(identity_clear) struct identity id = identity_of();
    DEFER(buf_clear) sotto_buf hello = hello_of(0x7778);
    DEFER(buf_clear) sotto_buf answer = {0};
    assert_err(hello_answer(c, key, &id, 1234, buf_view(&hello), exporter, nonce, &answer),
               VERSION);
    buf_clear(&hello);
    hello = hello_of(PROTO_VERSION);
    for (size_t len = 0; len < hello.len; len++)
        assert_int_not_equal(
            hello_answer(c, key, &id, 1234, (view){hello.data, len}, exporter, nonce, &answer),
            SOTTO_OK);
    hello.data[1] = PROTO_OK;
    assert_err(hello_answer(c, key, &id, 1234, buf_view(&hello), exporter, nonce, &answer),
               UNEXPECTED);
    assert_int_equal(answer.len, 0);
    sign_key_free(key);
    crypto_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_signed_over_nonce_exporter_and_challenge),
        cmocka_unit_test(what_is_no_hello_of_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
