/* Blobs as the core sees them: tickets, and whose quota they count in. The bytes are elsewhere. */
#include "house.h"

/* --- tickets --- */

static void who_asks_to_send_gets_a_ticket_for_that(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    uint64_t have = 1;
    ask_put(&h, 1, 7, 100 * KIB);
    struct blob_ticket ticket = got_ticket(&h, 1, &have);
    assert_int_equal(have, 0);
    assert_int_equal(ticket.op, BLOB_PUT);
    assert_int_equal(ticket.hash[31], 7);
    assert_int_equal(ticket.size, 100 * KIB);
    assert_int_equal(ticket.account, 1);
    assert_int_equal(ticket.expires_s, WALL_S + 3600);
    ask_put(&h, 2, 7, 100 * KIB);
    assert_int_equal(got_ticket(&h, 2, NULL).account, 2);
    house_clear(&h);
}

static void what_came_may_be_fetched_by_who_knows_its_hash(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    uint64_t have = 0;
    ask_get(&h, 2, 7);
    got_error(&h.t.w, 2, SOTTO_E_NOTFOUND);
    sends(&h, 1, 7, 100 * KIB);
    ask_get(&h, 2, 7);
    struct blob_ticket ticket = got_ticket(&h, 2, &have);
    assert_int_equal(ticket.op, BLOB_GET);
    assert_int_equal(ticket.size, 100 * KIB);
    assert_int_equal(have, 100 * KIB);
    house_clear(&h);
}

static void what_came_stands_after_a_crash(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100 * KIB);
    town_crash(&h.t);
    sign_in(&h.t, &h.bob, 0, 2);
    ask_get(&h, 2, 7);
    got_ticket(&h, 2, NULL);
    assert_int_equal(bytes_of(&h, &h.alice), 100 * KIB);
    assert_int_equal(row_now(&h, 7).asked_s, WALL_S + 30 * 86400);
    assert_int_equal(expiries(&h), 1);
    house_clear(&h);
}

static void without_a_key_there_are_no_blobs(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    h.t.config.blob_key = NULL;
    core_configure(h.t.w.core, &h.t.config);
    ask_put(&h, 1, 7, 1);
    got_error(&h.t.w, 1, SOTTO_E_UNSUPPORTED);
    ask_get(&h, 1, 7);
    got_error(&h.t.w, 1, SOTTO_E_UNSUPPORTED);
    house_clear(&h);
}

static void a_full_disk_takes_no_blobs_and_gives_those_it_has(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    uint64_t have = 0;
    sends(&h, 1, 7, 10);
    step(&h.t.w, (struct core_event){.kind = CORE_SPACE, .full = true});
    ask_put(&h, 1, 8, 10);
    got_error(&h.t.w, 1, SOTTO_E_DISK_FULL);
    ask_put(&h, 1, 7, 10);
    got_ticket(&h, 1, &have);
    assert_int_equal(have, 10);
    ask_get(&h, 1, 7);
    got_ticket(&h, 1, NULL);
    house_clear(&h);
}

/* --- limits --- */

static void a_blob_may_be_so_large_and_no_larger(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    ask_put(&h, 1, 7, 104857601);
    got_error(&h.t.w, 1, SOTTO_E_QUOTA);
    ask_put(&h, 1, 7, 104857600);
    got_ticket(&h, 1, NULL);
    house_clear(&h);
}

static void fifty_at_once_then_one_in_two_seconds(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.requests = 0; /* of the connection */
    struct house h = house_of(limits);
    for (uint8_t i = 0; i < 50; i++)
        sends(&h, 1, i, 1);
    ask_put(&h, 1, 50, 1);
    assert_int_equal(got_error(&h.t.w, 1, SOTTO_E_RATE).retry_ms, 2000);
    ask_put(&h, 2, 50, 1);
    got_ticket(&h, 2, NULL);
    later(&h.t, 2000);
    ask_put(&h, 1, 50, 1);
    got_ticket(&h, 1, NULL);
    house_clear(&h);
}

