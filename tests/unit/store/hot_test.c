/* Where the newest entries stand. */
#include "unit.h"

#include "store/hot.h"

static struct hot_stream *stream_of(struct hot *hot, uint64_t number)
{
    struct hot_stream *stream;
    assert_ok(hot_stream_get(hot, number, &stream));
    return stream;
}

static void entry_is_found_by_its_seq_or_the_next_one(void **state)
{
    (void)state;
    DEFER(hot_clear) struct hot hot = {0};
    struct hot_stream *stream = stream_of(&hot, 7);
    assert_null(hot_seek(stream, 0));
    assert_null(hot_last(stream));
    for (int64_t i = 1; i <= 100; i++)
        assert_ok(hot_append(&hot, stream, (uint64_t)(2 * i), 1000 + i));
    for (uint64_t seq = 0; seq <= 200; seq++) {
        const struct hot_entry *entry = hot_seek(stream, seq);
        uint64_t want = seq < 2 ? 2 : (seq + 1) / 2 * 2;
        assert_int_equal(entry->seq, want);
        assert_int_equal(entry->place, 1000 + want / 2);
        assert_ptr_equal(hot_after(stream, entry), hot_seek(stream, want + 1));
    }
    assert_null(hot_seek(stream, 201));
    assert_int_equal(hot_last(stream)->seq, 200);
    assert_int_equal(hot.count, 100);
}

static void entries_leave_at_the_front_and_room_is_used_again(void **state)
{
    (void)state;
    DEFER(hot_clear) struct hot hot = {0};
    struct hot_stream *stream = stream_of(&hot, 7);
    uint64_t first = 1;
    for (uint64_t seq = 1; seq <= 5000; seq++) {
        assert_ok(hot_append(&hot, stream, seq, (int64_t)seq));
        for (; first + 10 < seq || (seq % 100 == 0 && first <= seq); first++)
            hot_take_first(&hot, stream);
        assert_int_equal(stream->count, seq - first + 1);
        if (stream->count > 0)
            assert_int_equal(hot_seek(stream, 0)->seq, first);
    }
    assert_true(stream->cap <= 32);
    assert_int_equal(hot.count, 0);
}

static void what_cools_is_known_to_be_cold(void **state)
{
    (void)state;
    DEFER(hot_clear) struct hot hot = {0};
    for (uint64_t i = 0; i < 30; i++)
        assert_ok(hot_append(&hot, stream_of(&hot, i % 3), i, (int64_t)i));
    hot_cool(&hot, 19);
    assert_int_equal(hot.count, 10);
    assert_int_equal(stream_of(&hot, 0)->cold_end, 18 + 1);
    assert_int_equal(stream_of(&hot, 1)->cold_end, 19 + 1);
    assert_int_equal(stream_of(&hot, 2)->cold_end, 17 + 1);
    assert_true(stream_of(&hot, 2)->cold_known);
    assert_int_equal(hot_seek(stream_of(&hot, 2), 0)->seq, 20);
}

static size_t busy_streams(const struct hot *hot)
{
    size_t streams = 0, entries = 0;
    for (const struct hot_stream *s = hot->busy; s != NULL; s = s->after, streams++) {
        assert_true(s->count > 0);
        assert_true(s->after == NULL || s->after->before == s);
        entries += s->count;
    }
    assert_int_equal(entries, hot->count);
    return streams;
}

static void only_streams_with_entries_are_looked_at_to_cool(void **state)
{
    (void)state;
    DEFER(hot_clear) struct hot hot = {0};
    uint32_t dice = 1;
    for (int64_t place = 1; place <= 3000; place++) {
        dice = dice * 1664525 + 1013904223;
        struct hot_stream *stream = stream_of(&hot, (dice >> 8) % 50);
        assert_ok(hot_append(&hot, stream, (uint64_t)place, place));
        stream = stream_of(&hot, (dice >> 16) % 50);
        if (stream->count > 0)
            hot_take_first(&hot, stream);
        if (place % 100 == 0)
            hot_cool(&hot, place - 60);
        size_t busy = 0;
        for (uint64_t i = 0; i < 50; i++)
            busy += stream_of(&hot, i)->count > 0;
        assert_int_equal(busy_streams(&hot), busy);
    }
    hot_cool(&hot, 3000);
    assert_int_equal(busy_streams(&hot), 0);
}

static void streams_without_entries_are_forgotten_in_the_end(void **state)
{
    (void)state;
    DEFER(hot_clear) struct hot hot = {0};
    for (uint64_t i = 0; i < 100000; i++) {
        struct hot_stream *stream = stream_of(&hot, i);
        stream->cold_known = true;
        if (i % 1000 == 0)
            assert_ok(hot_append(&hot, stream, 1, (int64_t)i));
        assert_true(hot.streams.count <= 16384 + 101);
    }
    for (uint64_t i = 0; i < 100000; i += 1000)
        assert_int_equal(hot_seek(stream_of(&hot, i), 0)->place, i);
    assert_false(stream_of(&hot, 1)->cold_known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_is_found_by_its_seq_or_the_next_one),
        cmocka_unit_test(entries_leave_at_the_front_and_room_is_used_again),
        cmocka_unit_test(what_cools_is_known_to_be_cold),
        cmocka_unit_test(only_streams_with_entries_are_looked_at_to_cool),
        cmocka_unit_test(streams_without_entries_are_forgotten_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
