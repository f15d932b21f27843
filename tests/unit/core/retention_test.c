#include "talk.h"

#define DAY_MS (UINT64_C(86400) * 1000)

static void after_thirty_days_an_entry_is_gone_read_or_not(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    go_out(&c, 1);
    for (int i = 0; i < 1000; i++)
        says(&c, 0, "old");
    wait_for(&c, 20 * DAY_MS);
    says(&c, 0, "newer");
    assert_int_equal(core_count(world(&c)->core).queued, 1002);
    wait_for(&c, 10000);
    uint64_t oldest_s = core_count(world(&c)->core).queue_oldest_s;
    wait_for(&c, 11 * DAY_MS);
    assert_int_equal(core_count(world(&c)->core).queued, 1);
    assert_in_range(core_count(world(&c)->core).queue_oldest_s, oldest_s + 20 * 86400 - 10,
                    oldest_s + 20 * 86400 + 10);
    come_in(&c, 1);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_LOST);
    assert_int_equal(heard_entry(&c, 1, 0).seq, 1001);
    struct proto_entry entry = heard_entry(&c, 1, 1);
    assert_true(text_is(&entry, "newer"));
    chat_clear(&c);
}

/* Two have read it all; the third was removed before it could. */
static struct chat talk_after_one_was_removed(void)
{
    struct chat c = talk_of(no_limits(), 3);
    go_out(&c, 1);
    says(&c, 0, "old");
    ask_ack(&c, 2, commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1}));
    return c;
}

static void who_was_removed_holds_back_what_it_could_read_alone(void **state)
{
    (void)state;
    struct chat c = talk_after_one_was_removed();
    wait_for(&c, 20 * DAY_MS);
    ask_ack(&c, 2, says(&c, 0, "newer"));
    assert_int_not_equal(core_count(world(&c)->core).queued, 0);
    wait_for(&c, 11 * DAY_MS);
    assert_int_equal(core_count(world(&c)->core).queued, 0);
    chat_clear(&c);
}

/* Before its entries are swept. */
static void who_is_forgotten_holds_back_nothing(void **state)
{
    (void)state;
    struct chat c = talk_after_one_was_removed();
    wait_for(&c, 60000); /* out of memory */
    world(&c)->core->config.limits.retention_s = 1;
    world(&c)->now_ms += 5000;
    uint64_t lost = core_count(world(&c)->core).lost_total;
    ask_ack(&c, 2, says(&c, 0, "newer"));
    assert_int_equal(core_count(world(&c)->core).queued, 3); /* welcomes and a notice */
    assert_int_equal(core_count(world(&c)->core).lost_total, lost);
    chat_clear(&c);
}

