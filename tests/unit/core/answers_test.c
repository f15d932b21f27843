#include "talk.h"

static sotto_err row_rewrite(view bytes, sotto_buf *out)
{
    struct answers answers = {0};
    TRY(answers_row_read(bytes, &answers));
    sotto_err err = answers_row_write(&answers, out);
    answers_release(&answers);
    return err;
}

static const char row_hex[] = "0000000000000005"
                              "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
                              "0000000000000009"
                              "4054"
                              "0000000000000007"
                              "0000000000000002"
                              "0000000000000063"
                              "101112131415161718191a1b1c1d1e1f"
                              "0000"
                              "0000000000000009"
                              "0000000000000000"
                              "0000000000000064"
                              "202122232425262728292a2b2c2d2e2f"
                              "002f";

static void the_row_is_read_and_written(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(row_hex);
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(row_rewrite(buf_view(&bytes), &out));
    assert_true(view_equal(buf_view(&out), buf_view(&bytes)));
    for (size_t len = 0; len < bytes.len; len++) {
        buf_reset(&out);
        assert_int_not_equal(row_rewrite(view_of(bytes.data, len), &out), SOTTO_OK);
    }
    assert_ok(buf_append(&bytes, VIEW_LIT("x")));
    assert_err(row_rewrite(buf_view(&bytes), &out), TRAILING);
}

static void answers_that_do_not_rise_are_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(row_hex);
    DEFER(buf_clear) sotto_buf out = {0};
    bytes.data[8 + 16 + 7] = 8; /* the highest is lower than the last */
    assert_err(row_rewrite(buf_view(&bytes), &out), VALUE);
    bytes.data[8 + 16 + 7] = 9;
    bytes.data[8 + 16 + 8 + 2 + 7] = 9; /* two of one number */
    assert_err(row_rewrite(buf_view(&bytes), &out), VALUE);
}

static void the_last_256_are_kept(void **state)
{
    (void)state;
    struct answers answers = {0};
    for (uint64_t op = 1; op <= 1000; op++)
        assert_ok(answers_add(&answers, &(struct answer){.op = op}));
    assert_int_equal(answers.count, ANSWERS_MAX);
    assert_int_equal(answers.highest_op, 1000);
    assert_int_equal(answers.ring[answers.first].op, 1000 - ANSWERS_MAX + 1);
    answers_release(&answers);
}

/* --- operations --- */

static void again(struct chat *c, size_t who, sotto_buf *frame)
{
    say(world(c), connection_of(who), buf_view(frame));
    settle(&c->town);
}

static void a_retry_hears_the_same_and_nothing_is_doubled(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    sotto_buf frame =
        append_frame(&c, ++c.voices[0].op, ENTRY_APPLICATION, c.epoch, VIEW_LIT("hello"));
    again(&c, 0, &frame);
    struct proto_appended first = heard_appended(&c, 0);
    assert_int_equal(first.seq, 2);
    later(&c.town, 12345);
    again(&c, 0, &frame);
    struct proto_appended second = heard_appended(&c, 0);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    crash(&c);
    come_in(&c, 0);
    again(&c, 0, &frame);
    second = heard_appended(&c, 0);
    assert_memory_equal(&first, &second, sizeof first);
    wait_for(&c, 5000); /* it stands in its row now */
    again(&c, 0, &frame);
    second = heard_appended(&c, 0);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(says(&c, 0, "more"), 3);
    buf_clear(&frame);
    chat_clear(&c);
}

static void a_number_is_good_for_one_operation(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    says(&c, 0, "hello");
    c.voices[0].op--;
    ask_append(&c, 0, "something else");
    heard_error(&c, 0, SOTTO_E_CONFLICT);
    assert_int_equal(says(&c, 0, "next"), 3);
    chat_clear(&c);
}

