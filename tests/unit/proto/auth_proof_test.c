#include "identity/form.h"
#include "proto/auth_proof.h"

static struct auth_proof proof_of(void)
{
    struct auth_proof proof;
    memset(proof.server_pin, 0x11, sizeof proof.server_pin);
    memset(proof.account_id, 0x22, sizeof proof.account_id);
    memset(proof.device_id, 0x33, sizeof proof.device_id);
    memset(proof.nonce, 0x44, sizeof proof.nonce);
    memset(proof.exporter, 0x55, sizeof proof.exporter);
    return proof;
}

static void what_is_signed_names_server_device_and_connection(void **state)
{
    (void)state;
    struct auth_proof proof = proof_of();
    sotto_buf out = {0};
    assert_ok(auth_proof_write(&proof, &out));
    assert_bytes(buf_view(&out),
                 "0a736f74746f2061757468"
                 "01" X8("11") "11111111111111" X32("22") X16("33") X32("44") X32("55"));
    assert_int_equal(out.len, AUTH_PROOF_SIZE);
    buf_clear(&out);
}

static void a_full_buffer_gets_nothing(void **state)
{
    (void)state;
    struct auth_proof proof = proof_of();
    uint8_t room[AUTH_PROOF_SIZE - 1];
    sotto_buf out = BUF_ON(room);
    assert_err(auth_proof_write(&proof, &out), TOO_LARGE);
    assert_int_equal(out.len, 0);
}

static void each_byte_of_the_proof_and_the_signature_counts(void **state)
{
    sotto_crypto *c = *state;
    struct auth_proof proof = proof_of();
    uint8_t signature[ED25519_SIGNATURE], *byte = (uint8_t *)&proof;
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    const uint8_t *public_key = sign_key_public(key).data;
    assert_ok(auth_proof_sign(c, key, &proof, signature));
    assert_ok(auth_proof_verify(c, &proof, public_key, signature));
    for (size_t i = 0; i < sizeof proof; i++) { /* bytes alone: no padding */
        byte[i] ^= 1;
        assert_err(auth_proof_verify(c, &proof, public_key, signature), SIGNATURE);
        byte[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof signature; i++) {
        signature[i] ^= 1;
        assert_err(auth_proof_verify(c, &proof, public_key, signature), SIGNATURE);
        signature[i] ^= 1;
    }
}

static void another_device_did_not_sign_it(void **state)
{
    sotto_crypto *c = *state;
    struct auth_proof proof = proof_of();
    uint8_t other[ED25519_PUBLIC], signature[ED25519_SIGNATURE];
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    public_of(c, 2, other);
    assert_ok(auth_proof_sign(c, key, &proof, signature));
    assert_err(auth_proof_verify(c, &proof, other, signature), SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_names_server_device_and_connection),
        cmocka_unit_test(a_full_buffer_gets_nothing),
        cmocka_unit_test(each_byte_of_the_proof_and_the_signature_counts),
        cmocka_unit_test(another_device_did_not_sign_it),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
