/* How blobs end: by time, with their account, and what is told of them to whoever has the files. */
#include "house.h"

#define MONTH_MS (UINT64_C(30) * 86400 * 1000)

static struct limits many(void)
{
    struct limits limits = limits_default();
    limits.requests = limits.blobs = limits.uploads = 0;
    return limits;
}

/* Time goes on, and what is due is done and committed. Says how many files may go. */
static size_t passes(struct house *h, uint64_t ms)
{
    struct world *w = &h->t.w;
    uint64_t end_ms = w->now_ms + ms;
    size_t gone = 0;
    while (core_next_ms(w->core) <= end_ms) {
        tick(w, core_next_ms(w->core) > w->now_ms ? core_next_ms(w->core) : w->now_ms);
        settle(&h->t);
        gone += effects(w, CORE_BLOB_GONE, 0);
    }
    w->now_ms = end_ms;
    return gone;
}

static size_t rows(struct house *h, enum store_table table)
{
    size_t count = 0;
    struct row_key after = {0};
    view key, value;
    while (store_next(h->t.store, table, (view){0}, row_key_view(&after), &key, &value) ==
           SOTTO_OK) {
        after.len = key.len;
        memcpy(after.bytes, key.data, key.len);
        count++;
    }
    return count;
}

static void nothing_is_left(struct house *h)
{
    assert_int_equal(rows(h, STORE_BLOB), 0);
    assert_int_equal(rows(h, STORE_BLOB_EXPIRY), 0);
    assert_int_equal(rows(h, STORE_BLOB_OF), 0);
    assert_int_equal(core_count(h->t.w.core).blobs, 0);
    assert_int_equal(core_count(h->t.w.core).blob_bytes, 0);
}

static struct step step_of(struct house *h)
{
    return (struct step){
        .core = h->t.w.core, .fx = &h->t.w.fx, .now_ms = h->t.w.now_ms, .rng = &h->t.w.rng};
}

/* Files with these numbers are found. Says how many of them may go. */
static size_t found(struct house *h, uint8_t first, uint8_t count)
{
    DEFER(buf_clear) sotto_buf hashes = {0};
    for (uint8_t i = first; i < first + count; i++) {
        uint8_t hash[PROTO_HASH];
        hash_of(i, hash);
        assert_ok(buf_append(&hashes, VIEW_OF(hash)));
    }
    step(&h->t.w, (struct core_event){.kind = CORE_BLOBS_FOUND, .frame = buf_view(&hashes)});
    settle(&h->t);
    for (size_t i = 0; i < h->t.w.fx.count; i++)
        assert_true(h->t.w.fx.list[i].held);
    return effects(&h->t.w, CORE_BLOB_GONE, 0);
}

static void refers(struct house *h, uint8_t number, bool more)
{
    uint8_t hash[PROTO_HASH];
    struct step s = step_of(h);
    hash_of(number, hash);
    assert_ok(blob_refer(&s, VIEW_OF(hash), more));
    settle(&h->t);
}

static void leaves_for_ever(struct house *h, const struct person *p)
{
    struct step s = step_of(h);
    struct account *account = NULL;
    assert_ok(account_find(&s, p->account.account_id, &account));
    assert_ok(account_erase(&s, account, "removed"));
    settle(&h->t);
}

/* --- time --- */

static void what_is_over_goes_with_its_part_of_the_quota(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    uint8_t hash[PROTO_HASH];
    sends(&h, 1, 7, 6 * KIB);
    assert_int_equal(core_count(h.t.w.core).blobs, 1);
    assert_int_equal(core_count(h.t.w.core).blob_bytes, 6 * KIB);
    assert_int_equal(passes(&h, MONTH_MS - 1000), 0);
    assert_int_equal(bytes_of(&h, &h.alice), 6 * KIB);
    assert_true(core_next_ms(h.t.w.core) <= h.t.w.now_ms + 1000);
    tick(&h.t.w, h.t.w.now_ms + 1000);
    settle(&h.t);
    assert_int_equal(h.t.w.fx.count, 1);
    assert_int_equal(h.t.w.fx.list[0].kind, CORE_BLOB_GONE);
    assert_true(h.t.w.fx.list[0].held);
    hash_of(7, hash);
    assert_true(view_equal(effect_bytes(&h.t.w, &h.t.w.fx.list[0]), VIEW_OF(hash)));
    assert_int_equal(bytes_of(&h, &h.alice), 0);
    nothing_is_left(&h);
    sends(&h, 1, 8, 10 * KIB);
    house_clear(&h);
}