static void numbers_may_be_left_out_but_not_used_later(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    c.voices[0].op = 1000;
    says(&c, 0, "hello");
    c.voices[0].op = 500;
    ask_append(&c, 0, "too late");
    heard_error(&c, 0, SOTTO_E_OLD_OP);
    chat_clear(&c);
}

static void what_was_answered_long_ago_is_refused(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    uint64_t op = ++c.voices[0].op;
    sotto_buf frame = append_frame(&c, op, ENTRY_APPLICATION, c.epoch, VIEW_LIT("hello"));
    again(&c, 0, &frame);
    for (int i = 0; i < ANSWERS_MAX - 1; i++)
        says(&c, 0, "more");
    again(&c, 0, &frame);
    assert_int_equal(heard_appended(&c, 0).seq, 2); /* the last that is kept */
    says(&c, 0, "one more");
    again(&c, 0, &frame);
    heard_error(&c, 0, SOTTO_E_OLD_OP);
    buf_clear(&frame);
    chat_clear(&c);
}

static void a_definite_refusal_is_an_answer(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    sotto_buf frame =
        append_frame(&c, ++c.voices[0].op, ENTRY_APPLICATION, c.epoch + 1, VIEW_LIT("too early"));
    again(&c, 0, &frame);
    heard_error(&c, 0, SOTTO_E_EPOCH);
    commits(&c, 1, (struct wish){0}); /* now it would be right */
    again(&c, 0, &frame);
    heard_error(&c, 0, SOTTO_E_EPOCH);
    buf_clear(&frame);
    chat_clear(&c);
}

/* A full disk stands for all refusals that may be other ones later. */
static void refused_for_now(struct chat *c, sotto_buf *frame)
{
    world(c)->core->disk_full = true;
    again(c, 0, frame);
    heard_error(c, 0, SOTTO_E_DISK_FULL);
    world(c)->core->disk_full = false;
}

static void what_was_not_done_may_be_asked_again_until_a_later_number_is_answered(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    sotto_buf early = append_frame(&c, 1000, ENTRY_APPLICATION, c.epoch, VIEW_LIT("early"));
    sotto_buf late = append_frame(&c, 1001, ENTRY_APPLICATION, c.epoch, VIEW_LIT("late"));
    refused_for_now(&c, &early);
    refused_for_now(&c, &late);
    again(&c, 0, &early);
    assert_int_equal(heard_appended(&c, 0).seq, 2);
    refused_for_now(&c, &late);
    c.voices[0].op = 1001;
    assert_int_equal(says(&c, 0, "later"), 3);
    again(&c, 0, &late);
    heard_error(&c, 0, SOTTO_E_OLD_OP);
    assert_int_equal(says(&c, 0, "late"), 4); /* with a new number: it is there once */
    buf_clear(&early);
    buf_clear(&late);
    chat_clear(&c);
}

static void at_sign_in_one_hears_the_highest_number(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    c.voices[1].op = 41;
    says(&c, 1, "hello");
    for (int written = 0; written < 2; written++) {
        go_out(&c, 1);
        arrive(&c.town, connection_of(1));
        ask_auth(&c.town, &c.voices[1].person, 0, connection_of(1));
        assert_int_equal(got_auth_ok(&c.town, connection_of(1)).highest_op, 42);
        wait_for(&c, 5000);
    }
    chat_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_row_is_read_and_written),
        cmocka_unit_test(answers_that_do_not_rise_are_refused),
        cmocka_unit_test(the_last_256_are_kept),
        cmocka_unit_test(a_retry_hears_the_same_and_nothing_is_doubled),
        cmocka_unit_test(a_number_is_good_for_one_operation),
        cmocka_unit_test(numbers_may_be_left_out_but_not_used_later),
        cmocka_unit_test(what_was_answered_long_ago_is_refused),
        cmocka_unit_test(a_definite_refusal_is_an_answer),
        cmocka_unit_test(what_was_not_done_may_be_asked_again_until_a_later_number_is_answered),
        cmocka_unit_test(at_sign_in_one_hears_the_highest_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
