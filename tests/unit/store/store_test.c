/* The one suite of all back-ends. */
#include "back_ends.h"

#include "store/sqlite.h"

#define KEYS 40

static const struct back_end *back_end;

static int store_setup(void **state)
{
    struct store *store;
    assert_ok(back_end->open(&store));
    *state = store;
    return 0;
}

static int store_teardown(void **state)
{
    store_free(*state);
    return 0;
}

/* Where hardly anything of the log is kept in memory. */
static sotto_err sqlite_cold(struct store **ret_store)
{
    TRY(sqlite_fresh(ret_store));
    sqlite_of(*ret_store)->hot_most = 2;
    return SOTTO_OK;
}

static const struct back_end back_ends[] = {
    {"memory", store_memory_new},
    {"sqlite", sqlite_fresh},
    {"sqlite-cold", sqlite_cold},
};

static void put(struct store *s, const char *key, const char *value)
{
    assert_ok(store_put(s, STORE_META, view_str(key), view_str(value)));
}

static void commit_put(struct store *s, const char *key, const char *value)
{
    assert_ok(store_begin(s));
    put(s, key, value);
    assert_ok(store_commit(s));
}

/* NULL: there is no such row. */
static void has_row(struct store *s, enum store_table table, const char *key, const char *want)
{
    view value = VIEW_LIT("untouched");
    sotto_err err = store_get(s, table, view_str(key), &value);
    if (want == NULL) {
        assert_int_equal(err, SOTTO_E_NOTFOUND);
        want = "untouched";
    } else {
        assert_ok(err);
    }
    assert_int_equal(value.len, strlen(want));
    assert_memory_equal(value.data, want, value.len);
}

static void has(struct store *s, const char *key, const char *want)
{
    has_row(s, STORE_META, key, want);
}

/* The keys that a walk over the prefix meets, each with a blank behind it. */
static void walks(struct store *s, const char *prefix, const char *after, const char *want)
{
    char met[2000] = "", last[STORE_KEY_MAX + 1];
    snprintf(last, sizeof last, "%s", after);
    view key, value;
    sotto_err err;
    while ((err = store_next(s, STORE_META, view_str(prefix), view_str(last), &key, &value)) ==
           SOTTO_OK) {
        snprintf(last, sizeof last, "%.*s", (int)key.len, (const char *)key.data);
        strcat(met, last);
        strcat(met, " ");
    }
    assert_int_equal(err, SOTTO_E_NOTFOUND);
    assert_string_equal(met, want);
}

/* --- tables --- */

static void each_table_has_a_name_and_rows_of_its_own(void **state)
{
    struct store *s = *state;
    assert_ok(store_begin(s));
    for (int t = STORE_META; t < STORE_TABLE_END; t++) {
        const char *name = store_table_name((enum store_table)t);
        assert_non_null(name);
        assert_ok(store_put(s, (enum store_table)t, VIEW_LIT("key"), view_str(name)));
    }
    assert_ok(store_commit(s));
    for (int t = STORE_META; t < STORE_TABLE_END; t++)
        has_row(s, (enum store_table)t, "key", store_table_name((enum store_table)t));
    assert_null(store_table_name(STORE_TABLE_END));
    assert_null(store_table_name((enum store_table)0));
}

static void what_was_put_is_there_inside_and_after_the_transaction(void **state)
{
    struct store *s = *state;
    has(s, "a", NULL);
    assert_ok(store_begin(s));
    put(s, "a", "1");
    has(s, "a", "1");
    put(s, "a", "two");
    has(s, "a", "two");
    assert_ok(store_commit(s));
    has(s, "a", "two");
    has(s, "b", NULL);
}

static void row_may_be_empty_and_as_large_as_the_limits_say(void **state)
{
    struct store *s = *state;
    static uint8_t key[STORE_KEY_MAX + 1], value[STORE_VALUE_MAX + 1];
    memset(key, 'k', sizeof key);
    memset(value, 'v', sizeof value);
    view got;
    assert_ok(store_begin(s));
    put(s, "empty", "");
    has(s, "empty", "");
    assert_ok(
        store_put(s, STORE_META, view_of(key, STORE_KEY_MAX), view_of(value, STORE_VALUE_MAX)));
    assert_err(store_put(s, STORE_META, VIEW_OF(key), VIEW_LIT("")), TOO_LARGE);
    assert_err(store_put(s, STORE_META, VIEW_LIT("k"), VIEW_OF(value)), TOO_LARGE);
    assert_ok(store_commit(s));
    assert_ok(store_get(s, STORE_META, view_of(key, STORE_KEY_MAX), &got));
    assert_true(view_equal(got, view_of(value, STORE_VALUE_MAX)));
    assert_err(store_get(s, STORE_META, VIEW_OF(key), &got), NOTFOUND);
    has(s, "k", NULL);
    has(s, "empty", "");
}

