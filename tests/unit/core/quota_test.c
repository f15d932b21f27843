#include "talk.h"

static struct limits few(uint64_t entries)
{
    struct limits limits = no_limits();
    limits.queue_entries = entries;
    return limits;
}

static void over_the_quota_the_oldest_are_lost_and_the_reader_is_told(void **state)
{
    (void)state;
    struct chat c = talk_of(few(5), 2);
    uint64_t from = 0;
    go_out(&c, 1);
    for (int i = 0; i < 8; i++)
        says(&c, 0, "hello"); /* 2 to 9 */
    assert_int_equal(core_count(world(&c)->core).lost_total, 3);
    come_in(&c, 1);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1 + 5);
    struct proto_entry lost = heard_entry(&c, 1, 0);
    assert_int_equal(lost.kind, ENTRY_LOST);
    assert_int_equal(lost.seq, 4);
    assert_ok(proto_lost_entry_read(lost.body, &from));
    assert_int_equal(from, 2);
    assert_int_equal(heard_entry(&c, 1, 1).seq, 5);
    ask_ack(&c, 1, 9);
    assert_int_equal(core_count(world(&c)->core).queued, 1); /* the welcome */
    chat_clear(&c);
}

static void handshakes_are_never_lost(void **state)
{
    (void)state;
    struct chat c = talk_of(few(4), 2);
    uint64_t from = 0;
    go_out(&c, 1);
    says(&c, 0, "first");             /* 2 */
    commits(&c, 0, (struct wish){0}); /* 3 */
    for (int i = 0; i < 10; i++)
        says(&c, 0, "hello"); /* 4 to 13 */
    crash(&c);
    come_in(&c, 0);
    come_in(&c, 1);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 3 + 4);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_LOST);
    assert_int_equal(heard_entry(&c, 1, 0).seq, 2);
    assert_int_equal(heard_entry(&c, 1, 1).kind, ENTRY_COMMIT);
    struct proto_entry lost = heard_entry(&c, 1, 2);
    assert_int_equal(lost.kind, ENTRY_LOST);
    assert_int_equal(lost.seq, 9);
    assert_ok(proto_lost_entry_read(lost.body, &from));
    assert_int_equal(from, 4);
    assert_int_equal(heard_entry(&c, 1, 3).seq, 10);
    says(&c, 0, "it goes on after a crash");
    ask_read(&c, 1, 3, 100000);
    assert_int_equal(heard_entry(&c, 1, 0).seq, 10);
    chat_clear(&c);
}

static void bytes_count_as_entries_do(void **state)
{
    (void)state;
    static const uint8_t large[10000];
    struct limits limits = no_limits();
    limits.queue_bytes = 35000;
    struct chat c = talk_of(limits, 2);
    for (int i = 0; i < 5; i++) {
        ask_append_kind(&c, 0, ENTRY_APPLICATION, VIEW_OF(large));
        heard_appended(&c, 0);
    }
    assert_int_equal(core_count(world(&c)->core).lost_total, 2);
    ask_ack(&c, 1, 6);
    for (int i = 0; i < 3; i++) {
        ask_append_kind(&c, 0, ENTRY_APPLICATION, VIEW_OF(large));
        heard_appended(&c, 0);
    }
    assert_int_equal(core_count(world(&c)->core).lost_total, 2); /* what was read doesn't count */
    chat_clear(&c);
}

static void who_reads_in_time_loses_nothing(void **state)
{
    (void)state;
    struct chat c = talk_of(few(5), 2);
    for (int i = 0; i < 100; i++) {
        uint64_t seq = says(&c, 0, "hello");
        assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
        if (i % 4 == 3)
            ask_ack(&c, 1, seq);
    }
    assert_int_equal(core_count(world(&c)->core).lost_total, 0);
    chat_clear(&c);
}

/* --- more than one stream --- */

/* The first two talk alone, too; the chat goes on in the conversation of all: gives the other one. */
static struct talk two_alone(struct chat *c)
{
    struct talk talk = talk_change(c, (struct talk){.stream = {0xa1}, .token = 100});
    ask_create(c, 0, c->stream);
    commits(c, 0, (struct wish){.add = {1}, .add_count = 1});
    return talk_change(c, talk);
}

static void all_that_a_device_reads_is_added_up_and_the_oldest_goes(void **state)
{
    (void)state;
    struct chat c = talk_of(few(6), 2);
    struct talk alone = two_alone(&c);
    go_out(&c, 1);
    for (int i = 0; i < 4; i++) {
        says(&c, 0, "hello"); /* 2 to 5 */
        alone = talk_change(&c, alone);
        says(&c, 0, "psst"); /* 2 to 5 */
        alone = talk_change(&c, alone);
        later(&c.town, 1000);
    }
    assert_int_equal(core_count(world(&c)->core).lost_total, 2);
    come_in(&c, 1);
    for (int talk = 0; talk < 2; talk++) {
        ask_read(&c, 1, 1, 100000);
        assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1 + 3);
        assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_LOST);
        assert_int_equal(heard_entry(&c, 1, 0).seq, 2);
        assert_int_equal(heard_entry(&c, 1, 1).seq, 3);
        alone = talk_change(&c, alone);
    }
    chat_clear(&c);
}