static void many_go_a_piece_at_a_time(void **state)
{
    (void)state;
    struct house h = house_of(many());
    for (uint8_t i = 0; i < 50; i++)
        sends(&h, i % 2 + 1, i, 100);
    h.t.w.now_ms += MONTH_MS;
    tick(&h.t.w, h.t.w.now_ms);
    settle(&h.t);
    assert_int_equal(effects(&h.t.w, CORE_BLOB_GONE, 0), 16);
    assert_int_equal(rows(&h, STORE_BLOB), 34);
    assert_int_equal(core_count(h.t.w.core).blobs, 34);
    assert_true(core_next_ms(h.t.w.core) <= h.t.w.now_ms + 1000);
    assert_int_equal(passes(&h, 1000), 34);
    assert_int_equal(bytes_of(&h, &h.alice) + bytes_of(&h, &h.bob), 0);
    nothing_is_left(&h);
    assert_true(core_next_ms(h.t.w.core) > h.t.w.now_ms + 60000);
    house_clear(&h);
}

static void who_asks_again_keeps_it(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    assert_int_equal(passes(&h, MONTH_MS / 2), 0);
    ask_put(&h, 2, 7, 100);
    assert_int_equal(passes(&h, MONTH_MS / 2 + 1000), 0);
    assert_int_equal(bytes_of(&h, &h.alice), 0);
    assert_int_equal(bytes_of(&h, &h.bob), 100);
    assert_int_equal(passes(&h, MONTH_MS / 2), 1);
    assert_int_equal(bytes_of(&h, &h.bob), 0);
    nothing_is_left(&h);
    house_clear(&h);
}

static void without_a_time_they_are_kept_for_ever(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.blob_s = 0;
    struct house h = house_of(limits);
    sends(&h, 1, 7, 100);
    assert_int_equal(passes(&h, 20 * MONTH_MS), 0);
    assert_int_equal(bytes_of(&h, &h.alice), 100);
    house_clear(&h);
}

static void what_an_entry_names_stays_as_long_as_entries(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.blob_s = 3600;
    struct house h = house_of(limits);
    uint8_t hash[PROTO_HASH];
    sends(&h, 1, 7, 100);
    sends(&h, 1, 8, 100);
    struct step s = step_of(&h);
    hash_of(7, hash);
    assert_ok(blob_keep(&s, VIEW_OF(hash)));
    settle(&h.t);
    assert_int_equal(passes(&h, 3600 * 1000), 1);
    assert_int_equal(bytes_of(&h, &h.alice), 100);
    assert_int_equal(passes(&h, MONTH_MS), 0);
    assert_int_equal(passes(&h, 86400 * 1000), 1);
    nothing_is_left(&h);
    house_clear(&h);
}

static void what_a_group_state_names_stays_until_that_lets_go(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    refers(&h, 7, true);
    refers(&h, 7, true);
    assert_int_equal(passes(&h, 3 * MONTH_MS), 0);
    assert_int_equal(bytes_of(&h, &h.alice), 100);
    refers(&h, 7, false);
    assert_int_equal(passes(&h, MONTH_MS), 0);
    refers(&h, 7, false);
    assert_int_equal(passes(&h, 1000), 1);
    assert_int_equal(bytes_of(&h, &h.alice), 0);
    nothing_is_left(&h);
    sends(&h, 1, 7, 100); /* let go before its time is over: it stays until then */
    refers(&h, 7, true);
    refers(&h, 7, false);
    assert_int_equal(passes(&h, MONTH_MS - 2000), 0);
    assert_int_equal(passes(&h, 4000), 1);
    house_clear(&h);
}

/* --- accounts --- */

static void with_an_account_go_its_blobs(void **state)
{
    (void)state;
    struct house h = house_of(many());
    for (uint8_t i = 0; i < 40; i++)
        sends(&h, 1, i, 100);
    sends(&h, 2, 40, 100);
    ask_put(&h, 2, 0, 100); /* Bob wants this one, too */
    leaves_for_ever(&h, &h.alice);
    assert_int_equal(effects(&h.t.w, CORE_BLOB_GONE, 0), 0); /* not all at once */
    assert_int_equal(passes(&h, 1000), 39);
    assert_int_equal(bytes_of(&h, &h.bob), 200);
    assert_int_equal(rows(&h, STORE_BLOB), 2);
    assert_int_equal(rows(&h, STORE_DUE), 0);
    house_clear(&h);
}

static void what_conversations_need_outlives_the_account(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    uint8_t hash[PROTO_HASH];
    sends(&h, 1, 6, 100);
    sends(&h, 1, 7, 100);
    sends(&h, 1, 8, 100);
    struct step s = step_of(&h);
    hash_of(7, hash);
    assert_ok(blob_keep(&s, VIEW_OF(hash)));
    refers(&h, 8, true);
    leaves_for_ever(&h, &h.alice);
    town_crash(&h.t); /* what is to be done is not forgotten */
    assert_int_equal(passes(&h, 1000), 1);
    assert_int_equal(row_now(&h, 7).account, 0);
    sign_in(&h.t, &h.bob, 0, 2);
    ask_put(&h, 2, 8, 100); /* nobody pays for it: it may be taken over */
    assert_int_equal(bytes_of(&h, &h.bob), 100);
    refers(&h, 8, false);
    assert_int_equal(passes(&h, MONTH_MS + 1000), 1);
    assert_int_equal(bytes_of(&h, &h.bob), 0);
    assert_int_equal(passes(&h, 86400 * 1000), 1);
    nothing_is_left(&h);
    house_clear(&h);
}