static void keys_and_values_may_hold_any_byte(void **state)
{
    struct store *s = *state;
    view got, key;
    static const uint8_t zero[] = {0}, zeros[] = {0, 0}, high[] = {0xff, 0, 0xff};
    assert_ok(store_begin(s));
    assert_ok(store_put(s, STORE_META, VIEW_OF(zeros), VIEW_OF(high)));
    assert_ok(store_put(s, STORE_META, VIEW_OF(zero), VIEW_OF(zero)));
    assert_ok(store_put(s, STORE_META, VIEW_OF(high), VIEW_OF(zeros)));
    assert_ok(store_commit(s));
    assert_ok(store_get(s, STORE_META, VIEW_OF(zeros), &got));
    assert_true(view_equal(got, VIEW_OF(high)));
    assert_ok(store_get(s, STORE_META, VIEW_OF(zero), &got));
    assert_true(view_equal(got, VIEW_OF(zero)));
    assert_ok(store_next(s, STORE_META, VIEW_OF(zero), VIEW_OF(zero), &key, &got));
    assert_true(view_equal(key, VIEW_OF(zeros)));
    assert_ok(store_next(s, STORE_META, VIEW_LIT(""), VIEW_OF(zeros), &key, &got));
    assert_true(view_equal(key, VIEW_OF(high)));
    static const uint8_t last[] = {0xff};
    assert_ok(store_next(s, STORE_META, VIEW_OF(last), VIEW_LIT(""), &key, &got));
    assert_true(view_equal(key, VIEW_OF(high)) && view_equal(got, VIEW_OF(zeros)));
    assert_err(store_next(s, STORE_META, VIEW_OF(last), VIEW_OF(high), &key, &got), NOTFOUND);
}

static void what_was_deleted_is_gone_and_deleting_nothing_is_fine(void **state)
{
    struct store *s = *state;
    commit_put(s, "a", "1");
    assert_ok(store_begin(s));
    assert_ok(store_delete(s, STORE_META, VIEW_LIT("a")));
    assert_ok(store_delete(s, STORE_META, VIEW_LIT("never")));
    has(s, "a", NULL);
    assert_ok(store_commit(s));
    has(s, "a", NULL);
    commit_put(s, "a", "2");
    has(s, "a", "2");
}

static void walk_over_a_prefix_meets_its_keys_in_order(void **state)
{
    struct store *s = *state;
    static const char *const keys[] = {"b", "a", "ba", "c", "bb", "b\x7f", "bab", "aa"};
    walks(s, "", "", "");
    assert_ok(store_begin(s));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        put(s, keys[i], "v");
    walks(s, "b", "", "b ba bab bb b\x7f ");
    assert_ok(store_commit(s));
    walks(s, "", "", "a aa b ba bab bb b\x7f c ");
    walks(s, "b", "", "b ba bab bb b\x7f ");
    walks(s, "b", "b", "ba bab bb b\x7f ");
    walks(s, "b", "a", "b ba bab bb b\x7f ");
    walks(s, "b", "bac", "bb b\x7f ");
    walks(s, "b", "c", "");
    walks(s, "ba", "ba", "bab ");
    walks(s, "d", "", "");
    walks(s, "", "bb", "b\x7f c ");
}

static void walk_may_change_what_it_walks_over(void **state)
{
    struct store *s = *state;
    assert_ok(store_begin(s));
    for (char c = 'a'; c < 'k'; c++)
        put(s, (char[]){'w', c, 0}, "old");
    view key, value;
    uint8_t last[8];
    size_t last_len = 0, count = 0;
    while (store_next(s, STORE_META, VIEW_LIT("w"), view_of(last, last_len), &key, &value) ==
           SOTTO_OK) {
        last_len = key.len;
        memcpy(last, key.data, key.len);
        assert_ok(store_put(s, STORE_META, view_of(last, last_len), VIEW_LIT("new")));
        if (count++ % 2 == 0)
            assert_ok(store_delete(s, STORE_META, view_of(last, last_len)));
    }
    assert_ok(store_commit(s));
    assert_int_equal(count, 10);
    walks(s, "w", "", "wb wd wf wh wj ");
    has(s, "wb", "new");
}

