/* When memory runs out, or the disk is full, in the middle of a request about streams: at each allocation once, and from each write on.
 * What a request changes is there as a whole or not at all: after a restart the store is, row by row, as it was, or as it is when nothing
 * fails; and it is the latter if and only if the request was answered. The server goes on as its shell has it - a rollback if something was
 * written, else an end of that connection - and who asks again is answered as if nothing had been. */
#include "../allocations.h"
#include "talk.h"

/* --- what bob asks --- */

#define BOB 1

typedef sotto_buf ask_fn(struct chat *c);

static sotto_buf ask_to_append(struct chat *c)
{
    return append_frame(c, ++c->voices[BOB].op, ENTRY_APPLICATION, c->epoch, VIEW_LIT("hello"));
}

static sotto_buf ask_to_commit(struct chat *c)
{
    struct commit_header header = {0};
    struct wish wish = {.add = {3}, .add_count = 1, .remove = {2}, .remove_count = 1};
    return commit_frame(c, BOB, &wish, &header);
}

static const uint8_t large[PROTO_HASH] = {1, 2, 3}; /* the hash of a blob that is here */

static sotto_buf ask_to_commit_blob(struct chat *c)
{
    struct commit_header header = {0};
    return commit_frame(c, BOB, &(struct wish){.blob = VIEW_OF(large)}, &header);
}

/* An entry and the stream's row. */
static sotto_buf ask_to_correct(struct chat *c)
{
    DEFER(buf_clear) sotto_buf correction = correction_of(c, BOB, c->epoch, 77);
    return append_frame(c, ++c->voices[BOB].op, ENTRY_TOKEN, c->epoch, buf_view(&correction));
}

static sotto_buf ask_to_create(struct chat *c)
{
    sotto_buf frame = {0};
    struct proto_stream_create create = {.op = ++c->voices[BOB].op, .stream = {5}};
    assert_ok(proto_stream_create_write(31, &create, &frame));
    return frame;
}

static sotto_buf ask_to_read(struct chat *c)
{
    sotto_buf frame = {0};
    struct proto_read read = {.max_bytes = 100000};
    memcpy(read.stream, c->stream, STREAM_ID);
    assert_ok(proto_read_write(33, &read, &frame));
    return frame;
}

static sotto_buf ask_to_listen(struct chat *c)
{
    sotto_buf frame = {0};
    (void)c;
    assert_ok(proto_listen_write(30, 1000, &frame));
    return frame;
}

static sotto_buf ask_for_streams(struct chat *c)
{
    static const uint8_t first[STREAM_ID];
    sotto_buf frame = {0};
    (void)c;
    assert_ok(proto_streams_write(39, first, &frame));
    return frame;
}

static sotto_buf ask_to_put_state(struct chat *c)
{
    sotto_buf frame = {0};
    struct proto_state_put put = {.epoch = 1, .kind = STATE_SNAPSHOT, .body = VIEW_LIT("all")};
    memcpy(put.stream, c->stream, STREAM_ID);
    assert_ok(proto_state_put_write(42, &put, &frame));
    return frame;
}

static sotto_buf ask_for_state(struct chat *c)
{
    sotto_buf frame = {0};
    struct proto_state_get get = {.from_epoch = 0};
    memcpy(get.stream, c->stream, STREAM_ID);
    assert_ok(proto_state_get_write(41, &get, &frame));
    return frame;
}

static sotto_buf ask_to_leave(struct chat *c)
{
    sotto_buf frame = {0};
    assert_ok(proto_unsubscribe_write(35, c->stream, &frame));
    return frame;
}

static sotto_buf ask_to_send(struct chat *c)
{
    sotto_buf frame = {0};
    const struct person *p = &c->voices[2].person;
    struct proto_inbox_send send = {.op = ++c->voices[BOB].op, .body = VIEW_LIT("hello")};
    memcpy(send.account_id, p->account.account_id, sizeof send.account_id);
    memcpy(send.device_id, p->gadgets[0].id, sizeof send.device_id);
    assert_ok(proto_inbox_send_write(37, &send, &frame));
    return frame;
}

/* --- what the store has --- */

#define STREAMS_MAX 20 /* no stream here has a higher number */

static void keep_table(struct store *store, enum store_table table, struct wr *w)
{
    uint8_t after[STORE_KEY_MAX];
    size_t len = 0;
    view key, value;
    while (store_next(store, table, (view){0}, view_of(after, len), &key, &value) == SOTTO_OK) {
        wr_opaque(w, view_str(store_table_name(table)));
        wr_opaque(w, key);
        wr_opaque(w, value);
        len = key.len;
        memcpy(after, key.data, len);
    }
}

