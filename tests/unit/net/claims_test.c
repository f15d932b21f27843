#include "unit.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "net/claims.h"

static struct claims *claims;

static int setup(void **state)
{
    (void)state;
    claims = calloc(1, sizeof *claims);
    assert_non_null(claims);
    assert_ok(claims_init(claims));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    claims_clear(claims);
    free(claims);
    return 0;
}

static const uint8_t *hash_of(uint32_t number)
{
    static uint8_t hash[BLOB_HASH];
    memset(hash, 0, sizeof hash);
    memcpy(hash, &number, sizeof number);
    return hash;
}

/* The number of what is to be deleted; 0: nothing is. */
static uint32_t next(void)
{
    uint8_t hash[BLOB_HASH];
    uint32_t number = 0;
    if (claims_next(claims, 0, hash))
        memcpy(&number, hash, sizeof number);
    return number;
}

static void what_is_doomed_is_deleted_once(void **state)
{
    (void)state;
    assert_int_equal(next(), 0);
    claims_doom(claims, hash_of(7));
    claims_doom(claims, hash_of(7));
    assert_int_equal(next(), 7);
    claims_gone(claims);
    assert_int_equal(next(), 0);
}

static void what_is_doomed_waits_while_files_are_held(void **state)
{
    (void)state;
    claims_doom(claims, hash_of(7));
    claims_hold(claims, true);
    claims_doom(claims, hash_of(8));
    assert_int_equal(next(), 0);
    assert_true(claims_take(claims, hash_of(8))); /* it is stored again */
    claims_hold(claims, false);
    assert_int_equal(next(), 7);
    claims_gone(claims);
    assert_int_equal(next(), 0);
}

static void what_somebody_claims_is_not_doomed(void **state)
{
    (void)state;
    assert_true(claims_take(claims, hash_of(7)));
    assert_true(claims_take(claims, hash_of(7)));
    claims_doom(claims, hash_of(7));
    claims_doom(claims, hash_of(8));
    claims_drop(claims, hash_of(7));
    claims_doom(claims, hash_of(7)); /* the other one is at it still */
    assert_int_equal(next(), 8);
    claims_gone(claims);
    assert_int_equal(next(), 0);
    claims_drop(claims, hash_of(7));
    assert_int_equal(next(), 0); /* it was not kept in mind */
    claims_doom(claims, hash_of(7));
    assert_int_equal(next(), 7);
    claims_gone(claims);
}

static void who_claims_it_saves_what_was_doomed_before(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 3; i++)
        claims_doom(claims, hash_of(i));
    assert_true(claims_take(claims, hash_of(2)));
    claims_drop(claims, hash_of(2));
    uint32_t first = next();
    claims_gone(claims);
    uint32_t second = next();
    claims_gone(claims);
    assert_int_equal(first + second, 1 + 3);
    assert_int_equal(next(), 0);
}

static void over_the_limits_nothing_is_taken(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= CLAIMS_MAX; i++)
        assert_true(claims_take(claims, hash_of(i)));
    assert_false(claims_take(claims, hash_of(CLAIMS_MAX + 1)));
    claims_drop(claims, hash_of(5));
    assert_true(claims_take(claims, hash_of(CLAIMS_MAX + 1)));
    for (uint32_t i = 10001; i <= 10000 + DOOMED_MAX + 5; i++)
        claims_doom(claims, hash_of(i));
    size_t count = 0;
    while (next() > 10000) {
        claims_gone(claims);
        count++;
    }
    assert_int_equal(count, DOOMED_MAX);
}

static atomic_bool taken, begun;

static void *take_seven(void *arg)
{
    uint8_t hash[BLOB_HASH] = {7};
    (void)arg;
    atomic_store(&begun, true);
    assert_true(claims_take(claims, hash));
    atomic_store(&taken, true);
    return NULL;
}

static void who_comes_while_it_is_deleted_waits_for_that(void **state)
{
    (void)state;
    pthread_t thread;
    claims_doom(claims, hash_of(7));
    assert_int_equal(next(), 7);
    assert_int_equal(pthread_create(&thread, NULL, take_seven, NULL), 0);
    while (!atomic_load(&begun))
        usleep(100);
    for (int i = 0; i < 100; i++) {
        assert_false(atomic_load(&taken));
        usleep(100);
    }
    assert_true(claims_take(claims, hash_of(8))); /* others don't */
    claims_gone(claims);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&taken));
}

static void *end(void *arg)
{
    (void)arg;
    claims_end(claims);
    return NULL;
}

static void at_the_end_nobody_waits(void **state)
{
    (void)state;
    uint8_t hash[BLOB_HASH];
    pthread_t thread;
    assert_false(claims_ended(claims));
    assert_int_equal(pthread_create(&thread, NULL, end, NULL), 0);
    assert_false(claims_next(claims, 3600000, hash));
    pthread_join(thread, NULL);
    claims_doom(claims, hash_of(7));
    assert_false(claims_next(claims, 3600000, hash));
    assert_true(claims_ended(claims));
}

/* --- all at once: some store, one deletes, and one decides about rows, as the core does --- */

#define HASHES  4
#define SENDERS 3
#define ROUNDS  3000

static pthread_mutex_t core = PTHREAD_MUTEX_INITIALIZER;
static bool row[HASHES];
static atomic_bool file[HASHES];
static atomic_uint senders, lacking, deleted;

static void *send_some(void *arg)
{
    (void)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint8_t hash[BLOB_HASH] = {(uint8_t)(i * 7 % HASHES)};
        assert_true(claims_take(claims, hash));
        if (!atomic_load(&file[hash[0]])) {
            sched_yield();
            atomic_store(&file[hash[0]], true);
        }
        sched_yield();
        pthread_mutex_lock(&core);
        row[hash[0]] = true;
        pthread_mutex_unlock(&core);
        claims_drop(claims, hash);
    }
    atomic_fetch_sub(&senders, 1);
    return NULL;
}

static void *delete_some(void *arg)
{
    uint8_t hash[BLOB_HASH];
    (void)arg;
    while (!claims_ended(claims))
        if (claims_next(claims, 1, hash)) {
            sched_yield();
            atomic_store(&file[hash[0]], false);
            atomic_fetch_add(&deleted, 1);
            claims_gone(claims);
        }
    return NULL;
}

static void row_end(uint8_t number)
{
    const uint8_t hash[BLOB_HASH] = {number};
    pthread_mutex_lock(&core);
    if (row[number] && !atomic_load(&file[number]))
        atomic_fetch_add(&lacking, 1);
    row[number] = false;
    claims_doom(claims, hash);
    pthread_mutex_unlock(&core);
}

static void a_row_never_lacks_its_file(void **state)
{
    (void)state;
    pthread_t threads[SENDERS + 1];
    atomic_store(&senders, SENDERS);
    for (size_t i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_some, NULL), 0);
    assert_int_equal(pthread_create(&threads[SENDERS], NULL, delete_some, NULL), 0);
    for (uint32_t i = 0; atomic_load(&senders) > 0 || atomic_load(&deleted) == 0; i++) {
        row_end((uint8_t)(i % HASHES));
        sched_yield();
    }
    claims_end(claims);
    for (size_t i = 0; i <= SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&lacking), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_doomed_is_deleted_once),
        TEST(what_is_doomed_waits_while_files_are_held),
        TEST(what_somebody_claims_is_not_doomed),
        TEST(who_claims_it_saves_what_was_doomed_before),
        TEST(over_the_limits_nothing_is_taken),
        TEST(who_comes_while_it_is_deleted_waits_for_that),
        TEST(at_the_end_nobody_waits),
        TEST(a_row_never_lacks_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