static void what_one_loses_others_still_read(void **state)
{
    (void)state;
    uint64_t from = 0;
    struct chat c = talk_of(few(6), 3);
    struct talk alone = two_alone(&c);
    go_out(&c, 1);
    go_out(&c, 2);
    says(&c, 0, "one"); /* 2 */
    says(&c, 0, "two"); /* 3 */
    alone = talk_change(&c, alone);
    for (int i = 0; i < 6; i++)
        says(&c, 0, "psst");
    alone = talk_change(&c, alone);
    assert_int_equal(core_count(world(&c)->core).lost_total, 2);
    for (int crashes = 0; crashes < 2; crashes++) {
        come_in(&c, 1);
        ask_read(&c, 1, 1, 100000);
        assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
        struct proto_entry lost = heard_entry(&c, 1, 0);
        assert_int_equal(lost.kind, ENTRY_LOST);
        assert_int_equal(lost.seq, 3);
        assert_ok(proto_lost_entry_read(lost.body, &from));
        assert_int_equal(from, 2);
        come_in(&c, 2);
        ask_read(&c, 2, 1, 100000);
        assert_int_equal(heard(&c, 2, PROTO_ENTRY), 2);
        struct proto_entry entry = heard_entry(&c, 2, 0);
        assert_true(text_is(&entry, "one"));
        crash(&c);
    }
    uint64_t queued = core_count(world(&c)->core).queued;
    come_in(&c, 2);
    ask_ack(&c, 2, 3);
    assert_int_equal(core_count(world(&c)->core).queued, queued - 2); /* nobody waits for them */
    chat_clear(&c);
}

static void who_was_removed_and_reads_no_more_holds_back_as_little(void **state)
{
    (void)state;
    struct chat c = talk_of(few(5), 3);
    go_out(&c, 1);
    says(&c, 0, "one");                                              /* 2 */
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1}); /* 3 */
    for (int i = 0; i < 20; i++)
        ask_ack(&c, 2, says(&c, 0, "hello")); /* 4 to 23 */
    assert_int_equal(core_count(world(&c)->core).lost_total, 1);
    come_in(&c, 1);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_LOST);
    assert_int_equal(heard_entry(&c, 1, 1).kind, ENTRY_COMMIT);
    ask_ack(&c, 1, 3);
    assert_true(core_count(world(&c)->core).queued <= 4); /* welcomes, the notice, the last one */
    chat_clear(&c);
}

/* With the quota that there is by default a device is over it by a sixteenth now and then, and never by much more. */
static void a_large_quota_holds_about(void **state)
{
    (void)state;
    struct chat c = talk_of(few(320), 2);
    struct talk alone = two_alone(&c);
    go_out(&c, 1);
    for (int i = 0; i < 500; i++) {
        says(&c, 0, "hello");
        alone = talk_change(&c, alone);
        says(&c, 0, "psst");
        alone = talk_change(&c, alone);
        assert_true(core_count(world(&c)->core).queued <= 320 + 2 * 320 / 16 + 4);
    }
    assert_true(core_count(world(&c)->core).queued >= 320);
    chat_clear(&c);
}

/* --- devices of one account --- */

/* The second and third voice are two devices of one account: both read the conversation of all. */
static struct chat talk_of_three_devices(struct limits limits)
{
    struct chat c = chat_of(limits, 2);
    struct person *bob = &c.voices[1].person;
    second_device(&c.town, bob);
    ask_devices_put(&c.town, bob, connection_of(1), (const size_t[]){1}, 1);
    got_ok(world(&c), connection_of(1), 31);
    c.voices[2].person = *bob;
    c.voices[2].gadget = 1;
    c.count = 3;
    come_in(&c, 2);
    converse(&c);
    c.count = 2; /* the keys of the third are the second's */
    return c;
}

static void a_quota_is_for_each_device_and_not_for_all_of_an_account(void **state)
{
    (void)state;
    struct chat c = talk_of_three_devices(few(5));
    for (int i = 0; i < 5; i++) /* the first ones in place of the welcomes */
        says(&c, 0, "hello");
    assert_int_equal(core_count(world(&c)->core).lost_total, 0);
    says(&c, 0, "one too many");
    assert_int_equal(core_count(world(&c)->core).lost_total, 2); /* one of each device */
    chat_clear(&c);
}