/* --- transactions --- */

static void rollback_undoes_all_of_it(void **state)
{
    struct store *s = *state;
    commit_put(s, "kept", "1");
    commit_put(s, "changed", "1");
    commit_put(s, "deleted", "1");
    assert_ok(store_begin(s));
    put(s, "new", "2");
    put(s, "changed", "2");
    put(s, "changed", "3");
    assert_ok(store_delete(s, STORE_META, VIEW_LIT("changed")));
    put(s, "changed", "4");
    assert_ok(store_delete(s, STORE_META, VIEW_LIT("deleted")));
    assert_ok(log_append(s, 1, 1, VIEW_LIT("x")));
    store_rollback(s);
    walks(s, "", "", "changed deleted kept ");
    has(s, "changed", "1");
    has(s, "deleted", "1");
    store_rollback(s);
    commit_put(s, "new", "5");
    has(s, "new", "5");
}

static void empty_transaction_is_fine(void **state)
{
    struct store *s = *state;
    assert_ok(store_begin(s));
    assert_ok(store_commit(s));
    assert_ok(store_begin(s));
    store_rollback(s);
}

static void store_that_is_freed_in_a_transaction_is_freed(void **state)
{
    struct store *s = *state;
    assert_ok(store_begin(s));
    put(s, "a", "1");
    assert_ok(log_append(s, 1, 1, VIEW_LIT("x")));
}

/* --- the log --- */

struct heard {
    char text[2000];
    size_t stop_after;
};

static bool hear(void *user, uint64_t seq, view body)
{
    struct heard *heard = user;
    size_t at = strlen(heard->text);
    snprintf(heard->text + at, sizeof heard->text - at, "%llu=%.*s ", (unsigned long long)seq,
             (int)body.len, (const char *)body.data);
    return heard->stop_after == 0 || --heard->stop_after > 0;
}

static bool hear_oldest(void *user, uint64_t stream, uint64_t seq, view body)
{
    struct heard *heard = user;
    size_t at = strlen(heard->text);
    snprintf(heard->text + at, sizeof heard->text - at, "%llu/", (unsigned long long)stream);
    return hear(user, seq, body);
}

static void reads(struct store *s, uint64_t stream, uint64_t from, uint64_t to, const char *want)
{
    struct heard heard = {0};
    assert_ok(log_read(s, stream, from, to, hear, &heard));
    assert_string_equal(heard.text, want);
}

static void oldest_are(struct store *s, size_t max, const char *want)
{
    struct heard heard = {0};
    assert_ok(log_oldest(s, max, hear_oldest, &heard));
    assert_string_equal(heard.text, want);
}

/* Stream, seq and body in turn: "1.1=a 2.1=b". */
static void append_all(struct store *s, const char *entries)
{
    assert_ok(store_begin(s));
    unsigned stream, seq;
    char body[16];
    for (int used; sscanf(entries, " %u.%u=%15s%n", &stream, &seq, body, &used) == 3;
         entries += used)
        assert_ok(log_append(s, stream, seq, view_str(body)));
    assert_ok(store_commit(s));
}

static void entries_are_read_in_order_from_and_to_what_was_asked_for(void **state)
{
    struct store *s = *state;
    reads(s, 1, 0, UINT64_MAX, "");
    append_all(s, "1.1=a 2.1=x 1.2=b 2.7=y 1.3=c 1.9=d");
    reads(s, 1, 0, UINT64_MAX, "1=a 2=b 3=c 9=d ");
    reads(s, 1, 2, 3, "2=b 3=c ");
    reads(s, 1, 4, 8, "");
    reads(s, 1, 4, 9, "9=d ");
    reads(s, 1, 3, 2, "");
    reads(s, 2, 0, UINT64_MAX, "1=x 7=y ");
    reads(s, 3, 0, UINT64_MAX, "");
    reads(s, 0, 0, UINT64_MAX, "");
}

