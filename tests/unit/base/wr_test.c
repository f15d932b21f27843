#include "unit.h"

#include "base/rd.h"
#include "base/wr.h"

static void a_list_of_writes_gives_these_bytes(void **state)
{
    (void)state;
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    wr_u8(&w, 0x01);
    wr_u16(&w, 0x0203);
    wr_u32(&w, 0x04050607);
    wr_u64(&w, 0x08090a0b0c0d0e0f);
    wr_optional(&w, true);
    wr_optional(&w, false);
    wr_bytes(&w, VIEW_LIT("\xaa\xbb"));
    wr_opaque(&w, VIEW_LIT("\xcc"));
    wr_opaque(&w, (view){0});
    assert_ok(wr_end(&w));
    assert_bytes(buf_view(&out), "01 0203 04050607 08090a0b0c0d0e0f 01 00 aabb 01cc 00");
    buf_clear(&out);
}

static const struct {
    size_t number;
    const char *bytes;
} varints[] = {
    {0, "00"},
    {37, "25"},
    {63, "3f"},
    {64, "4040"},
    {15293, "7bbd"},
    {16383, "7fff"},
    {16384, "80004000"},
    {494878333, "9d7f3e7d"},
    {(1U << 30) - 1, "bfffffff"},
};

static void varints_take_their_shortest_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(varints); i++) {
        sotto_buf out = {0};
        struct wr w = wr_to(&out);
        wr_varint(&w, varints[i].number);
        assert_ok(wr_end(&w));
        assert_bytes(buf_view(&out), varints[i].bytes);
        buf_clear(&out);
    }
}

static void varints_come_back(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 1U << 30; number += number < 70000 ? 1 : 99991) {
        uint8_t storage[4];
        sotto_buf out = BUF_ON(storage);
        struct wr w = wr_to(&out);
        wr_varint(&w, number);
        if (wr_end(&w) != SOTTO_OK)
            fail();
        struct rd r = rd_of(buf_view(&out));
        if (rd_varint(&r) != number || rd_end(&r) != SOTTO_OK)
            fail_msg("%u", number);
    }
}

static void a_number_too_large_fails_and_cuts_back(void **state)
{
    (void)state;
    sotto_buf out = {0};
    assert_ok(buf_append(&out, VIEW_LIT("kept")));
    struct wr w = wr_to(&out);
    wr_u32(&w, 7);
    wr_varint(&w, (size_t)1 << 30);
    wr_u8(&w, 1);
    wr_fail(&w, SOTTO_E_VALUE); /* the first error stays */
    assert_err(wr_end(&w), TOO_LARGE);
    assert_true(view_equal(buf_view(&out), VIEW_LIT("kept")));
    for (size_t i = 4; i < 8; i++)
        assert_int_equal(out.data[i], 0);
    buf_clear(&out);
}

static void vectors_get_their_length_behind_them(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, 63, 64, 300, 16383, 16384};
    static uint8_t content[16384];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        sotto_buf out = {0};
        struct wr w = wr_to(&out);
        wr_u8(&w, 0xee);
        size_t outer = wr_vector_begin(&w);
        wr_u8(&w, 0xdd);
        size_t inner = wr_vector_begin(&w);
        wr_bytes(&w, view_of(content, lens[i]));
        wr_vector_end(&w, inner);
        wr_vector_end(&w, outer);
        wr_u8(&w, 0xcc);
        assert_ok(wr_end(&w));

        struct rd r = rd_of(buf_view(&out));
        assert_int_equal(rd_u8(&r), 0xee);
        struct rd items = rd_vector(&r, SIZE_MAX);
        assert_int_equal(rd_u8(&items), 0xdd);
        assert_true(view_equal(rd_opaque(&items, SIZE_MAX), view_of(content, lens[i])));
        rd_join(&r, &items);
        assert_int_equal(rd_u8(&r), 0xcc);
        assert_ok(rd_end(&r));
        buf_clear(&out);
    }
}

/* Whichever of the two writes it, and whatever stands beside it. */
static void long_vectors_have_the_same_form(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, 63, 64, 300, 16383, 16384, 70000};
    static uint8_t content[70000];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        sotto_buf out = {0}, same = {0};
        struct wr w = wr_to(&out), v = wr_to(&same);
        wr_u8(&w, 0xee);
        size_t outer = wr_long_vector_begin(&w), inner = wr_long_vector_begin(&w);
        wr_bytes(&w, view_of(content, lens[i]));
        wr_long_vector_end(&w, inner);
        wr_u8(&w, 0xdd);
        wr_long_vector_end(&w, outer);
        wr_u8(&w, 0xcc);
        assert_ok(wr_end(&w));

        wr_u8(&v, 0xee);
        size_t mark = wr_vector_begin(&v);
        wr_opaque(&v, view_of(content, lens[i]));
        wr_u8(&v, 0xdd);
        wr_vector_end(&v, mark);
        wr_u8(&v, 0xcc);
        assert_ok(wr_end(&v));
        assert_true(view_equal(buf_view(&out), buf_view(&same)));
        buf_clear(&out);
        buf_clear(&same);
    }
}

/* At every size of the storage: it fits and is right, or it fails and leaves nothing. */
static void a_full_buffer_fails_and_cuts_back(void **state)
{
    (void)state;
    uint8_t storage[16];
    for (size_t cap = 0; cap <= sizeof storage; cap++) {
        sotto_buf out = {.data = storage, .cap = cap, .fixed = true};
        struct wr w = wr_to(&out);
        wr_u32(&w, 1);
        size_t mark = wr_vector_begin(&w);
        wr_u64(&w, 2);
        wr_vector_end(&w, mark);
        wr_u8(&w, 3);
        assert_int_equal(wr_end(&w), cap >= 14 ? SOTTO_OK : SOTTO_E_TOO_LARGE);
        assert_int_equal(out.len, cap >= 14 ? 14 : 0);
    }
    sotto_buf written = {.data = storage, .len = 14};
    assert_bytes(buf_view(&written), "00000001 08 0000000000000002 03");
    for (size_t cap = 0; cap <= sizeof storage; cap++) {
        sotto_buf out = {.data = storage, .cap = cap, .fixed = true};
        struct wr w = wr_to(&out);
        size_t mark = wr_long_vector_begin(&w);
        wr_u32(&w, 2);
        wr_long_vector_end(&w, mark);
        assert_int_equal(wr_end(&w), cap >= 8 ? SOTTO_OK : SOTTO_E_TOO_LARGE);
        assert_int_equal(out.len, cap >= 8 ? 5 : 0);
    }
    written.len = 5;
    assert_bytes(buf_view(&written), "04 00000002");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_writes_gives_these_bytes),
        cmocka_unit_test(varints_take_their_shortest_form),
        cmocka_unit_test(varints_come_back),
        cmocka_unit_test(a_number_too_large_fails_and_cuts_back),
        cmocka_unit_test(vectors_get_their_length_behind_them),
        cmocka_unit_test(long_vectors_have_the_same_form),
        cmocka_unit_test(a_full_buffer_fails_and_cuts_back),
    };
    return cmocka_run_group_tests_name("base/wr", tests, NULL, NULL);
}