static bool keep_entry(void *user, uint64_t seq, view body)
{
    wr_u64(user, seq);
    wr_opaque(user, body);
    return true;
}

/* All rows and entries after a restart, once what the journal had stands in its rows. Nobody is signed in then, and no time has passed. */
static sotto_buf picture_of(struct chat *c)
{
    struct store *store = c->town.store;
    const uint64_t now_ms = world(c)->now_ms;
    sotto_buf picture = {0};
    struct wr w = wr_to(&picture);
    crash(c);
    wait_for(c, 5000);
    for (int table = 1; table < STORE_TABLE_END; table++)
        if (table != STORE_JOURNAL)
            keep_table(store, (enum store_table)table, &w);
    for (uint64_t stream = 1; stream < STREAMS_MAX; stream++) {
        wr_u64(&w, stream);
        assert_ok(log_read(store, stream, 1, UINT64_MAX, keep_entry, &w));
    }
    assert_ok(wr_end(&w));
    world(c)->now_ms = now_ms;
    crash(c);
    return picture;
}

static void shows(struct chat *c, const sotto_buf *wanted)
{
    DEFER(buf_clear) sotto_buf picture = picture_of(c);
    assert_true(view_equal(buf_view(&picture), buf_view(wanted)));
}

/* --- asking it --- */

enum lack { MEMORY, DISK };

struct attempt {
    ask_fn *ask;
    enum lack lack;
    size_t after;        /* so many allocations, or writes, that succeed */
    bool restart;        /* the server is killed at once; else it goes on */
    sotto_buf was, done; /* the store before the request, and when nothing fails */
};

/* Three talk, of four. */
static void talk_before(struct chat *c)
{
    *c = chat_of(no_limits(), 4);
    c->count = 3;
    blob_store(c, large, 100000);
    converse(c);
    c->count = 4;
    says(c, 0, "before");
    wait_for(c, 5000); /* nothing is in memory */
    go_out(c, BOB);
    come_in(c, BOB);
}

/* One step and its commit, with all that the shell does about an error. */
static sotto_err ask_lacking(struct chat *c, view frame, const struct attempt *a)
{
    static const sotto_err errors[] = {[MEMORY] = SOTTO_E_NOMEM, [DISK] = SOTTO_E_DISK_FULL};
    struct world *w = world(c);
    struct core_event event = {
        .kind = CORE_FRAME, .connection = connection_of(BOB), .frame = frame};
    core_effects_clear(&w->fx);
    allocations_left = a->lack == MEMORY ? a->after : SIZE_MAX;
    allocation_failed = false;
    if (a->lack == DISK)
        store_memory_fail(c->town.store, SOTTO_E_DISK_FULL, a->after);
    sotto_err err = core_step(w->core, &event, w->now_ms, &w->rng, &w->fx);
    bool stepped = err == SOTTO_OK;
    if (stepped)
        err = core_commit(w->core, w->now_ms, &w->fx);
    allocations_left = SIZE_MAX;
    store_memory_fail(c->town.store, SOTTO_OK, 0);
    if (err == SOTTO_OK && allocation_failed && heard(c, BOB, PROTO_ERROR) > 0) {
        heard_error(c, BOB, SOTTO_E_NOMEM); /* by itself: he stays */
        assert_int_equal(w->fx.count, 1);
        return SOTTO_E_NOMEM;
    }
    if (err == SOTTO_OK || a->restart)
        return err;
    assert_int_equal(err, errors[a->lack]);
    core_effects_reset(&w->fx);
    if (!stepped && err != SOTTO_E_DISK_FULL && !core_is_broken(w->core))
        go(w, connection_of(BOB), false, false);
    else
        assert_ok(core_rollback(w->core, err, w->now_ms, &w->fx));
    return err;
}

/* Who is not there any more. */
static void come_again(struct chat *c)
{
    for (size_t who = 0; who < 3; who++)
        if (connection_find(world(c)->core, connection_of(who)) == NULL)
            come_in(c, who);
}