static void what_is_promised_counts_in_the_quota(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    ask_put(&h, 1, 1, 6 * KIB);
    struct blob_ticket ticket = got_ticket(&h, 1, NULL);
    ask_put(&h, 1, 2, 4 * KIB + 1);
    got_error(&h.t.w, 1, SOTTO_E_QUOTA);
    ask_put(&h, 1, 2, 4 * KIB);
    got_ticket(&h, 1, NULL);
    ask_put(&h, 1, 1, 6 * KIB); /* again: it was promised already */
    got_ticket(&h, 1, NULL);
    assert_ok(comes(&h, &ticket));
    assert_int_equal(bytes_of(&h, &h.alice), 6 * KIB);
    ask_put(&h, 1, 3, 1); /* 6 are here, 4 promised */
    got_error(&h.t.w, 1, SOTTO_E_QUOTA);
    ask_put(&h, 2, 3, 10 * KIB); /* Bob has a quota of his own */
    got_ticket(&h, 2, NULL);
    house_clear(&h);
}

static void a_promise_ends_with_its_ticket(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    ask_put(&h, 1, 1, 10 * KIB);
    got_ticket(&h, 1, NULL);
    uint64_t due_ms = h.t.w.now_ms + 3600 * 1000;
    assert_true(core_next_ms(h.t.w.core) <= due_ms);
    later(&h.t, 1000);
    ask_put(&h, 1, 1, 9 * KIB); /* in place of the first */
    tick(&h.t.w, due_ms);
    ask_put(&h, 1, 2, 2 * KIB);
    got_error(&h.t.w, 1, SOTTO_E_QUOTA);
    tick(&h.t.w, due_ms + 1000);
    ask_put(&h, 1, 2, 10 * KIB);
    got(&h.t.w, 1, PROTO_BLOB_TICKET);
    house_clear(&h);
}

static void promises_have_a_number(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.uploads = 2;
    struct house h = house_of(limits);
    ask_put(&h, 1, 1, 1);
    struct blob_ticket ticket = got_ticket(&h, 1, NULL);
    ask_put(&h, 1, 2, 1);
    ask_put(&h, 1, 3, 1);
    got_error(&h.t.w, 1, SOTTO_E_FULL);
    ask_put(&h, 1, 2, 1);
    got_ticket(&h, 1, NULL);
    assert_ok(comes(&h, &ticket));
    ask_put(&h, 1, 3, 1);
    got_ticket(&h, 1, NULL);
    house_clear(&h);
}

/* After a restart, say: the ticket is another's or the promise is forgotten, and meanwhile others came. */
static void what_comes_without_a_promise_is_measured_anew(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    ask_put(&h, 1, 1, 6 * KIB);
    struct blob_ticket ticket = got_ticket(&h, 1, NULL);
    town_crash(&h.t);
    sign_in(&h.t, &h.alice, 0, 1);
    sends(&h, 1, 2, 5 * KIB);
    assert_err(comes(&h, &ticket), QUOTA);
    assert_int_equal(bytes_of(&h, &h.alice), 5 * KIB);
    ticket.size = 5 * KIB;
    assert_ok(comes(&h, &ticket));
    assert_int_equal(bytes_of(&h, &h.alice), 10 * KIB);
    house_clear(&h);
}

/* --- whose it is --- */

static void what_is_here_counts_for_who_asked_last(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    uint64_t have = 0;
    sends(&h, 1, 7, 100);
    later(&h.t, 5000000);
    core_set_wall(h.t.w.core, (int64_t)(WALL_MS - START_MS));
    ask_put(&h, 2, 7, 100);
    got_ticket(&h, 2, &have);
    assert_int_equal(have, 100);
    assert_int_equal(bytes_of(&h, &h.alice), 0);
    assert_int_equal(bytes_of(&h, &h.bob), 100);
    assert_int_equal(row_now(&h, 7).account, 2);
    assert_int_equal(row_now(&h, 7).asked_s, WALL_S + 5000 + 30 * 86400);
    assert_int_equal(expiries(&h), 1);
    house_clear(&h);
}

static void who_has_no_room_takes_nothing_over(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    sends(&h, 1, 7, 8 * KIB);
    sends(&h, 2, 8, 8 * KIB);
    ask_put(&h, 2, 7, 8 * KIB);
    got_error(&h.t.w, 2, SOTTO_E_QUOTA);
    assert_int_equal(bytes_of(&h, &h.alice), 8 * KIB);
    assert_int_equal(row_now(&h, 7).account, 1);
    house_clear(&h);
}