static void what_one_device_leaves_the_other_of_its_account_does_not_lose(void **state)
{
    (void)state;
    struct chat c = talk_of_three_devices(few(5));
    uint64_t from = 0;
    go_out(&c, 2);
    for (uint64_t seq = 2; seq <= 21; seq++) {
        assert_int_equal(says(&c, 0, "hello"), seq);
        assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
        if (seq % 4 == 1)
            ask_ack(&c, 1, seq);
    }
    for (int i = 0; i < 4; i++)
        says(&c, 0, "for both"); /* 22 to 25 */
    assert_int_equal(core_count(world(&c)->core).lost_total, 19);
    for (int crashes = 0; crashes < 2; crashes++) {
        crash(&c);
        come_in(&c, 1);
        ask_read(&c, 1, 21, 100000);
        assert_int_equal(heard(&c, 1, PROTO_ENTRY), 4);
        assert_int_equal(heard_entry(&c, 1, 0).seq, 22);
        come_in(&c, 2);
        ask_read(&c, 2, 1, 100000);
        assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1 + 5);
        struct proto_entry lost = heard_entry(&c, 2, 0);
        assert_int_equal(lost.kind, ENTRY_LOST);
        assert_int_equal(lost.seq, 20);
        assert_ok(proto_lost_entry_read(lost.body, &from));
        assert_int_equal(from, 2);
    }
    chat_clear(&c);
}

/* --- what is lost first --- */

/* Both conversations have two entries that the second one has not read; it is gone. */
static struct talk two_wait_for_one_that_is_gone(struct chat *c)
{
    struct talk alone = two_alone(c);
    go_out(c, 1);
    for (int i = 0; i < 2; i++) {
        says(c, 0, "hello"); /* 2, 3 */
        alone = talk_change(c, alone);
        says(c, 0, "psst"); /* 2, 3 */
        alone = talk_change(c, alone);
    }
    later(&c->town, 1000);
    return alone;
}

static void two_are_read(struct chat *c)
{
    ask_read(c, 1, 1, 100000);
    assert_int_equal(heard(c, 1, PROTO_ENTRY), 2);
    assert_int_equal(heard_entry(c, 1, 0).kind, ENTRY_APPLICATION);
}

static void requests_are_lost_before_older_messages(void **state)
{
    (void)state;
    struct chat c = talk_of(few(6), 3);
    struct talk alone = two_wait_for_one_that_is_gone(&c);
    for (int i = 0; i < 30; i++)
        ask_inbox_send(&c, 2, 1, "know me?");
    come_in(&c, 1);
    two_are_read(&c);
    talk_change(&c, alone);
    two_are_read(&c);
    chat_clear(&c);
}

static void what_is_said_where_one_was_removed_takes_no_room_elsewhere(void **state)
{
    (void)state;
    struct chat c = talk_of(few(6), 3);
    struct talk alone = two_wait_for_one_that_is_gone(&c);
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1}); /* 4 */
    for (int i = 0; i < 30; i++)
        ask_ack(&c, 2, says(&c, 0, "not for one of you"));
    come_in(&c, 1);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_LOST);
    assert_int_equal(heard_entry(&c, 1, 1).kind, ENTRY_COMMIT);
    assert_int_equal(core_count(world(&c)->core).lost_total, 2);
    talk_change(&c, alone);
    two_are_read(&c);
    chat_clear(&c);
}

/* Its row is forgotten when the stream is next read in: here, while its queues are looked at. */
static void what_was_removed_a_month_ago_ends_no_look(void **state)
{
    (void)state;
    struct chat c = talk_of(few(6), 3);
    struct talk alone = two_wait_for_one_that_is_gone(&c);
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1});
    says(&c, 0, "not for one of you");
    wait_for(&c, 5000); /* it is in memory no more */
    later(&c.town, UINT64_C(30) * 86400 * 1000);
    talk_change(&c, alone);
    for (int i = 0; i < 10; i++)
        says(&c, 0, "psst"); /* 4 to 13 */
    come_in(&c, 1);
    ask_read(&c, 1, 1, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1 + 6);
    assert_int_equal(heard_entry(&c, 1, 1).seq, 8);
    chat_clear(&c);
}

/* --- inboxes --- */

