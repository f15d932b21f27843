#include "lab/cipher.h"

#include "lab_unit.h"

/* SP 800-38A F.2.5 and F.3.17: CBC-AES256, CFB128-AES256. */
#define KEY "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define IV  "000102030405060708090a0b0c0d0e0f"
#define PLAIN                                                          \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define CBC                                                            \
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" \
    "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"
#define CFB                                                            \
    "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b" \
    "df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471"

struct fixture {
    struct secret key;
    sotto_buf iv, plain, sealed, opened;
};

static void fixture_clear(struct fixture *f)
{
    secret_clear(&f->key);
    buf_clear(&f->iv);
    buf_clear(&f->plain);
    buf_clear(&f->sealed);
    buf_clear(&f->opened);
}

static void fixture_fill(struct fixture *f)
{
    assert_ok(secret_set(&f->key, test_hex(KEY, &f->plain)));
    test_hex(IV, &f->iv);
    test_hex(PLAIN, &f->plain);
}

static void cbc_gives_the_published_ciphertext_and_a_block_of_padding(void **state)
{
    (void)state;
    DEFER(fixture_clear) struct fixture f = {0};
    fixture_fill(&f);
    assert_ok(cipher_cbc_encrypt(&f.key, f.iv.data, buf_view(&f.plain), &f.sealed));
    assert_int_equal(f.sealed.len, f.plain.len + CIPHER_BLOCK);
    test_is_hex(view_of(f.sealed.data, f.plain.len), CBC);
    assert_ok(cipher_cbc_decrypt(&f.key, f.iv.data, buf_view(&f.sealed), &f.opened));
    test_equal(buf_view(&f.opened), buf_view(&f.plain));
}

static void cfb_gives_the_published_ciphertext_of_the_same_length(void **state)
{
    (void)state;
    DEFER(fixture_clear) struct fixture f = {0};
    fixture_fill(&f);
    assert_ok(cipher_cfb_encrypt(&f.key, f.iv.data, buf_view(&f.plain), &f.sealed));
    test_is_hex(buf_view(&f.sealed), CFB);
    assert_ok(cipher_cfb_decrypt(&f.key, f.iv.data, buf_view(&f.sealed), &f.opened));
    test_equal(buf_view(&f.opened), buf_view(&f.plain));
}

static void every_length_comes_back(void **state)
{
    (void)state;
    DEFER(fixture_clear) struct fixture f = {0};
    fixture_fill(&f);
    for (size_t len = 0; len <= f.plain.len; len++) {
        view part = view_of(f.plain.data, len);
        buf_reset(&f.sealed);
        buf_reset(&f.opened);
        assert_ok(cipher_cbc_encrypt(&f.key, f.iv.data, part, &f.sealed));
        assert_ok(cipher_cbc_decrypt(&f.key, f.iv.data, buf_view(&f.sealed), &f.opened));
        test_equal(buf_view(&f.opened), part);
        buf_reset(&f.sealed);
        buf_reset(&f.opened);
        assert_ok(cipher_cfb_encrypt(&f.key, f.iv.data, part, &f.sealed));
        assert_int_equal(f.sealed.len, len);
        assert_ok(cipher_cfb_decrypt(&f.key, f.iv.data, buf_view(&f.sealed), &f.opened));
        test_equal(buf_view(&f.opened), part);
    }
}

static void cbc_refuses_what_is_cut_and_leaves_the_output_alone(void **state)
{
    (void)state;
    DEFER(fixture_clear) struct fixture f = {0};
    fixture_fill(&f);
    assert_ok(cipher_cbc_encrypt(&f.key, f.iv.data, buf_view(&f.plain), &f.sealed));
    for (size_t len = 0; len < f.sealed.len; len++) {
        view part = view_of(f.sealed.data, len);
        assert_int_equal(cipher_cbc_decrypt(&f.key, f.iv.data, part, &f.opened), SOTTO_E_DECRYPT);
        assert_int_equal(f.opened.len, 0);
    }
}

static void a_key_of_another_length_is_refused(void **state)
{
    (void)state;
    DEFER(fixture_clear) struct fixture f = {0};
    fixture_fill(&f);
    f.key.len = 31;
    view plain = buf_view(&f.plain);
    assert_int_equal(cipher_cbc_encrypt(&f.key, f.iv.data, plain, &f.sealed), SOTTO_E_KEY);
    assert_int_equal(cipher_cfb_decrypt(&f.key, f.iv.data, plain, &f.sealed), SOTTO_E_KEY);
    assert_int_equal(f.sealed.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cbc_gives_the_published_ciphertext_and_a_block_of_padding),
        cmocka_unit_test(cfb_gives_the_published_ciphertext_of_the_same_length),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(cbc_refuses_what_is_cut_and_leaves_the_output_alone),
        cmocka_unit_test(a_key_of_another_length_is_refused),
    };
    return cmocka_run_group_tests_name("lab/cipher", tests, NULL, NULL);
}
