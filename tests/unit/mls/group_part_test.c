#include "unit.h"

#include "mls/group_part.h"

static void names_are_bytes_that_sort_by_kind_and_number(void **state)
{
    (void)state;
    static const struct {
        struct group_part_name name;
        const char *bytes;
    } rows[] = {
        {{.kind = PART_HEAD}, "01"},
        {{.kind = PART_EPOCH}, "02"},
        {{.kind = PART_KEYS}, "03"},
        {{.kind = PART_EXPORTER}, "04"},
        {{.kind = PART_NODE, .place = 0x10203}, "05 00010203"},
        {{.kind = PART_PENDING, .place = 7}, "06 00000007"},
        {{.kind = PART_PAST, .epoch = UINT64_C(0x0102030405060708)}, "07 0102030405060708"},
        {{.kind = PART_MESSAGES, .epoch = 9, .piece = {SECRET_TREE_NODE, 5, 0, 0}},
         "08 0000000000000009 01 00000005"},
        {{.kind = PART_MESSAGES,
          .epoch = 9,
          .piece = {SECRET_TREE_SKIPPED, 5, RATCHET_APPLICATION, 258}},
         "08 0000000000000009 03 00000005 01 00000102"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t bytes[SOTTO_GROUP_PART_NAME];
        sotto_buf written = BUF_ON(bytes);
        struct group_part_name name;
        struct wr w = wr_to(&written);
        group_part_name_write(&w, &rows[i].name);
        assert_ok(wr_end(&w));
        assert_bytes(buf_view(&written), rows[i].bytes);
        struct rd r = rd_of(buf_view(&written));
        group_part_name_read(&r, &name);
        assert_ok(rd_end(&r));
        assert_int_equal(name.kind, rows[i].name.kind);
        assert_int_equal(name.place, rows[i].name.place);
        assert_int_equal(name.epoch, rows[i].name.epoch);
        assert_memory_equal(&name.piece, &rows[i].name.piece, sizeof name.piece);
        for (size_t len = 0; len < written.len; len++) {
            r = rd_of(view_of(bytes, len));
            group_part_name_read(&r, &name);
            assert_err(rd_end(&r), TRUNCATED);
        }
    }
    const view none[] = {VIEW_LIT("\0"), VIEW_LIT("\x09"), VIEW_LIT("\xff")};
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        struct group_part_name name;
        struct rd r = rd_of(none[i]);
        group_part_name_read(&r, &name);
        assert_err(rd_end(&r), VALUE);
    }
}

static const char head_bytes[] = "01 0003 00000005 0000000000093a80 0000000000000001 01 00000080"
                                 "0000000000000102 00000003 00000008 00 00000002"
                                 "10 0000000000000101 0000000000000100 03 616263";

static sotto_err head_of(view bytes, struct group_head *ret_head)
{
    struct rd r = rd_of(bytes);
    group_head_read(&r, ret_head);
    return rd_end(&r);
}

static void the_head_says_what_must_be_there_besides(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(head_bytes);
    DEFER(buf_clear) sotto_buf again = {0};
    struct group_head head;
    assert_ok(head_of(buf_view(&bytes), &head));
    assert_int_equal(head.cipher_suite, 3);
    assert_int_equal(head.settings.past_epochs, 5);
    assert_int_equal(head.settings.past_age_s, 7 * 24 * 3600);
    assert_int_equal(head.settings.lifetime_max_s, 1);
    assert_true(head.settings.public_handshakes);
    assert_int_equal(head.settings.handshake_pad, 128);
    assert_int_equal(head.epoch, 0x102);
    assert_int_equal(head.own_leaf, 3);
    assert_int_equal(head.leaf_count, 8);
    assert_false(head.removed);
    assert_int_equal(head.pending_count, 2);
    assert_int_equal(head.past_count, 2);
    assert_int_equal(head.past[0], 0x101);
    assert_int_equal(head.past[1], 0x100);
    assert_true(view_equal(head.reinit, VIEW_LIT("abc")));
    struct wr w = wr_to(&again);
    group_head_write(&w, &head);
    assert_ok(wr_end(&w));
    assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
    for (size_t len = 0; len < bytes.len; len++)
        assert_err(head_of(view_of(bytes.data, len), &head), TRUNCATED);
    assert_ok(buf_append(&bytes, VIEW_LIT("\0")));
    assert_err(head_of(buf_view(&bytes), &head), TRAILING);
}

/* The byte at which the list of past epochs begins, and its last epoch ends. */
#define PAST_AT 49u

static void past_epochs_fall_and_are_past(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(head_bytes);
    struct group_head head;
    bytes.data[PAST_AT + 8] = 2; /* the present one */
    assert_err(head_of(buf_view(&bytes), &head), VALUE);
    bytes.data[PAST_AT - 5] = 1; /* of which we are no member any more */
    assert_ok(head_of(buf_view(&bytes), &head));
    assert_true(head.removed);
    bytes.data[PAST_AT + 16] = 2; /* twice */
    assert_err(head_of(buf_view(&bytes), &head), VALUE);
    bytes.data[PAST_AT + 16] = 3; /* rising */
    assert_err(head_of(buf_view(&bytes), &head), VALUE);
}

static void another_version_is_told(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(head_bytes);
    struct group_head head;
    bytes.data[0] = GROUP_STATE_VERSION + 1;
    assert_err(head_of(buf_view(&bytes), &head), VERSION);
    bytes.data[0] = 0;
    assert_err(head_of(buf_view(&bytes), &head), VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_bytes_that_sort_by_kind_and_number),
        cmocka_unit_test(the_head_says_what_must_be_there_besides),
        cmocka_unit_test(past_epochs_fall_and_are_past),
        cmocka_unit_test(another_version_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
