#include "core/stream.h"

#include "talk.h"

/* --- appending, pushing, reading --- */

static void what_one_says_the_others_hear_once(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    assert_int_equal(says(&c, 1, "hello"), 2);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    for (size_t who = 0; who < 3; who += 2) {
        assert_int_equal(heard(&c, who, PROTO_ENTRY), 1);
        struct proto_entry entry = heard_entry(&c, who, 0);
        assert_int_equal(entry.seq, 2);
        assert_int_equal(entry.kind, ENTRY_APPLICATION);
        assert_true(text_is(&entry, "hello"));
        assert_int_equal(entry.at_ms, WALL_MS);
        assert_int_equal(nth(&c, who, PROTO_ENTRY, 0).request, 0);
    }
    chat_clear(&c);
}

static void a_push_is_the_same_bytes_for_all(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    says(&c, 0, "hello");
    const struct core_effects *fx = &world(&c)->fx;
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < fx->count; i++)
        if (fx->list[i].kind == CORE_SEND && fx->list[i].connection != connection_of(0)) {
            assert_true(at == SIZE_MAX || at == fx->list[i].at);
            at = fx->list[i].at;
            assert_true(fx->list[i].held);
        }
    assert_true(at != SIZE_MAX);
    chat_clear(&c);
}

/* Two talk; the second is away while the first says this, from entry 2 on. */
static struct chat talk_while_away(int count)
{
    struct chat c = talk_of(no_limits(), 2);
    go_out(&c, 1);
    for (int i = 0; i < count; i++)
        says(&c, 0, "0123456789012345678901234567890123456789");
    return c;
}

/* And comes back to read what it missed, without listening. */
static struct chat talk_read_later(void)
{
    struct chat c = talk_while_away(1);
    come_in(&c, 1);
    ask_read(&c, 1, 1, 100000);
    return c;
}

static void who_does_not_listen_reads_later_in_pages(void **state)
{
    (void)state;
    struct chat c = talk_while_away(10);
    come_in(&c, 1);
    ask_read(&c, 1, 1, 300);
    size_t first = heard(&c, 1, PROTO_ENTRY);
    assert_true(first > 1 && first < 10);
    struct proto_read_end end = heard_end(&c, 1);
    assert_int_equal(end.next, 1 + first);
    assert_int_equal(end.head, 11);
    assert_int_equal(end.live, 0);
    assert_int_equal(nth(&c, 1, PROTO_ENTRY, 0).request, 33);
    ask_read(&c, 1, end.next, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 10 - first);
    assert_int_equal(heard_end(&c, 1).next, 11);
    chat_clear(&c);
}

static void one_entry_comes_however_few_bytes_were_asked_for(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    says(&c, 0, "hello");
    ask_read(&c, 1, 0, 0);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    assert_int_equal(heard_end(&c, 1).next,
                     2); /* it was added by the first entry, and reads what comes after it */
    chat_clear(&c);
}

static void who_reads_to_the_head_while_listening_is_pushed_the_rest(void **state)
{
    (void)state;
    struct chat c = talk_while_away(1);
    come_and_listen(&c, 1);
    says(&c, 0, "two");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0); /* it has not read what came before */
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2);
    assert_int_equal(heard_end(&c, 1).live, 1);
    says(&c, 0, "three");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void who_listens_first_reads_in_pages_and_then_misses_nothing(void **state)
{
    (void)state;
    struct chat c = talk_while_away(3);
    come_and_listen(&c, 1);
    ask_read(&c, 1, 1, 100);
    assert_int_equal(heard_end(&c, 1).live, 0);
    uint64_t next = heard_end(&c, 1).next;
    assert_true(next < 4);
    assert_int_equal(says(&c, 0, "between two pages"), 5);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    ask_read(&c, 1, next, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 5 - next);
    assert_int_equal(heard_end(&c, 1).live, 1);
    assert_int_equal(says(&c, 0, "after them"), 6); /* nothing of it was acknowledged */
    assert_int_equal(heard_entry(&c, 1, 0).seq, 6);
    chat_clear(&c);
}