static void without_retention_nothing_grows_old(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.retention_s = 0;
    struct chat c = talk_of(limits, 2);
    says(&c, 0, "old");
    wait_for(&c, 400 * DAY_MS);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static size_t rows(struct chat *c, enum store_table table)
{
    size_t count = 0;
    struct row_key after = {0};
    view key, value;
    while (store_next(c->town.store, table, (view){0}, row_key_view(&after), &key, &value) ==
           SOTTO_OK) {
        after.len = key.len;
        memcpy(after.bytes, key.data, key.len);
        count++;
    }
    return count;
}

static void a_stream_that_nobody_reads_goes_in_a_month(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    commits(&c, 0, (struct wish){0});
    ask_unsubscribe(&c, 0);
    ask_unsubscribe(&c, 1);
    wait_for(&c, 29 * DAY_MS);
    assert_int_equal(rows(&c, STORE_STREAM), 3);
    wait_for(&c, 2 * DAY_MS);
    assert_int_equal(rows(&c, STORE_STREAM), 2); /* two inboxes */
    assert_int_equal(rows(&c, STORE_STREAM_BY_ID), 2);
    assert_int_equal(rows(&c, STORE_SUBSCRIPTION), 2);
    assert_int_equal(rows(&c, STORE_SUBSCRIBED), 2);
    assert_int_equal(rows(&c, STORE_LEFT), 0);
    assert_int_equal(rows(&c, STORE_HEADER), 0);
    assert_int_equal(rows(&c, STORE_STATE), 0);
    assert_int_equal(rows(&c, STORE_DUE), 0);
    assert_int_equal(rows(&c, STORE_JOURNAL), 0);
    chat_clear(&c);
}

static void who_subscribes_again_keeps_it(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    ask_unsubscribe(&c, 1);
    ask_unsubscribe(&c, 0);
    wait_for(&c, 10 * DAY_MS);
    ask_subscribe(&c, 0, c.token);
    heard_appended(&c, 0);
    wait_for(&c, 60 * DAY_MS);
    says(&c, 0, "still here");
    chat_clear(&c);
}

static void a_month_counts_from_when_the_last_one_left_for_good(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    ask_unsubscribe(&c, 1);
    ask_unsubscribe(&c, 0);
    wait_for(&c, 20 * DAY_MS);
    ask_subscribe(&c, 0, c.token);
    heard_appended(&c, 0);
    wait_for(&c, 5 * DAY_MS);
    ask_unsubscribe(&c, 0);
    wait_for(&c, 29 * DAY_MS);
    assert_int_equal(rows(&c, STORE_STREAM), 3);
    assert_int_equal(rows(&c, STORE_DUE), 1);
    wait_for(&c, 2 * DAY_MS);
    assert_int_equal(rows(&c, STORE_STREAM), 2);
    assert_int_equal(rows(&c, STORE_DUE), 0);
    chat_clear(&c);
}

static void without_retention_a_stream_that_nobody_reads_stays(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.retention_s = 0;
    struct chat c = talk_of(limits, 2);
    ask_unsubscribe(&c, 1);
    ask_unsubscribe(&c, 0);
    wait_for(&c, 400 * DAY_MS);
    ask_subscribe(&c, 0, c.token);
    heard_appended(&c, 0);
    ask_unsubscribe(&c, 0);
    world(&c)->core->config.limits.retention_s = 30 * UINT64_C(86400); /* from now on */
    wait_for(&c, 29 * DAY_MS);
    assert_int_equal(rows(&c, STORE_STREAM), 3);
    wait_for(&c, 2 * DAY_MS);
    assert_int_equal(rows(&c, STORE_STREAM), 2);
    chat_clear(&c);
}

/* The blob in which a snapshot stands goes with the stream, if nobody else asked for it so long. */
static void a_stream_lets_go_of_its_blobs(void **state)
{
    (void)state;
    static const uint8_t hash[PROTO_HASH] = {1, 2, 3};
    const struct blob_row none = {0}, row = {.size = 9, .account = 1, .asked_s = WALL_S + 86400};
    struct chat c = talk_of(no_limits(), 2);
    struct step s = {.core = world(&c)->core, .fx = &world(&c)->fx, .now_ms = world(&c)->now_ms};
    sotto_buf frame = {0};
    struct proto_state_put put = {.epoch = 1, .kind = STATE_SNAPSHOT, .blob = VIEW_OF(hash)};
    memcpy(put.stream, c.stream, STREAM_ID);
    assert_ok(blob_save(&s, VIEW_OF(hash), &none, &row));
    settle(&c.town);
    assert_ok(proto_state_put_write(42, &put, &frame));
    tell(&c.town, connection_of(1), &frame);
    got_ok(world(&c), connection_of(1), 42);
    ask_unsubscribe(&c, 0);
    ask_unsubscribe(&c, 1);
    wait_for(&c, 29 * DAY_MS);
    assert_int_equal(rows(&c, STORE_BLOB), 1);
    assert_int_equal(rows(&c, STORE_BLOB_EXPIRY), 0);
    wait_for(&c, 2 * DAY_MS);
    assert_int_equal(rows(&c, STORE_STREAM), 2);
    assert_int_equal(rows(&c, STORE_BLOB), 0);
    assert_int_equal(rows(&c, STORE_BLOB_EXPIRY), 0);
    assert_int_equal(rows(&c, STORE_BLOB_OF), 0);
    chat_clear(&c);
}

static void ask_streams(struct chat *c, size_t who)
{
    static const uint8_t first[STREAM_ID];
    sotto_buf frame = {0};
    assert_ok(proto_streams_write(39, first, &frame));
    tell(&c->town, connection_of(who), &frame);
    assert_int_equal(heard(c, who, PROTO_STREAM_LIST), 1);
}

static void a_device_does_not_pay_for_what_it_left(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    for (uint8_t i = 0; i < 7; i++) {
        (void)talk_change(&c, (struct talk){.stream = {9, i}, .token = 1});
        ask_create(&c, 2, c.stream);
        commits(&c, 2, (struct wish){0});
        ask_unsubscribe(&c, 2);
    }
    assert_int_equal(rows(&c, STORE_SUBSCRIPTION), 6 + 7);
    assert_int_equal(rows(&c, STORE_SUBSCRIBED), 6);
    assert_int_equal(rows(&c, STORE_LEFT), 7);
    ask_streams(&c, 2);
    assert_int_equal(connection_find(world(&c)->core, connection_of(2))->eighths, 0);
    chat_clear(&c);
}

static void who_comes_back_has_left_no_more(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    ask_unsubscribe(&c, 1);
    ask_unsubscribe(&c, 2);
    assert_int_equal(rows(&c, STORE_SUBSCRIBED), 4);
    assert_int_equal(rows(&c, STORE_LEFT), 2);
    ask_subscribe(&c, 1, c.token);
    heard_appended(&c, 1);
    assert_int_equal(rows(&c, STORE_SUBSCRIBED), 5);
    assert_int_equal(rows(&c, STORE_LEFT), 1);
    commits(&c, 0, (struct wish){.add = {2}, .add_count = 1});
    assert_int_equal(rows(&c, STORE_SUBSCRIBED), 6);
    assert_int_equal(rows(&c, STORE_LEFT), 0);
    chat_clear(&c);
}

/* By a commit that removes it, with time, with the device. */
static void what_tells_that_one_left_goes_with_its_row(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 4);
    struct person *p = &c.voices[3].person;
    for (size_t who = 1; who < 4; who++)
        ask_unsubscribe(&c, who);
    assert_int_equal(rows(&c, STORE_LEFT), 3);
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1});
    assert_int_equal(rows(&c, STORE_LEFT), 2);
    list_next(&c.town, p);
    list_set(&c.town, p, 0, DEVICE_REVOKED);
    list_sign(&c.town, p);
    ask_devices_put(&c.town, p, connection_of(3), NULL, 0);
    assert_int_equal(rows(&c, STORE_LEFT), 1);
    wait_for(&c, 61 * DAY_MS);
    says(&c, 0, "nobody is here"); /* reads the stream in */
    assert_int_equal(rows(&c, STORE_LEFT), 0);
    assert_int_equal(rows(&c, STORE_SUBSCRIPTION), 1 + 3); /* and the inboxes */
    chat_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_thirty_days_an_entry_is_gone_read_or_not),
        cmocka_unit_test(who_was_removed_holds_back_what_it_could_read_alone),
        cmocka_unit_test(who_is_forgotten_holds_back_nothing),
        cmocka_unit_test(without_retention_nothing_grows_old),
        cmocka_unit_test(a_stream_that_nobody_reads_goes_in_a_month),
        cmocka_unit_test(who_subscribes_again_keeps_it),
        cmocka_unit_test(a_month_counts_from_when_the_last_one_left_for_good),
        cmocka_unit_test(without_retention_a_stream_that_nobody_reads_stays),
        cmocka_unit_test(a_stream_lets_go_of_its_blobs),
        cmocka_unit_test(a_device_does_not_pay_for_what_it_left),
        cmocka_unit_test(who_comes_back_has_left_no_more),
        cmocka_unit_test(what_tells_that_one_left_goes_with_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
