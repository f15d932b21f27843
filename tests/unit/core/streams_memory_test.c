/* When memory runs out in the middle of a request about streams: at each allocation once. The server goes on as its shell has it - a
 * rollback if something was written, else an end of that connection - and who asks again is answered as if nothing had been. */
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

/* --- asking it --- */

/* One step and its commit, with all that the shell does about an error. */
static void ask_with_little_memory(struct chat *c, view frame, size_t allocations)
{
    struct world *w = world(c);
    struct core_event event = {
        .kind = CORE_FRAME, .connection = connection_of(BOB), .frame = frame};
    core_effects_clear(&w->fx);
    allocations_left = allocations;
    allocation_failed = false;
    sotto_err err = core_step(w->core, &event, w->now_ms, &w->rng, &w->fx);
    bool stepped = err == SOTTO_OK;
    if (stepped)
        err = core_commit(w->core, w->now_ms, &w->fx);
    allocations_left = SIZE_MAX;
    if (err == SOTTO_OK)
        return;
    assert_int_equal(err, SOTTO_E_NOMEM);
    core_effects_reset(&w->fx);
    if (!stepped && !core_is_dirty(w->core))
        go(w, connection_of(BOB), false, false);
    else
        assert_ok(core_rollback(w->core, err, w->now_ms, &w->fx));
}

/* Whether an allocation failed. */
static bool try_at(ask_fn *ask, size_t allocations)
{
    struct chat c = chat_of(no_limits(), 4);
    c.count = 3;
    converse(&c);
    c.count = 4;
    says(&c, 0, "before");
    wait_for(&c, 5000); /* nothing is in memory */
    go_out(&c, BOB);
    come_in(&c, BOB);
    sotto_buf frame = ask(&c);
    ask_with_little_memory(&c, buf_view(&frame), allocations);
    bool failed = allocation_failed;
    for (size_t who = 0; who < 3; who++)
        if (connection_find(world(&c)->core, connection_of(who)) == NULL)
            come_in(&c, who);
    if (failed) {
        say(world(&c), connection_of(BOB), buf_view(&frame));
        settle(&c.town);
        assert_int_equal(heard(&c, BOB, PROTO_ERROR), 0);
        assert_true(effects(world(&c), CORE_SEND, connection_of(BOB)) > 0);
    }
    uint64_t head = says(&c, 0, "after"); /* seq 3, or 4 if one more entry came: never more */
    assert_true(head == 3 || head == 4 || c.epoch != 1);
    buf_clear(&frame);
    chat_clear(&c);
    return failed;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    static ask_fn *const asks[] = {
        ask_to_append,   ask_to_commit,    ask_to_create, ask_to_read,  ask_to_listen,
        ask_for_streams, ask_to_put_state, ask_for_state, ask_to_leave, ask_to_send,
    };
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        size_t n = 0;
        while (try_at(asks[i], n))
            n++;
        print_message("request %zu: %zu allocations\n", i, n);
        assert_true(n > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