/* Whether something failed. */
static bool try_at(const struct attempt *a)
{
    struct chat c;
    talk_before(&c);
    sotto_buf frame = a->ask(&c);
    sotto_err err = ask_lacking(&c, buf_view(&frame), a);
    bool failed = err != SOTTO_OK;
    assert_true(failed || !allocation_failed);
    if (a->restart)
        shows(&c, failed ? &a->was : &a->done);
    come_again(&c);
    if (failed) {
        say(world(&c), connection_of(BOB), buf_view(&frame));
        settle(&c.town);
        assert_int_equal(heard(&c, BOB, PROTO_ERROR), 0);
        assert_true(effects(world(&c), CORE_SEND, connection_of(BOB)) > 0);
    }
    shows(&c, &a->done);
    come_again(&c);
    says(&c, 0, "after");
    buf_clear(&frame);
    chat_clear(&c);
    return failed;
}

/* The store before the request, and after it. */
static void pictures_take(struct attempt *a)
{
    struct chat c;
    talk_before(&c);
    a->was = picture_of(&c);
    come_again(&c);
    sotto_buf frame = a->ask(&c);
    say_buf(world(&c), connection_of(BOB), &frame);
    settle(&c.town);
    assert_int_equal(heard(&c, BOB, PROTO_ERROR), 0);
    a->done = picture_of(&c);
    chat_clear(&c);
}

static void fails_everywhere(ask_fn *ask, enum lack lack, bool restart)
{
    struct attempt a = {.ask = ask, .lack = lack, .restart = restart};
    pictures_take(&a);
    while (try_at(&a))
        a.after++;
    if (lack == DISK)
        assert_int_equal(a.after > 0, !view_equal(buf_view(&a.was), buf_view(&a.done)));
    else
        assert_true(a.after > 1);
    buf_clear(&a.was);
    buf_clear(&a.done);
}

static size_t rows_of(struct chat *c, enum store_table table)
{
    DEFER(buf_clear) sotto_buf rows = {0};
    struct wr w = wr_to(&rows);
    keep_table(c->town.store, table, &w);
    assert_ok(wr_end(&w));
    size_t count = 0;
    for (struct rd r = rd_of(buf_view(&rows)); rd_more(&r); count++)
        for (int field = 0; field < 3; field++)
            rd_opaque(&r, UINT32_MAX);
    return count;
}

/* So that a picture of the store is one of the whole bundle: header, group state and who reads, besides the entries. */
static void a_commit_is_many_rows(void **state)
{
    (void)state;
    static const enum store_table tables[] = {STORE_HEADER, STORE_STATE, STORE_SUBSCRIPTION,
                                              STORE_SUBSCRIBED};
    size_t before[COUNT_OF(tables)];
    struct chat c;
    talk_before(&c);
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        before[i] = rows_of(&c, tables[i]);
    sotto_buf frame = ask_to_commit(&c);
    tell(&c.town, connection_of(BOB), &frame);
    heard_appended(&c, BOB);
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        assert_int_equal(rows_of(&c, tables[i]), before[i] + 1);
    chat_clear(&c);
}

static ask_fn *const asks[] = {
    ask_to_append, ask_to_commit,   ask_to_commit_blob, ask_to_correct, ask_to_create, ask_to_read,
    ask_to_listen, ask_for_streams, ask_to_put_state,   ask_for_state,  ask_to_leave,  ask_to_send,
};

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++)
        fails_everywhere(asks[i], MEMORY, false);
}

/* One step with the allocation number `after` failing: whether it could not be done, and nothing has to be undone. */
static bool ends_for_want_of_memory(struct chat *c, view frame, size_t after)
{
    struct world *w = world(c);
    struct core_event event = {
        .kind = CORE_FRAME, .connection = connection_of(BOB), .frame = frame};
    core_effects_clear(&w->fx);
    allocations_left = after;
    sotto_err err = core_step(w->core, &event, w->now_ms, &w->rng, &w->fx);
    allocations_left = SIZE_MAX;
    return err != SOTTO_OK && !core_is_broken(w->core);
}

static void comes_again_and_asks_again(struct chat *c, const sotto_buf *frames, size_t count)
{
    go_out(c, BOB);
    come_in(c, BOB);
    for (size_t i = 0; i < count; i++) {
        say(world(c), connection_of(BOB), buf_view(&frames[i]));
        settle(&c->town);
        heard_appended(c, BOB);
    }
}

