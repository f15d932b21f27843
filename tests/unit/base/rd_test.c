#include "unit.h"

#include "base/rd.h"

static void numbers_are_big_endian(void **state)
{
    (void)state;
    sotto_buf in = unhex("01 0203 04050607 08090a0b0c0d0e0f");
    struct rd r = rd_of(buf_view(&in));
    assert_int_equal(rd_u8(&r), 0x01);
    assert_int_equal(rd_u16(&r), 0x0203);
    assert_int_equal(rd_u32(&r), 0x04050607);
    assert_true(rd_u64(&r) == 0x08090a0b0c0d0e0f);
    assert_false(rd_more(&r));
    assert_ok(rd_end(&r));
    buf_clear(&in);
}

static void a_missing_byte_fails_and_sticks(void **state)
{
    (void)state;
    sotto_buf in = unhex("010203");
    struct rd r = rd_of(buf_view(&in));
    assert_int_equal(rd_u32(&r), 0);
    assert_false(rd_ok(&r));
    assert_int_equal(rd_u8(&r), 0); /* though there are bytes */
    assert_int_equal(rd_rest(&r).len, 0);
    uint8_t copy[2] = {9, 9};
    rd_copy(&r, copy, sizeof copy);
    assert_memory_equal(copy, "\0\0", 2);
    rd_fail(&r, SOTTO_E_VALUE);
    assert_err(rd_end(&r), TRUNCATED); /* the first error stays */
    buf_clear(&in);
}

static void leftovers_are_told(void **state)
{
    (void)state;
    sotto_buf in = unhex("0102");
    struct rd r = rd_of(buf_view(&in));
    rd_u8(&r);
    assert_true(rd_more(&r));
    assert_err(rd_end(&r), TRAILING);
    rd_u8(&r);
    assert_ok(rd_end(&r));
    buf_clear(&in);
}

static void the_empty_input_has_no_bytes(void **state)
{
    (void)state;
    struct rd r = rd_of((view){0});
    assert_ok(rd_end(&r));
    assert_int_equal(rd_rest(&r).len, 0);
    assert_false(rd_more(&r));
    rd_u8(&r);
    assert_err(rd_end(&r), TRUNCATED);
}

/* RFC 9420 2.1.2: the examples of RFC 9000 A.1 that fit, and the borders. */
static const struct {
    const char *bytes;
    uint32_t number;
    sotto_err err;
} varints[] = {
    {"00", 0, SOTTO_OK},
    {"25", 37, SOTTO_OK},
    {"3f", 63, SOTTO_OK},
    {"4040", 64, SOTTO_OK},
    {"7bbd", 15293, SOTTO_OK},
    {"7fff", 16383, SOTTO_OK},
    {"80004000", 16384, SOTTO_OK},
    {"9d7f3e7d", 494878333, SOTTO_OK},
    {"bfffffff", (1U << 30) - 1, SOTTO_OK},
    {"4025", 0, SOTTO_E_VARINT}, /* 37, 63, 15293, 16383 longer than need be */
    {"403f", 0, SOTTO_E_VARINT},
    {"80000025", 0, SOTTO_E_VARINT},
    {"80003bbd", 0, SOTTO_E_VARINT},
    {"80003fff", 0, SOTTO_E_VARINT},
    {"c2197c5eff14e88c", 0, SOTTO_E_VARINT}, /* eight bytes: QUIC's, not ours */
    {"ff", 0, SOTTO_E_VARINT},
    {"", 0, SOTTO_E_TRUNCATED},
    {"40", 0, SOTTO_E_TRUNCATED},
    {"800040", 0, SOTTO_E_TRUNCATED},
};

static void varints_are_read_in_shortest_form_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(varints); i++) {
        sotto_buf in = unhex(varints[i].bytes);
        struct rd r = rd_of(buf_view(&in));
        assert_int_equal(rd_varint(&r), varints[i].number);
        assert_int_equal(r.err, varints[i].err);
        buf_clear(&in);
    }
}

static void opaque_keeps_to_its_limit(void **state)
{
    (void)state;
    sotto_buf in = unhex("03 010203");
    struct rd r = rd_of(buf_view(&in));
    assert_bytes(rd_opaque(&r, 3), "010203");
    assert_ok(rd_end(&r));
    r = rd_of(buf_view(&in));
    assert_int_equal(rd_opaque(&r, 2).len, 0);
    assert_err(rd_end(&r), TOO_LARGE);
    buf_clear(&in);
}

static void a_length_past_the_end_is_told_by_the_limit_first(void **state)
{
    (void)state;
    sotto_buf in = unhex("bfffffff 00");
    struct rd r = rd_of(buf_view(&in));
    rd_opaque(&r, 1000);
    assert_err(rd_end(&r), TOO_LARGE);
    r = rd_of(buf_view(&in));
    rd_opaque(&r, SIZE_MAX);
    assert_err(rd_end(&r), TRUNCATED);
    buf_clear(&in);
}