static void who_was_promised_it_has_it_though_another_one_took_it_over_and_went(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    assert_int_equal(passes(&h, MONTH_MS / 2), 0);
    ask_put(&h, 2, 7, 100);
    leaves_for_ever(&h, &h.bob);
    assert_int_equal(passes(&h, MONTH_MS / 2 - 2000), 0);
    assert_int_equal(passes(&h, 4000), 1);
    nothing_is_left(&h);
    house_clear(&h);
}

/* --- files --- */

static void a_file_that_no_row_names_may_go(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    assert_int_equal(found(&h, 7, 1), 0);
    assert_int_equal(found(&h, 5, 5), 4);
    assert_int_equal(found(&h, 0, 0), 0);
    house_clear(&h);
}

/* Killed between the commit and the deletion of the file: the sweep finds it. */
static void what_went_before_a_crash_is_found_after_it(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    assert_int_equal(passes(&h, MONTH_MS), 1);
    town_crash(&h.t);
    assert_int_equal(found(&h, 7, 1), 1);
    nothing_is_left(&h);
    house_clear(&h);
}

static void what_is_stored_again_counts_again(void **state)
{
    (void)state;
    struct house h = house_of(small_quota());
    struct blob_ticket ticket = sends(&h, 1, 7, 6 * KIB);
    assert_int_equal(passes(&h, MONTH_MS), 1);
    assert_ok(comes(&h, &ticket)); /* the file was there still when this one began */
    assert_int_equal(found(&h, 7, 1), 0);
    assert_int_equal(bytes_of(&h, &h.alice), 6 * KIB);
    assert_int_equal(core_count(h.t.w.core).blob_bytes, 6 * KIB);
    assert_int_equal(passes(&h, MONTH_MS), 1);
    nothing_is_left(&h);
    house_clear(&h);
}

static void what_is_undone_stays(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    h.t.w.now_ms += MONTH_MS;
    tick(&h.t.w, h.t.w.now_ms);
    assert_int_equal(effects(&h.t.w, CORE_BLOB_GONE, 0), 1);
    core_effects_reset(&h.t.w.fx);
    assert_ok(core_rollback(h.t.w.core, SOTTO_E_DISK_FULL, h.t.w.now_ms, &h.t.w.fx));
    assert_int_equal(bytes_of(&h, &h.alice), 100);
    assert_int_equal(core_count(h.t.w.core).blobs, 1);
    assert_int_equal(passes(&h, 1000), 0); /* not at once again */
    assert_int_equal(found(&h, 7, 1), 0);
    assert_int_equal(passes(&h, 60000), 1);
    nothing_is_left(&h);
    house_clear(&h);
}

static void kill_9_before_the_commit_changes_nothing(void **state)
{
    (void)state;
    struct house h = house_of(limits_default());
    sends(&h, 1, 7, 100);
    h.t.w.now_ms += MONTH_MS;
    tick(&h.t.w, h.t.w.now_ms);
    store_rollback(h.t.store);
    core_effects_reset(&h.t.w.fx);
    uint64_t now_ms = h.t.w.now_ms;
    town_crash(&h.t);
    assert_int_equal(rows(&h, STORE_BLOB), 1);
    assert_int_equal(bytes_of(&h, &h.alice), 100);
    assert_int_equal(core_count(h.t.w.core).blob_bytes, 100);
    h.t.w.now_ms = now_ms;
    assert_int_equal(passes(&h, 1000), 1);
    nothing_is_left(&h);
    house_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_over_goes_with_its_part_of_the_quota),
        cmocka_unit_test(many_go_a_piece_at_a_time),
        cmocka_unit_test(who_asks_again_keeps_it),
        cmocka_unit_test(without_a_time_they_are_kept_for_ever),
        cmocka_unit_test(what_an_entry_names_stays_as_long_as_entries),
        cmocka_unit_test(what_a_group_state_names_stays_until_that_lets_go),
        cmocka_unit_test(with_an_account_go_its_blobs),
        cmocka_unit_test(what_conversations_need_outlives_the_account),
        cmocka_unit_test(who_was_promised_it_has_it_though_another_one_took_it_over_and_went),
        cmocka_unit_test(a_file_that_no_row_names_may_go),
        cmocka_unit_test(what_went_before_a_crash_is_found_after_it),
        cmocka_unit_test(what_is_stored_again_counts_again),
        cmocka_unit_test(what_is_undone_stays),
        cmocka_unit_test(kill_9_before_the_commit_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