/* Of two in one batch the first can't be done: the second isn't either, and both are done when bob comes again. */
static bool rest_waits(size_t after)
{
    struct chat c;
    talk_before(&c);
    sotto_buf frames[2];
    for (size_t i = 0; i < COUNT_OF(frames); i++)
        frames[i] = ask_to_append(&c);
    bool ended = ends_for_want_of_memory(&c, buf_view(&frames[0]), after);
    if (ended) {
        say(world(&c), connection_of(BOB), buf_view(&frames[1]));
        assert_int_equal(world(&c)->fx.count, 0);
        settle(&c.town);
        comes_again_and_asks_again(&c, frames, COUNT_OF(frames));
    }
    buf_clear(&frames[0]);
    buf_clear(&frames[1]);
    chat_clear(&c);
    return ended;
}

static void what_comes_behind_a_request_that_was_not_done_is_not_done_either(void **state)
{
    (void)state;
    size_t after = 0;
    while (rest_waits(after))
        after++;
    assert_true(after > 1);
}

struct tally {
    size_t undone, answered;
};

/* Alice has spoken, in the same batch, when bob asks with the allocation number `after` failing: whether it failed. What she said is kept,
 * and she stays, unless bob's request had begun to write, or the store failed. */
static bool asks_behind_alice(ask_fn *ask, size_t after, struct tally *tally)
{
    struct chat c;
    talk_before(&c);
    struct world *w = world(&c);
    sotto_buf spoken = append_frame(&c, ++c.voices[0].op, ENTRY_APPLICATION, c.epoch,
                                    VIEW_LIT("in the same batch"));
    sotto_buf frame = ask(&c);
    say_buf(w, connection_of(0), &spoken);
    uint64_t said = core_count(w->core).messages_total;
    struct core_event event = {
        .kind = CORE_FRAME, .connection = connection_of(BOB), .frame = buf_view(&frame)};
    core_effects_clear(&w->fx);
    allocations_left = after;
    allocation_failed = false;
    sotto_err err = core_step(w->core, &event, w->now_ms, &w->rng, &w->fx);
    allocations_left = SIZE_MAX;
    bool failed = allocation_failed;
    tally->undone += core_is_broken(w->core);
    if (failed && !core_is_broken(w->core)) {
        if (err == SOTTO_OK) {
            heard_error(&c, BOB, SOTTO_E_NOMEM);
            tally->answered++;
        }
        assert_true(core_is_dirty(w->core));
        settle(&c.town);
        assert_int_equal(core_count(w->core).messages_total, said);
        assert_non_null(connection_find(w->core, connection_of(0)));
        crash(&c);
        come_in(&c, 0);
        assert_true(says(&c, 0, "next") > 1);
    }
    buf_clear(&frame);
    chat_clear(&c);
    return failed;
}

static void who_finds_no_memory_undoes_nothing_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        struct tally tally = {0};
        size_t after = 0;
        while (asks_behind_alice(asks[i], after, &tally))
            after++;
        bool reads =
            asks[i] == ask_to_read || asks[i] == ask_for_streams || asks[i] == ask_for_state;
        assert_true(tally.undone + tally.answered < after);
        assert_int_equal(tally.answered > 0, reads);
    }
}

static bool listens_in_vain(size_t after)
{
    struct chat c;
    talk_before(&c);
    sotto_buf frame = ask_to_listen(&c);
    bool ended = ends_for_want_of_memory(&c, buf_view(&frame), after);
    if (ended)
        assert_false(
            connection_find(world(&c)->core, connection_of(BOB))->device->streams.listening);
    buf_clear(&frame);
    chat_clear(&c);
    return ended;
}

static void who_could_not_listen_does_not(void **state)
{
    (void)state;
    size_t after = 0;
    while (listens_in_vain(after))
        after++;
    assert_true(after > 1);
}

static void the_server_may_be_killed_at_each_failed_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++)
        fails_everywhere(asks[i], MEMORY, true);
}

static void the_disk_may_be_full_at_each_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++)
        fails_everywhere(asks[i], DISK, false);
}

static void the_server_may_be_killed_at_each_failed_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++)
        fails_everywhere(asks[i], DISK, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_is_many_rows),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(what_comes_behind_a_request_that_was_not_done_is_not_done_either),
        cmocka_unit_test(who_finds_no_memory_undoes_nothing_of_others),
        cmocka_unit_test(who_could_not_listen_does_not),
        cmocka_unit_test(the_server_may_be_killed_at_each_failed_allocation),
        cmocka_unit_test(the_disk_may_be_full_at_each_write),
        cmocka_unit_test(the_server_may_be_killed_at_each_failed_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