static void reader_may_stop(void **state)
{
    struct store *s = *state;
    append_all(s, "1.1=a 1.2=b 1.3=c");
    struct heard heard = {.stop_after = 2};
    assert_ok(log_read(s, 1, 1, 3, hear, &heard));
    assert_string_equal(heard.text, "1=a 2=b ");
    struct heard oldest = {.stop_after = 1};
    assert_ok(log_oldest(s, 3, hear_oldest, &oldest));
    assert_string_equal(oldest.text, "1/1=a ");
    commit_put(s, "goes on", "1");
}

static void entry_is_appended_once(void **state)
{
    struct store *s = *state;
    append_all(s, "1.1=a");
    assert_ok(store_begin(s));
    assert_err(log_append(s, 1, 1, VIEW_LIT("again")), EXISTS);
    assert_ok(log_append(s, 1, 3, VIEW_LIT("b")));
    assert_err(log_append(s, 1, 3, VIEW_LIT("again")), EXISTS);
    assert_err(log_append(s, 1, 2, VIEW_LIT("too late")), EXISTS);
    assert_ok(store_commit(s));
    reads(s, 1, 0, UINT64_MAX, "1=a 3=b ");
}

static void body_may_be_empty_and_as_large_as_the_limit_says(void **state)
{
    struct store *s = *state;
    static uint8_t body[STORE_VALUE_MAX + 1];
    assert_ok(store_begin(s));
    assert_ok(log_append(s, 1, 1, (view){0}));
    assert_ok(log_append(s, 1, 2, view_of(body, STORE_VALUE_MAX)));
    assert_err(log_append(s, 1, 3, VIEW_OF(body)), TOO_LARGE);
    assert_err(log_replace(s, 1, 1, VIEW_OF(body)), TOO_LARGE);
    assert_ok(store_commit(s));
    reads(s, 1, 1, 1, "1= ");
    struct heard heard = {.stop_after = 1};
    assert_ok(log_read(s, 1, 2, 3, hear, &heard));
    assert_memory_equal(heard.text, "2=", 2);
}

static void numbers_may_be_as_large_as_the_limit_says(void **state)
{
    struct store *s = *state;
    const uint64_t most = INT64_MAX;
    assert_ok(store_begin(s));
    assert_ok(log_append(s, most, most, VIEW_LIT("last")));
    assert_ok(log_append(s, 0, 0, VIEW_LIT("first")));
    assert_err(log_append(s, most + 1, 1, VIEW_LIT("x")), TOO_LARGE);
    assert_err(log_append(s, 1, most + 1, VIEW_LIT("x")), TOO_LARGE);
    assert_ok(store_commit(s));
    reads(s, most, 0, UINT64_MAX, "9223372036854775807=last ");
    reads(s, most, most, most, "9223372036854775807=last ");
    reads(s, most + 1, 0, UINT64_MAX, "");
    reads(s, most, most + 1, UINT64_MAX, "");
    reads(s, 0, 0, 0, "0=first ");
    assert_ok(store_begin(s));
    assert_err(log_replace(s, most + 1, 1, VIEW_LIT("x")), NOTFOUND);
    assert_ok(log_drop(s, most + 1, 1));
    assert_ok(log_drop(s, most, UINT64_MAX));
    assert_ok(store_commit(s));
    reads(s, most, 0, UINT64_MAX, "");
}

static void drop_takes_all_entries_up_to_one_of_one_stream(void **state)
{
    struct store *s = *state;
    append_all(s, "1.1=a 2.1=x 1.2=b 1.4=c 1.5=d");
    assert_ok(store_begin(s));
    assert_ok(log_drop(s, 1, 0));
    reads(s, 1, 0, UINT64_MAX, "1=a 2=b 4=c 5=d ");
    assert_ok(log_drop(s, 1, 3));
    reads(s, 1, 0, UINT64_MAX, "4=c 5=d ");
    assert_ok(log_drop(s, 1, 4));
    assert_ok(log_drop(s, 1, 4));
    assert_ok(log_drop(s, 9, 4));
    assert_ok(store_commit(s));
    reads(s, 1, 0, UINT64_MAX, "5=d ");
    reads(s, 2, 0, UINT64_MAX, "1=x ");
    oldest_are(s, 10, "2/1=x 1/5=d ");
}