static void vectors_are_read_item_by_item(void **state)
{
    (void)state;
    sotto_buf in = unhex("04 00010002 ff");
    struct rd r = rd_of(buf_view(&in));
    struct rd items = rd_vector(&r, 100);
    unsigned sum = 0;
    while (rd_more(&items))
        sum = sum * 10 + rd_u16(&items);
    rd_join(&r, &items);
    assert_int_equal(sum, 12);
    assert_int_equal(rd_u8(&r), 0xff);
    assert_ok(rd_end(&r));
    buf_clear(&in);
}

static void errors_and_leftovers_of_a_vector_reach_its_parent(void **state)
{
    (void)state;
    sotto_buf in = unhex("03 000100");
    struct rd r = rd_of(buf_view(&in));
    struct rd items = rd_vector(&r, 100);
    while (rd_more(&items))
        rd_u16(&items);
    rd_join(&r, &items);
    assert_err(rd_end(&r), TRUNCATED);
    r = rd_of(buf_view(&in));
    items = rd_vector(&r, 100);
    rd_u16(&items);
    rd_join(&r, &items);
    assert_err(rd_end(&r), TRAILING);
    r = rd_of(buf_view(&in));
    items = rd_vector(&r, 2);
    assert_false(rd_more(&items));
    rd_join(&r, &items);
    assert_err(rd_end(&r), TOO_LARGE);
    buf_clear(&in);
}

static void presence_is_zero_or_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;
        struct rd r = rd_of(view_of(&byte, 1));
        assert_int_equal(rd_optional(&r), i == 1);
        assert_int_equal(rd_end(&r), i < 2 ? SOTTO_OK : SOTTO_E_VALUE);
    }
    struct rd r = rd_of((view){0});
    assert_false(rd_optional(&r));
    assert_err(rd_end(&r), TRUNCATED);
}

/* What was wrong in the innermost vector is what is told. */
static void a_broken_rule_is_told_by_its_number(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        unsigned guard;
    } broken[] = {{"4001", GUARD_VECTOR_SHORTEST},
                  {"c0", GUARD_VECTOR_PREFIX},
                  {"0a", GUARD_VECTOR_SIZE},
                  {"05", GUARD_NONE}, /* it ends too early */
                  {"00", GUARD_NONE},
                  {"0000", GUARD_LEFTOVERS}};
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        sotto_buf in = unhex(broken[i].hex);
        struct rd r = rd_of(buf_view(&in));
        rd_opaque(&r, 9);
        assert_int_equal(rd_guard(&r), broken[i].guard);
        buf_clear(&in);
    }
    static const uint8_t outer[] = {2, 2, 0};
    struct rd r = rd_of(VIEW_OF(outer)), inner = rd_vector(&r, 9);
    assert_false(rd_optional(&inner));
    rd_join(&r, &inner);
    assert_int_equal(rd_guard(&r), GUARD_PRESENCE);
    assert_err(rd_end(&r), VALUE);
    rd_refuse(&r, SOTTO_E_KIND, 77); /* too late */
    assert_int_equal(rd_guard(&r), GUARD_PRESENCE);
}

static void since_gives_what_was_read(void **state)
{
    (void)state;
    sotto_buf in = unhex("0102030405");
    struct rd r = rd_of(buf_view(&in));
    rd_u8(&r);
    struct rd start = r;
    rd_u16(&r);
    assert_bytes(rd_since(&r, &start), "0203");
    rd_u64(&r);
    assert_int_equal(rd_since(&r, &start).len, 0);
    buf_clear(&in);
}

static void views_borrow_from_the_input(void **state)
{
    (void)state;
    static const uint8_t bytes[3] = {1, 2, 3};
    struct rd r = rd_of(VIEW_OF(bytes));
    assert_ptr_equal(rd_bytes(&r, 2).data, bytes);
    assert_ptr_equal(rd_rest(&r).data, bytes + 2);
    assert_ok(rd_end(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(a_missing_byte_fails_and_sticks),
        cmocka_unit_test(leftovers_are_told),
        cmocka_unit_test(the_empty_input_has_no_bytes),
        cmocka_unit_test(varints_are_read_in_shortest_form_alone),
        cmocka_unit_test(opaque_keeps_to_its_limit),
        cmocka_unit_test(a_length_past_the_end_is_told_by_the_limit_first),
        cmocka_unit_test(vectors_are_read_item_by_item),
        cmocka_unit_test(errors_and_leftovers_of_a_vector_reach_its_parent),
        cmocka_unit_test(presence_is_zero_or_one),
        cmocka_unit_test(a_broken_rule_is_told_by_its_number),
        cmocka_unit_test(since_gives_what_was_read),
        cmocka_unit_test(views_borrow_from_the_input),
    };
    return cmocka_run_group_tests_name("base/rd", tests, NULL, NULL);
}
