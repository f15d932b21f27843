#include "unit.h"

#include "crypto/der.h"

static void an_object_identifier_is_written_as_openssl_writes_it(void **state)
{
    (void)state;
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    size_t outer = der_begin(&w, DER_SEQUENCE);
    der_write(&w, DER_OID, VIEW_LIT("\x2b\x65\x70"));
    der_end(&w, outer);
    assert_ok(wr_end(&w));
    assert_bytes(buf_view(&out), "300506032b6570");
    buf_clear(&out);
}

static void lengths_take_the_shortest_form(void **state)
{
    static const struct {
        size_t len;
        const char *header;
    } cases[] = {
        {0, "0400"},     {127, "047f"},     {128, "048180"},
        {255, "0481ff"}, {256, "04820100"}, {65535, "0482ffff"},
    };
    static const uint8_t zeros[65536];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sotto_buf flat = {0}, nested = {0};
        struct wr f = wr_to(&flat), n = wr_to(&nested);
        der_write(&f, DER_OCTET_STRING, view_of(zeros, cases[i].len));
        size_t mark = der_begin(&n, DER_OCTET_STRING);
        wr_bytes(&n, view_of(zeros, cases[i].len));
        der_end(&n, mark);
        assert_ok(wr_end(&f));
        assert_ok(wr_end(&n));
        assert_true(view_equal(buf_view(&flat), buf_view(&nested)));
        assert_bytes(view_of(flat.data, flat.len - cases[i].len), cases[i].header);

        struct rd r = rd_of(buf_view(&flat));
        assert_int_equal(der_read(&r, DER_OCTET_STRING).len, cases[i].len);
        assert_ok(rd_end(&r));
        for (size_t cut = 0; cut < flat.len; cut += 1 + cut / 7) {
            struct rd truncated = rd_of(view_of(flat.data, cut));
            der_read(&truncated, DER_OCTET_STRING);
            assert_err(rd_end(&truncated), TRUNCATED);
        }
        buf_clear(&flat);
        buf_clear(&nested);
    }
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    der_write(&w, DER_OCTET_STRING, view_of(zeros, sizeof zeros));
    assert_err(wr_end(&w), TOO_LARGE);
    buf_clear(&out);
}

static void other_forms_of_a_length_and_other_tags_are_refused(void **state)
{
    static const char *const cases[] = {
        "048000",       "04817f", "0482007f", "04820080", "048200ff",
        "048300000100", "0500",   "2400",     "84820100",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sotto_buf in = unhex(cases[i]);
        struct rd r = rd_of(buf_view(&in));
        assert_int_equal(der_read(&r, DER_OCTET_STRING).len, 0);
        assert_err(rd_end(&r), VALUE);
        buf_clear(&in);
    }
}

static void a_failed_enter_gives_a_failed_reader(void **state)
{
    (void)state;
    struct rd r = rd_of(VIEW_LIT("\x31\x00"));
    struct rd inner = der_enter(&r, DER_SEQUENCE);
    assert_false(rd_ok(&inner));
    assert_int_equal(der_peek(&inner), 0);
    struct rd end = rd_of((view){0});
    assert_int_equal(der_peek(&end), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_identifier_is_written_as_openssl_writes_it),
        cmocka_unit_test(lengths_take_the_shortest_form),
        cmocka_unit_test(other_forms_of_a_length_and_other_tags_are_refused),
        cmocka_unit_test(a_failed_enter_gives_a_failed_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