static void oldest_come_in_the_order_in_which_they_were_appended(void **state)
{
    struct store *s = *state;
    oldest_are(s, 10, "");
    append_all(s, "5.1=a 2.1=b 9.1=c 5.2=d 1.1=e");
    oldest_are(s, 10, "5/1=a 2/1=b 9/1=c 5/2=d 1/1=e ");
    oldest_are(s, 2, "5/1=a 2/1=b ");
    oldest_are(s, 0, "");
    assert_ok(store_begin(s));
    assert_ok(log_drop(s, 5, 1));
    assert_ok(log_drop(s, 1, 1));
    assert_ok(store_commit(s));
    append_all(s, "1.2=f");
    oldest_are(s, 10, "2/1=b 9/1=c 5/2=d 1/2=f ");
}

static void replaced_entry_keeps_its_place(void **state)
{
    struct store *s = *state;
    append_all(s, "1.1=a 2.1=b 1.2=c");
    assert_ok(store_begin(s));
    assert_ok(log_replace(s, 2, 1, VIEW_LIT("lost")));
    assert_err(log_replace(s, 2, 2, VIEW_LIT("x")), NOTFOUND);
    assert_ok(log_replace(s, 1, 1, VIEW_LIT("")));
    assert_ok(store_commit(s));
    oldest_are(s, 10, "1/1= 2/1=lost 1/2=c ");
    reads(s, 2, 0, UINT64_MAX, "1=lost ");
}

static void rollback_undoes_the_log_too(void **state)
{
    struct store *s = *state;
    append_all(s, "1.1=a 2.1=b 1.2=c 3.1=d");
    assert_ok(store_begin(s));
    assert_ok(log_append(s, 4, 1, VIEW_LIT("e")));
    assert_ok(log_drop(s, 1, 1));
    assert_ok(log_replace(s, 2, 1, VIEW_LIT("x")));
    assert_ok(log_drop(s, 2, 1));
    assert_ok(log_append(s, 2, 1, VIEW_LIT("y")));
    assert_ok(log_drop(s, 3, 1));
    assert_ok(log_drop(s, 4, 1));
    oldest_are(s, 10, "1/2=c 2/1=y ");
    store_rollback(s);
    oldest_are(s, 10, "1/1=a 2/1=b 1/2=c 3/1=d ");
    reads(s, 1, 0, UINT64_MAX, "1=a 2=c ");
    append_all(s, "5.1=e");
    oldest_are(s, 10, "1/1=a 2/1=b 1/2=c 3/1=d 5/1=e ");
}

/* --- against a model --- */

struct model {
    char rows[KEYS][8];    /* "": none */
    char entries[KEYS][8]; /* stream i % 4, seq i / 4 */
};

static void model_step(struct store *s, struct model *m, uint32_t dice)
{
    unsigned what = dice >> 8 & 7, i = (dice >> 12) % KEYS;
    char key[8], value[8];
    snprintf(key, sizeof key, "k%02u", i);
    snprintf(value, sizeof value, "%u", dice >> 20);
    switch (what) {
    case 0:
        assert_ok(store_delete(s, STORE_META, view_str(key)));
        m->rows[i][0] = 0;
        break;
    case 1:
        assert_ok(log_drop(s, i % 4, i / 4));
        for (unsigned j = i % 4; j <= i; j += 4)
            m->entries[j][0] = 0;
        break;
    case 2: {
        bool there = m->entries[i][0] != 0;
        assert_int_equal(log_replace(s, i % 4, i / 4, view_str(value)),
                         there ? SOTTO_OK : SOTTO_E_NOTFOUND);
        if (there)
            strcpy(m->entries[i], value);
        break;
    }
    case 3:
    case 4: {
        bool there = false; /* or a later one */
        for (unsigned j = i; j < KEYS; j += 4)
            there = there || m->entries[j][0] != 0;
        assert_int_equal(log_append(s, i % 4, i / 4, view_str(value)),
                         there ? SOTTO_E_EXISTS : SOTTO_OK);
        if (!there)
            strcpy(m->entries[i], value);
        break;
    }
    default:
        put(s, key, value);
        strcpy(m->rows[i], value);
    }
}