static void the_same_blob_sent_by_two_at_once_counts_once(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    ask_put(&h, 1, 7, 8 * KIB);
    struct blob_ticket first = got_ticket(&h, 1, NULL);
    ask_put(&h, 2, 7, 8 * KIB);
    struct blob_ticket second = got_ticket(&h, 2, NULL);
    assert_ok(comes(&h, &first));
    assert_ok(comes(&h, &second));
    assert_ok(comes(&h, &second)); /* told twice */
    assert_int_equal(bytes_of(&h, &h.alice), 0);
    assert_int_equal(bytes_of(&h, &h.bob), 8 * KIB);
    ask_put(&h, 2, 8, 2 * KIB); /* nothing is left that was promised */
    got_ticket(&h, 2, NULL);
    house_clear(&h);
}

static void one_hash_has_one_size(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    ask_put(&h, 2, 7, 101);
    got_error(&h.t.w, 2, SOTTO_E_CONFLICT);
    house_clear(&h);
}

static void of_an_account_that_is_gone_nothing_is_kept(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    struct core_effects fx = {0};
    struct step s = {.core = h.t.w.core, .fx = &fx, .now_ms = h.t.w.now_ms, .rng = &h.t.w.rng};
    struct account *account = NULL;
    sends(&h, 1, 7, 100);
    ask_put(&h, 1, 8, 100);
    struct blob_ticket ticket = got_ticket(&h, 1, NULL);
    assert_ok(account_find(&s, h.alice.account.account_id, &account));
    assert_ok(account_erase(&s, account, "removed"));
    settle(&h.t);
    core_effects_clear(&fx);
    assert_err(comes(&h, &ticket), NOTFOUND);
    ask_put(&h, 2, 7, 100); /* what she left, somebody may take over */
    got_ticket(&h, 2, NULL);
    assert_int_equal(bytes_of(&h, &h.bob), 100);
    house_clear(&h);
}

static void of_a_disabled_account_nothing_is_kept(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    struct core_effects fx = {0};
    struct step s = {.core = h.t.w.core, .fx = &fx, .now_ms = h.t.w.now_ms};
    struct account *account = NULL;
    ask_put(&h, 1, 8, 100);
    struct blob_ticket ticket = got_ticket(&h, 1, NULL);
    assert_ok(account_find(&s, h.alice.account.account_id, &account));
    account->disabled = true;
    assert_ok(account_update(&s, account));
    settle(&h.t);
    core_effects_clear(&fx);
    assert_err(comes(&h, &ticket), DENIED);
    house_clear(&h);
}

/* The row is gone with what else was not committed; the file is there, and is found when it is asked for again. */
static void what_was_rolled_back_may_come_again(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    ask_put(&h, 1, 7, 8 * KIB);
    struct blob_ticket ticket = got_ticket(&h, 1, NULL);
    struct core_event event = {.kind = CORE_BLOB,
                               .connection = CONNECTION,
                               .blob = {.size = ticket.size, .account = ticket.account}};
    memcpy(event.blob.hash, ticket.hash, sizeof event.blob.hash);
    step(&h.t.w, event);
    core_effects_reset(&h.t.w.fx);
    assert_ok(core_rollback(h.t.w.core, SOTTO_E_DISK_FULL, h.t.w.now_ms, &h.t.w.fx));
    assert_int_equal(bytes_of(&h, &h.alice), 0);
    assert_ok(comes(&h, &ticket));
    assert_int_equal(bytes_of(&h, &h.alice), 8 * KIB);
    house_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_to_send_gets_a_ticket_for_that),
        cmocka_unit_test(what_came_may_be_fetched_by_who_knows_its_hash),
        cmocka_unit_test(what_came_stands_after_a_crash),
        cmocka_unit_test(without_a_key_there_are_no_blobs),
        cmocka_unit_test(a_full_disk_takes_no_blobs_and_gives_those_it_has),
        cmocka_unit_test(a_blob_may_be_so_large_and_no_larger),
        cmocka_unit_test(fifty_at_once_then_one_in_two_seconds),
        cmocka_unit_test(what_is_promised_counts_in_the_quota),
        cmocka_unit_test(a_promise_ends_with_its_ticket),
        cmocka_unit_test(promises_have_a_number),
        cmocka_unit_test(what_comes_without_a_promise_is_measured_anew),
        cmocka_unit_test(what_is_here_counts_for_who_asked_last),
        cmocka_unit_test(who_has_no_room_takes_nothing_over),
        cmocka_unit_test(the_same_blob_sent_by_two_at_once_counts_once),
        cmocka_unit_test(one_hash_has_one_size),
        cmocka_unit_test(of_an_account_that_is_gone_nothing_is_kept),
        cmocka_unit_test(of_a_disabled_account_nothing_is_kept),
        cmocka_unit_test(what_was_rolled_back_may_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