/* What it has read and not acknowledged the server takes for unread, so it has to read once more: read_end said that it is not live. */
static void who_reads_before_it_listens_has_to_read_again(void **state)
{
    (void)state;
    struct chat c = talk_read_later();
    assert_int_equal(heard_end(&c, 1).next, 2);
    assert_int_equal(heard_end(&c, 1).live, 0);
    ask_listen(&c, 1, 1000000);
    says(&c, 0, "two");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    ask_read(&c, 1, 2, 100000);
    assert_int_equal(heard_entry(&c, 1, 0).seq, 3);
    assert_int_equal(heard_end(&c, 1).live, 1);
    says(&c, 0, "three");
    assert_int_equal(heard_entry(&c, 1, 0).seq, 4);
    chat_clear(&c);
}

static void who_has_acknowledged_all_before_it_listens_is_pushed_at_once(void **state)
{
    (void)state;
    struct chat c = talk_read_later();
    ask_ack(&c, 1, 2);
    ask_listen(&c, 1, 1000000);
    says(&c, 0, "two");
    assert_int_equal(heard_entry(&c, 1, 0).seq, 3);
    chat_clear(&c);
}

static void wrote(struct chat *c, size_t who, uint64_t bytes)
{
    step(world(c), (struct core_event){
                       .kind = CORE_WRITTEN, .connection = connection_of(who), .written = bytes});
}

/* Of which the core is to be told when they are written. */
static uint64_t pushed_bytes(struct chat *c, size_t who)
{
    const struct core_effects *fx = &world(c)->fx;
    uint64_t bytes = 0;
    for (size_t i = 0; i < fx->count; i++)
        if (fx->list[i].pushed && fx->list[i].connection == connection_of(who))
            bytes += fx->list[i].len;
    return bytes;
}