static void agrees(struct store *s, const struct model *m)
{
    char keys[1000] = "", entries[4][1000] = {""};
    for (unsigned i = 0; i < KEYS; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%02u", i);
        has(s, key, m->rows[i][0] != 0 ? m->rows[i] : NULL);
        if (m->rows[i][0] != 0)
            strcat(strcat(keys, key), " ");
        char *of = entries[i % 4];
        if (m->entries[i][0] != 0)
            snprintf(of + strlen(of), 1000 - strlen(of), "%u=%s ", i / 4, m->entries[i]);
    }
    walks(s, "", "", keys);
    for (unsigned stream = 0; stream < 4; stream++)
        reads(s, stream, 0, UINT64_MAX, entries[stream]);
}

static void store_agrees_with_arrays_through_commits_and_rollbacks(void **state)
{
    struct store *s = *state;
    struct model committed = {0}, now = {0};
    uint32_t dice = 4711;
    for (unsigned round = 0; round < 300; round++) {
        assert_ok(store_begin(s));
        for (unsigned step = 0; step < 1 + round % 20; step++) {
            dice = dice * 1664525 + 1013904223;
            model_step(s, &now, dice);
        }
        if (round % 10 == 0)
            agrees(s, &now);
        if (round % 3 == 0) {
            store_rollback(s);
            now = committed;
        } else {
            assert_ok(store_commit(s));
            committed = now;
        }
        if (round % 10 < 2)
            agrees(s, &now);
    }
}

/* --- upkeep --- */

static void sizes_know_what_is_stored(void **state)
{
    struct store *s = *state;
    struct store_sizes before, after;
    static const uint8_t body[50000];
    assert_ok(store_sizes(s, &before));
    assert_true(before.room_bytes > 0);
    assert_ok(store_begin(s));
    for (uint64_t seq = 1; seq <= 20; seq++)
        assert_ok(log_append(s, 1, seq, VIEW_OF(body)));
    assert_ok(store_commit(s));
    assert_ok(store_sizes(s, &after));
    assert_true(after.bytes + after.wal_bytes >=
                before.bytes + before.wal_bytes + 20 * sizeof body);
}

static void checkpoint_changes_nothing(void **state)
{
    struct store *s = *state;
    commit_put(s, "a", "1");
    append_all(s, "1.1=a");
    assert_ok(store_checkpoint(s));
    has(s, "a", "1");
    reads(s, 1, 0, UINT64_MAX, "1=a ");
    commit_put(s, "b", "1");
    walks(s, "", "", "a b ");
}

#define ON_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

static int run_on(const struct back_end *on)
{
    const struct CMUnitTest tests[] = {
        ON_STORE(each_table_has_a_name_and_rows_of_its_own),
        ON_STORE(what_was_put_is_there_inside_and_after_the_transaction),
        ON_STORE(row_may_be_empty_and_as_large_as_the_limits_say),
        ON_STORE(keys_and_values_may_hold_any_byte),
        ON_STORE(what_was_deleted_is_gone_and_deleting_nothing_is_fine),
        ON_STORE(walk_over_a_prefix_meets_its_keys_in_order),
        ON_STORE(walk_may_change_what_it_walks_over),
        ON_STORE(rollback_undoes_all_of_it),
        ON_STORE(empty_transaction_is_fine),
        ON_STORE(store_that_is_freed_in_a_transaction_is_freed),
        ON_STORE(entries_are_read_in_order_from_and_to_what_was_asked_for),
        ON_STORE(reader_may_stop),
        ON_STORE(entry_is_appended_once),
        ON_STORE(body_may_be_empty_and_as_large_as_the_limit_says),
        ON_STORE(numbers_may_be_as_large_as_the_limit_says),
        ON_STORE(drop_takes_all_entries_up_to_one_of_one_stream),
        ON_STORE(oldest_come_in_the_order_in_which_they_were_appended),
        ON_STORE(replaced_entry_keeps_its_place),
        ON_STORE(rollback_undoes_the_log_too),
        ON_STORE(store_agrees_with_arrays_through_commits_and_rollbacks),
        ON_STORE(sizes_know_what_is_stored),
        ON_STORE(checkpoint_changes_nothing),
    };
    back_end = on;
    return cmocka_run_group_tests_name(on->name, tests, scratch_make_fast, scratch_remove);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < COUNT_OF(back_ends); i++)
        if (strcmp(argv[1], back_ends[i].name) == 0)
            return run_on(&back_ends[i]);
    fprintf(stderr, "usage: store_store_test memory|sqlite|sqlite-cold\n");
    return 2;
}