static void a_request_reaches_the_inbox_with_its_sender(void **state)
{
    (void)state;
    struct chat c = chat_of(no_limits(), 2);
    struct proto_request_entry request = {0};
    ask_listen(&c, 1, 100000);
    ask_inbox_send(&c, 0, 1, "know me?");
    assert_int_equal(heard_appended(&c, 0).seq, 0);
    struct proto_entry entry = heard_entry(&c, 1, 0);
    assert_int_equal(entry.kind, ENTRY_REQUEST);
    assert_ok(proto_request_entry_read(entry.body, &request));
    assert_true(view_equal(request.body, VIEW_LIT("know me?")));
    assert_memory_equal(request.account_id, c.voices[0].person.account.account_id, ACCOUNT_ID);
    assert_memory_equal(request.device_id, c.voices[0].person.gadgets[0].id, DEVICE_ID);
    chat_clear(&c);
}

static void nobody_can_tell_whether_a_device_exists(void **state)
{
    (void)state;
    struct limits limits = few(2);
    limits.inbox_sends = 20;
    struct chat c = chat_of(limits, 2);
    c.voices[3].person = person_of(&c.town, "nobody@" HOST);
    for (size_t to = 1; to <= 3; to += 2) {
        for (int i = 0; i < 20; i++) {
            ask_inbox_send(&c, 0, to, "know me?");
            assert_int_equal(heard_appended(&c, 0).seq, 0);
        }
        ask_inbox_send(&c, 0, to, "know me?");
        heard_error(&c, 0, SOTTO_E_RATE);
    }
    assert_true(core_count(world(&c)->core).queued <= 3);
    person_clear(&c.voices[3].person);
    chat_clear(&c);
}

/* They stay however often the queue's quota passes them by: it says what is in the way of more. */
static void an_inbox_holds_so_many_bytes_of_welcomes(void **state)
{
    (void)state;
    static const uint8_t large[50000];
    struct limits limits = no_limits();
    limits.queue_bytes = 50000;
    const struct wish again = {.add = {1}, .add_count = 1, .welcome = VIEW_OF(large)};
    struct chat c = talk_of(limits, 2);
    struct proto_entry entry = {0};
    for (int crashes = 0; crashes < 2; crashes++) {
        for (int i = 0; i < 4; i++) {
            commits(&c, 0, again);
            assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2); /* the commit, and a welcome */
            entry = heard_entry(&c, 1, 1);
            assert_int_equal(entry.kind, ENTRY_WELCOME);
        }
        ask_commit(&c, 0, again);
        heard_error(&c, 0, SOTTO_E_QUOTA);
        crash(&c);
        come_in(&c, 0);
        come_in(&c, 1);
        ask_commit(&c, 0, again);
        heard_error(&c, 0, SOTTO_E_QUOTA);
        struct talk inbox = {0};
        memcpy(inbox.stream, entry.stream, STREAM_ID);
        struct talk talk = talk_change(&c, inbox);
        ask_ack(&c, 1, entry.seq);
        talk_change(&c, talk);
        ask_ack(&c, 1, UINT64_MAX);
        ask_listen(&c, 1, 1000000);
    }
    chat_clear(&c);
}

/* Marks of those that were lost stay behind what can't be lost. */
static void requests_leave_room_for_welcomes(void **state)
{
    (void)state;
    const struct wish again = {.add = {1}, .add_count = 1};
    struct chat c = talk_of(few(2), 2); /* a welcome */
    go_out(&c, 1);
    for (int i = 0; i < 30; i++) {
        ask_inbox_send(&c, 0, 1, "know me?");
        heard_appended(&c, 0);
    }
    for (int i = 0; i < 4; i++)
        commits(&c, 0, again);
    ask_commit(&c, 0, again);
    heard_error(&c, 0, SOTTO_E_QUOTA);
    chat_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_the_quota_the_oldest_are_lost_and_the_reader_is_told),
        cmocka_unit_test(handshakes_are_never_lost),
        cmocka_unit_test(bytes_count_as_entries_do),
        cmocka_unit_test(who_reads_in_time_loses_nothing),
        cmocka_unit_test(all_that_a_device_reads_is_added_up_and_the_oldest_goes),
        cmocka_unit_test(what_one_loses_others_still_read),
        cmocka_unit_test(who_was_removed_and_reads_no_more_holds_back_as_little),
        cmocka_unit_test(a_large_quota_holds_about),
        cmocka_unit_test(a_quota_is_for_each_device_and_not_for_all_of_an_account),
        cmocka_unit_test(what_one_device_leaves_the_other_of_its_account_does_not_lose),
        cmocka_unit_test(requests_are_lost_before_older_messages),
        cmocka_unit_test(what_is_said_where_one_was_removed_takes_no_room_elsewhere),
        cmocka_unit_test(what_was_removed_a_month_ago_ends_no_look),
        cmocka_unit_test(a_request_reaches_the_inbox_with_its_sender),
        cmocka_unit_test(nobody_can_tell_whether_a_device_exists),
        cmocka_unit_test(an_inbox_holds_so_many_bytes_of_welcomes),
        cmocka_unit_test(requests_leave_room_for_welcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
