/* The rows of streams as they stand in the store, byte by byte from docs/store.md: read and written again they are the same; cut
 * anywhere, or with a byte to spare, they are refused. */
#include "unit.h"

#include "core/streams.h"

#define X8(b)  b b b b b b b b
#define X16(b) X8(b) X8(b)
#define X32(b) X16(b) X16(b)
#define U64(n) "00000000000000" n

typedef sotto_err rewrite_fn(view bytes, sotto_buf *out);

#define REWRITE(name)                                           \
    static sotto_err rewrite_##name(view bytes, sotto_buf *out) \
    {                                                           \
        struct name##_row row = {0};                            \
        TRY(name##_row_read(bytes, &row));                      \
        return name##_row_write(&row, out);                     \
    }
REWRITE(stream)
REWRITE(subscription)
REWRITE(header)
REWRITE(state)
REWRITE(blob)

static sotto_err rewrite_item(view bytes, sotto_buf *out)
{
    struct rd r = rd_of(bytes);
    struct wr w = wr_to(out);
    struct journal_item item = {0};
    journal_item_read(&r, &item);
    TRY(rd_end(&r));
    journal_item_write(&w, &item);
    return wr_end(&w);
}

/* The log's entries are the tails of entry frames. */
static sotto_err rewrite_logged(view bytes, sotto_buf *out)
{
    static const uint8_t stream[STREAM_ID];
    DEFER(buf_clear) sotto_buf frame = {0};
    struct logged logged = {0};
    TRY(logged_read(bytes, &logged));
    struct proto_entry entry = {
        .seq = 1, .at_ms = logged.at_ms, .kind = logged.kind, .body = logged.body};
    memcpy(entry.stream, stream, sizeof stream);
    TRY(proto_entry_write(0, &entry, &frame));
    buf_consume(&frame, PROTO_HEADER + STREAM_ID + 8);
    return buf_append(out, buf_view(&frame));
}

static void refuses(rewrite_fn *rewrite, view bytes)
{
    sotto_buf out = {0};
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1); /* exactly as long, for the sanitizers */
    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    assert_int_not_equal(rewrite(view_of(copy, bytes.len), &out), SOTTO_OK);
    assert_int_equal(out.len, 0);
    free(copy);
}

static void holds(rewrite_fn *rewrite, const char *hex)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    DEFER(buf_clear) sotto_buf again = {0};
    assert_ok(rewrite(buf_view(&bytes), &again));
    assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
    for (size_t len = 0; len < bytes.len; len++)
        refuses(rewrite, view_of(bytes.data, len));
    assert_ok(buf_append(&bytes, VIEW_LIT("\0")));
    refuses(rewrite, buf_view(&bytes));
}

static const char stream_hex[] = X16("a1") "01" U64("02") U64("09") U64("03") U64("04") U64("50")
    U64("20") U64("10") X32("b1") X32("b2") U64("77") X32("b3") U64("01") U64("02") U64("66");

static void the_row_of_a_stream_is_read_and_written(void **state)
{
    (void)state;
    struct stream_row row = {0};
    DEFER(buf_clear) sotto_buf bytes = unhex(stream_hex);
    holds(rewrite_stream, stream_hex);
    assert_ok(stream_row_read(buf_view(&bytes), &row));
    assert_int_equal(row.kind, STREAM_CONVERSATION);
    assert_int_equal(row.epoch, 2);
    assert_int_equal(row.head, 9);
    assert_int_equal(row.first, 3);
    assert_int_equal(row.lost_to, 4);
    assert_int_equal(row.bytes, 0x50);
    assert_int_equal(row.passed, 0x20);
    assert_int_equal(row.gone, 0x10);
    assert_int_equal(row.previous_until_s, 0x77);
    assert_int_equal(row.state_key_epoch, 1);
    assert_int_equal(row.snapshot_epoch, 2);
    assert_int_equal(row.forsaken_s, 0x66);
    assert_bytes(VIEW_OF(row.token_hash), X32("b1"));
    assert_bytes(VIEW_OF(row.previous_token_hash), X32("b2"));
    assert_bytes(VIEW_OF(row.header_hash), X32("b3"));
}

static void the_other_rows_are_read_and_written(void **state)
{
    (void)state;
    holds(rewrite_subscription, U64("01") U64("02") U64("03") U64("04") U64("05") U64("06")
                                    U64("08") U64("09") "01" U64("07"));
    DEFER(buf_clear)
    sotto_buf flag = unhex(U64("01") U64("02") U64("03") U64("04") U64("05") U64("06") U64("08")
                               U64("09") "02" U64("07"));
    refuses(rewrite_subscription, buf_view(&flag));
    holds(rewrite_header, U64("05") U64("06") "0461626364");
    holds(rewrite_state, U64("05") "0461626364"
                                   "00");
    holds(rewrite_state, U64("05") "00"
                                   "20" X32("c1"));
    holds(rewrite_blob, U64("10") U64("01") U64("70") U64("71") "00000002");
    holds(rewrite_logged, U64("63") "01"
                                    "0568656c6c6f");
}

static void changes_in_the_journal_are_read_and_written(void **state)
{
    (void)state;
    holds(rewrite_item, "01" U64("05") U64("09") U64("03") U64("04") U64("50") U64("20") U64("10"));
    holds(rewrite_item, "02" U64("05") U64("07") U64("08"));
    holds(rewrite_item, "03" U64("07") U64("0a") U64("09") U64("63") X16("d1") "002f");
}

static void a_change_of_another_kind_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf zero = unhex("00" U64("05"));
    DEFER(buf_clear) sotto_buf four = unhex("04" U64("05"));
    refuses(rewrite_item, buf_view(&zero));
    refuses(rewrite_item, buf_view(&four));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_row_of_a_stream_is_read_and_written),
        cmocka_unit_test(the_other_rows_are_read_and_written),
        cmocka_unit_test(changes_in_the_journal_are_read_and_written),
        cmocka_unit_test(a_change_of_another_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