static void without_credit_one_falls_behind_and_reads(void **state)
{
    (void)state;
    struct chat c = chat_of(no_limits(), 2);
    ask_create(&c, 0, c.stream);
    commits(&c, 0, (struct wish){.add = {1}, .add_count = 1});
    ask_listen(&c, 1, 150);
    says(&c, 0, "0123456789012345678901234567890123456789");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    says(&c, 0, "0123456789012345678901234567890123456789");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    assert_int_equal(heard(&c, 1, PROTO_BEHIND), 1);
    says(&c, 0, "0123456789012345678901234567890123456789");
    assert_int_equal(heard(&c, 1, PROTO_BEHIND), 0); /* said once */
    ask_listen(&c, 1, 1000);
    says(&c, 0, "more credit alone does not help");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    ask_read(&c, 1, 2, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 3);
    says(&c, 0, "now");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void who_does_not_take_in_what_is_pushed_falls_behind_whatever_its_credit(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.output_bytes = 200;
    struct chat c = talk_of(limits, 2);
    wrote(&c, 1, UINT64_MAX); /* the commit, and more than there was */
    uint64_t pushed = 0;
    while (pushed < limits.output_bytes) {
        says(&c, 0, "0123456789012345678901234567890123456789");
        assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
        pushed += pushed_bytes(&c, 1);
    }
    says(&c, 0, "one too many");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    assert_int_equal(heard(&c, 1, PROTO_BEHIND), 1);
    assert_int_equal(pushed_bytes(&c, 1), 0);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard_end(&c, 1).live, 1);
    assert_int_equal(pushed_bytes(&c, 1), 0); /* it asked for that */
    says(&c, 0, "still nothing was written");
    assert_int_equal(heard(&c, 1, PROTO_BEHIND), 1);
    wrote(&c, 1, 100);
    ask_read(&c, 1, 1, 100000);
    says(&c, 0, "it goes on");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void strangers_and_unknown_streams_get_one_answer(void **state)
{
    (void)state;
    struct chat c = chat_of(no_limits(), 3);
    ask_create(&c, 0, c.stream);
    ask_read(&c, 2, 0, 1000);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    ask_append(&c, 2, "let me in");
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    c.stream[0] ^= 1;
    ask_read(&c, 2, 0, 1000);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    chat_clear(&c);
}

static void a_stream_is_made_once(void **state)
{
    (void)state;
    struct chat c = chat_of(no_limits(), 2);
    ask_create(&c, 0, c.stream);
    heard_appended(&c, 0);
    ask_create(&c, 1, c.stream);
    heard_error(&c, 1, SOTTO_E_EXISTS);
    chat_clear(&c);
}

/* --- epochs --- */

/* A hundred at once, and then a hundred a day. One that was there already counts for nothing. */
static void conversations_made_are_limited_for_each_account(void **state)
{
    (void)state;
    const struct limits defaults = limits_default();
    struct limits limits = no_limits();
    uint8_t stream[STREAM_ID] = {0};
    limits.groups = defaults.groups;
    assert_true(limits.groups == 100 && limits.groups * limits.group_ms == 86400000);
    struct chat c = chat_of(limits, 2);
    for (uint8_t i = 0; i < 100; i++) {
        stream[0] = i + 1;
        ask_create(&c, 0, stream);
        heard_appended(&c, 0);
        ask_create(&c, 0, stream);
        heard_error(&c, 0, i < 99 ? SOTTO_E_EXISTS : SOTTO_E_RATE);
    }
    stream[0] = 101;
    ask_create(&c, 0, stream);
    heard_error(&c, 0, SOTTO_E_RATE);
    ask_create(&c, 1, stream); /* somebody else */
    heard_appended(&c, 1);
    later(&c.town, limits.group_ms);
    stream[0] = 102;
    ask_create(&c, 0, stream);
    heard_appended(&c, 0);
    stream[0] = 103;
    ask_create(&c, 0, stream);
    heard_error(&c, 0, SOTTO_E_RATE);
    chat_clear(&c);
}

static void an_append_may_be_three_epochs_behind_and_none_ahead(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    for (int i = 0; i < 4; i++)
        commits(&c, 0, (struct wish){0});
    uint64_t head = says(&c, 0, "now"), epoch = c.epoch;
    c.epoch = epoch - 3;
    assert_int_equal(says(&c, 0, "three behind"), head + 1);
    c.epoch = epoch - 4;
    ask_append(&c, 0, "four behind");
    heard_error(&c, 0, SOTTO_E_EPOCH);
    c.epoch = epoch + 1;
    ask_append(&c, 0, "ahead");
    heard_error(&c, 0, SOTTO_E_EPOCH);
    c.epoch = epoch;
    assert_int_equal(says(&c, 0, "nothing of it was stored"), head + 2);
    chat_clear(&c);
}

/* --- cursors --- */

/* Entries that are stored, apart from the welcome that each but the first has in the inbox. */
static size_t waiting(struct chat *c)
{
    return core_count(world(c)->core).queued - (c->count - 1);
}

static void what_all_have_read_is_dropped(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    for (int i = 0; i < 5; i++)
        says(&c, 0, "hello");
    assert_int_equal(waiting(&c), 5); /* the commit is read: who was added came after it */
    ask_ack(&c, 1, 4);
    assert_int_equal(waiting(&c), 5);
    ask_ack(&c, 2, 3);
    assert_int_equal(waiting(&c), 3);
    ask_ack(&c, 2, 1000); /* no further than the head */
    ask_ack(&c, 2, 1);    /* nor back */
    ask_ack(&c, 1, 6);
    assert_int_equal(waiting(&c), 0);
    assert_int_equal(says(&c, 0, "more"), 7);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void who_leaves_holds_nothing_back(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    says(&c, 0, "hello");
    ask_ack(&c, 1, 2);
    assert_int_equal(waiting(&c), 1);
    ask_unsubscribe(&c, 2);
    got_ok(world(&c), connection_of(2), 35);
    assert_int_equal(waiting(&c), 0);
    says(&c, 0, "more");
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 0);
    ask_read(&c, 2, 0, 1000);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    chat_clear(&c);
}

static struct proto_stream_list streams_of(struct chat *c, size_t who,
                                           const uint8_t after[STREAM_ID])
{
    struct proto_stream_list list = {0};
    sotto_buf frame = {0};
    assert_ok(proto_streams_write(39, after, &frame));
    tell(&c->town, connection_of(who), &frame);
    assert_ok(proto_stream_list_read(nth(c, who, PROTO_STREAM_LIST, 0).body, &list));
    return list;
}

static void the_list_of_streams_says_where_one_stands(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    static const uint8_t first[STREAM_ID];
    says(&c, 0, "hello");
    struct proto_stream_list list = streams_of(&c, 1, first);
    assert_int_equal(list.streams.count, 2);
    assert_int_equal(list.more, 0);
    struct rd r = rd_of(list.streams.bytes);
    struct proto_listed_stream inbox = proto_listed_stream_next(&r);
    struct proto_listed_stream talk = proto_listed_stream_next(&r);
    assert_int_equal(inbox.kind, STREAM_INBOX);
    assert_int_equal(inbox.head, 1); /* the welcome */
    assert_int_equal(talk.kind, STREAM_CONVERSATION);
    assert_memory_equal(talk.stream, c.stream, STREAM_ID);
    assert_int_equal(talk.cursor, 1);
    assert_int_equal(talk.head, 2);
    assert_int_equal(talk.epoch, 1);
    assert_int_equal(talk.first, 2);
    assert_int_equal(talk.live, 1);
    list = streams_of(&c, 1, inbox.stream);
    assert_int_equal(list.streams.count, 1);
    chat_clear(&c);
}

/* --- limits --- */

static void sends_are_limited_and_the_number_can_be_used_again(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.sends = 3;
    struct chat c = talk_of(limits, 2);
    for (int i = 0; i < 3; i++)
        says(&c, 0, "hello");
    ask_append(&c, 0, "one too many");
    heard_error(&c, 0, SOTTO_E_RATE);
    assert_int_equal(limited(&c.town.w, RATE_SEND), 1);
    assert_int_equal(says(&c, 1, "others go on"), 5);
    later(&c.town, 500);
    c.voices[0].op--; /* RATE did not use it up */
    assert_int_equal(says(&c, 0, "one too many"), 6);
    chat_clear(&c);
}

static void bytes_are_limited(void **state)
{
    (void)state;
    static const uint8_t large[60000];
    struct limits limits = no_limits();
    limits.send_kib = 128;
    struct chat c = talk_of(limits, 2);
    ask_append_kind(&c, 0, ENTRY_APPLICATION, VIEW_OF(large));
    heard_appended(&c, 0);
    ask_append_kind(&c, 0, ENTRY_APPLICATION, VIEW_OF(large));
    heard_appended(&c, 0);
    ask_append_kind(&c, 0, ENTRY_APPLICATION, VIEW_OF(large));
    heard_error(&c, 0, SOTTO_E_RATE);
    assert_int_equal(limited(&c.town.w, RATE_SEND_KIB), 1);
    assert_int_equal(limited(&c.town.w, RATE_SEND), 0);
    chat_clear(&c);
}

static void while_the_disk_is_full_reading_goes_on(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    says(&c, 0, "before");
    step(world(&c), (struct core_event){.kind = CORE_SPACE, .full = true});
    ask_append(&c, 0, "hello");
    heard_error(&c, 0, SOTTO_E_DISK_FULL);
    ask_commit(&c, 0, (struct wish){0});
    heard_error(&c, 0, SOTTO_E_DISK_FULL);
    uint8_t other[STREAM_ID] = {7};
    ask_create(&c, 0, other);
    heard_error(&c, 0, SOTTO_E_DISK_FULL);
    ask_read(&c, 1, 1, 1000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    ask_ack(&c, 1, 2);
    assert_int_equal(waiting(&c), 0);
    step(world(&c), (struct core_event){.kind = CORE_SPACE, .full = false});
    c.voices[0].op -= 3; /* none was used up */
    assert_int_equal(says(&c, 0, "hello"), 3);
    chat_clear(&c);
}

/* --- memory --- */

static size_t streams_in_memory(struct chat *c)
{
    return world(c)->core->streams->by_number.count;
}

static void an_idle_server_has_written_all_and_keeps_nothing(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    for (int i = 0; i < 5; i++)
        says(&c, 0, "hello");
    assert_true(streams_in_memory(&c) > 0);
    wait_for(&c, 5000);
    assert_int_equal(streams_in_memory(&c), 0);
    assert_int_equal(world(&c)->core->streams->answers.count, 0);
    view key, value;
    assert_err(store_next(c.town.store, STORE_JOURNAL, (view){0}, (view){0}, &key, &value),
               NOTFOUND);
    says(&c, 1, "and all listen as before");
    assert_int_equal(heard(&c, 0, PROTO_ENTRY), 1);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void a_stream_stays_while_somebody_who_listens_is_behind(void **state)
{
    (void)state;
    struct chat c = talk_while_away(1);
    come_and_listen(&c, 1);
    wait_for(&c, 5000);
    assert_int_equal(streams_in_memory(&c), 2); /* the inbox with the welcome is another one */
    says(&c, 0, "more");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    go_out(&c, 1);
    wait_for(&c, 5000);
    assert_int_equal(streams_in_memory(&c), 0);
    chat_clear(&c);
}

/* --- durability --- */

static void what_was_committed_outlives_a_crash(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    says(&c, 0, "one");
    says(&c, 0, "two");
    ask_ack(&c, 1, 2);
    crash(&c);
    assert_int_equal(waiting(&c), 1);
    come_and_listen(&c, 1);
    ask_read(&c, 1, 0, 1000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1 + 1);
    struct proto_entry lost = heard_entry(&c, 1, 0), entry = heard_entry(&c, 1, 1);
    assert_int_equal(lost.kind, ENTRY_LOST); /* it has acknowledged that one itself */
    assert_int_equal(lost.seq, 2);
    assert_true(text_is(&entry, "two"));
    come_in(&c, 0);
    assert_int_equal(says(&c, 0, "three"), 4);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    chat_clear(&c);
}

/* Where the list of streams says that one stands in the conversation, which is the last that was made. */
static struct proto_listed_stream standing_of(struct chat *c, size_t who)
{
    static const uint8_t first[STREAM_ID];
    struct proto_listed_stream item = {0};
    struct proto_stream_list list = streams_of(c, who, first);
    struct rd r = rd_of(list.streams.bytes);
    while (rd_more(&r))
        item = proto_listed_stream_next(&r);
    return item;
}

static void a_cursor_outlives_a_crash_and_its_rows_hold_it_later(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    for (int i = 0; i < 4; i++)
        says(&c, 0, "hello");
    ask_ack(&c, 1, 4);
    for (int written = 0; written < 2; written++) {
        crash(&c);
        come_in(&c, 1);
        come_in(&c, 2);
        assert_int_equal(standing_of(&c, 1).cursor, 4);
        assert_int_equal(standing_of(&c, 2).cursor, 1);
        assert_int_equal(standing_of(&c, 2).first, 2);
        wait_for(&c, 5000);
    }
    chat_clear(&c);
}

static void what_was_not_committed_is_undone(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    says(&c, 0, "one");
    sotto_buf frame =
        append_frame(&c, c.voices[0].op + 1, ENTRY_APPLICATION, c.epoch, VIEW_LIT("two"));
    say(world(&c), connection_of(0), buf_view(&frame));
    assert_true(core_is_dirty(world(&c)->core));
    core_effects_reset(&world(&c)->fx);
    assert_ok(core_rollback(world(&c)->core, SOTTO_E_DISK_FULL, world(&c)->now_ms, &world(&c)->fx));
    got_bye(world(&c), connection_of(0), SOTTO_E_DISK_FULL);
    got_bye(world(&c), connection_of(1), SOTTO_E_DISK_FULL);
    come_in(&c, 0);
    assert_int_equal(says(&c, 0, "two again"), 3);
    buf_clear(&frame);
    chat_clear(&c);
}

/* Else each try would put out whoever came again, and a full disk would keep the server busy. */
static void what_time_brings_to_a_full_disk_rests_for_a_minute(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    struct world *w = world(&c);
    says(&c, 0, "one");
    core_effects_reset(&w->fx);
    store_memory_fail(c.town.store, SOTTO_E_DISK_FULL, 0);
    assert_ok(core_rollback(w->core, SOTTO_E_DISK_FULL, w->now_ms, &w->fx));
    for (int i = 0; i < 59; i++) {
        tick(w, w->now_ms + 1000);
        assert_false(core_is_dirty(w->core));
        assert_true(core_next_ms(w->core) > w->now_ms);
    }
    store_memory_fail(c.town.store, SOTTO_OK, 0);
    tick(w, w->now_ms + 1000);
    assert_true(core_is_dirty(w->core));
    settle(&c.town);
    come_in(&c, 0);
    assert_int_equal(says(&c, 0, "two"), 3);
    chat_clear(&c);
}

static void on_a_full_disk_what_was_known_is_read_again_without_writing(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.retention_s = 100;
    struct chat c = talk_of(limits, 3);
    struct world *w = world(&c);
    ask_unsubscribe(&c, 2);
    settle(&c.town);
    w->now_ms += 250000; /* nothing is known of who left then */
    says(&c, 0, "one");
    core_effects_reset(&w->fx);
    store_memory_fail(c.town.store, SOTTO_E_DISK_FULL, 0);
    assert_ok(core_rollback(w->core, SOTTO_E_DISK_FULL, w->now_ms, &w->fx));
    assert_false(core_is_dirty(w->core));
    store_memory_fail(c.town.store, SOTTO_OK, 0);
    come_in(&c, 0);
    says(&c, 0, "two");
    static const uint8_t first[STREAM_ID];
    come_and_listen(&c, 2);
    assert_int_equal(streams_of(&c, 2, first).streams.count, 1); /* its inbox */
    chat_clear(&c);
}

static void a_crash_after_many_commits_replays_a_bounded_journal(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    for (int i = 0; i < 3000; i++) {
        says(&c, (size_t)i % 2, "hello");
        if (i % 7 == 0)
            ask_ack(&c, 2, (uint64_t)i);
    }
    const struct streams *all = world(&c)->core->streams;
    assert_true(all->journal_next - all->journal_first <= JOURNAL_LIVES + 1);
    crash(&c);
    for (size_t i = 0; i < 3; i++)
        come_in(&c, i);
    assert_int_equal(says(&c, 0, "after"), 3002);
    ask_read(&c, 2, 2998, 100000);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 4);
    chat_clear(&c);
}

/* One commit for so many messages of one device. */
static void says_at_once(struct chat *c, size_t who, int count)
{
    for (int i = 0; i < count; i++) {
        sotto_buf frame = append_frame(c, ++c->voices[who].op, ENTRY_APPLICATION, c->epoch,
                                       VIEW_LIT("one of many"));
        say(world(c), connection_of(who), buf_view(&frame));
        buf_clear(&frame);
    }
    says(c, who, "the last");
    core_effects_reset(&world(c)->fx);
}

static void commits_with_much_in_them_make_a_journal_of_fewer_rows(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    const struct streams *all = world(&c)->core->streams;
    for (int i = 0; i < 400; i++) {
        says_at_once(&c, 0, 200); /* 51 bytes each: the row counts as three */
        assert_true(all->journal_next - all->journal_first <= JOURNAL_LIVES / 4 / 3 + 2);
    }
    uint64_t head = says(&c, 0, "before");
    crash(&c);
    come_in(&c, 0);
    assert_int_equal(says(&c, 0, "after"), head + 1);
    chat_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_says_the_others_hear_once),
        cmocka_unit_test(a_push_is_the_same_bytes_for_all),
        cmocka_unit_test(who_does_not_listen_reads_later_in_pages),
        cmocka_unit_test(one_entry_comes_however_few_bytes_were_asked_for),
        cmocka_unit_test(who_reads_to_the_head_while_listening_is_pushed_the_rest),
        cmocka_unit_test(who_listens_first_reads_in_pages_and_then_misses_nothing),
        cmocka_unit_test(who_reads_before_it_listens_has_to_read_again),
        cmocka_unit_test(who_has_acknowledged_all_before_it_listens_is_pushed_at_once),
        cmocka_unit_test(without_credit_one_falls_behind_and_reads),
        cmocka_unit_test(who_does_not_take_in_what_is_pushed_falls_behind_whatever_its_credit),
        cmocka_unit_test(strangers_and_unknown_streams_get_one_answer),
        cmocka_unit_test(a_stream_is_made_once),
        cmocka_unit_test(conversations_made_are_limited_for_each_account),
        cmocka_unit_test(an_append_may_be_three_epochs_behind_and_none_ahead),
        cmocka_unit_test(what_all_have_read_is_dropped),
        cmocka_unit_test(who_leaves_holds_nothing_back),
        cmocka_unit_test(the_list_of_streams_says_where_one_stands),
        cmocka_unit_test(sends_are_limited_and_the_number_can_be_used_again),
        cmocka_unit_test(bytes_are_limited),
        cmocka_unit_test(while_the_disk_is_full_reading_goes_on),
        cmocka_unit_test(an_idle_server_has_written_all_and_keeps_nothing),
        cmocka_unit_test(a_stream_stays_while_somebody_who_listens_is_behind),
        cmocka_unit_test(what_was_committed_outlives_a_crash),
        cmocka_unit_test(a_cursor_outlives_a_crash_and_its_rows_hold_it_later),
        cmocka_unit_test(what_was_not_committed_is_undone),
        cmocka_unit_test(what_time_brings_to_a_full_disk_rests_for_a_minute),
        cmocka_unit_test(on_a_full_disk_what_was_known_is_read_again_without_writing),
        cmocka_unit_test(a_crash_after_many_commits_replays_a_bounded_journal),
        cmocka_unit_test(commits_with_much_in_them_make_a_journal_of_fewer_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
