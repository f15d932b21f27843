/* A process that commits and tells what it committed is killed at any moment: all that it told is there afterwards. */
#include <signal.h>
#include <sys/wait.h>

#include "back_ends.h"

#include "store/sqlite.h"

#define HOT 40 /* places of the log that no table names */

#define ROUNDS 20

/* Goes on from where the store is; tells each number after its commit. Never returns. */
static void child_run(int out)
{
    struct store *s;
    view value;
    uint32_t number = 0;
    if (sqlite_open_scratch(&s) != SOTTO_OK)
        _exit(1);
    sqlite_of(s)->hot_most = HOT;
    if (store_get(s, STORE_META, VIEW_LIT("n"), &value) == SOTTO_OK)
        memcpy(&number, value.data, sizeof number);
    for (;;) {
        number++;
        if (store_begin(s) != SOTTO_OK || log_append(s, number % 7, number, VIEW_LIT("entry")) ||
            store_put(s, STORE_META, VIEW_LIT("n"), view_of(&number, sizeof number)) != SOTTO_OK ||
            store_commit(s) != SOTTO_OK || write(out, &number, sizeof number) != sizeof number)
            _exit(1);
        if (number % 50 == 0 && store_checkpoint(s) != SOTTO_OK)
            _exit(1);
    }
}

/* Reads what the child tells until it has told so much, kills it, and gives the last that it told. */
static uint32_t child_hear(pid_t child, int in, unsigned count)
{
    uint32_t number = 0, last = 0;
    int status;
    while (read(in, &number, sizeof number) == (ssize_t)sizeof number) {
        last = number;
        if (--count == 0)
            assert_int_equal(kill(child, SIGKILL), 0);
        count += count == 0; /* what it had told by then is read too */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return last;
}

struct walk {
    uint32_t next;
};

static bool walk_on(void *user, uint64_t seq, view body)
{
    struct walk *walk = user;
    assert_int_equal(seq, walk->next);
    assert_true(view_equal(body, VIEW_LIT("entry")));
    walk->next += 7;
    return true;
}

/* All up to `told`, or to what was committed and not told any more; nothing besides. */
static void holds(uint32_t told)
{
    struct store *s;
    view value;
    uint32_t number;
    assert_ok(sqlite_open_scratch(&s));
    assert_ok(store_get(s, STORE_META, VIEW_LIT("n"), &value));
    memcpy(&number, value.data, sizeof number);
    assert_true(number == told || number == told + 1);
    for (uint32_t stream = 0; stream < 7; stream++) {
        struct walk walk = {stream > 0 ? stream : 7};
        assert_ok(log_read(s, stream, 0, UINT64_MAX, walk_on, &walk));
        assert_true(walk.next > number && walk.next <= number + 7);
    }
    store_free(s);
    assert_ok(store_verify(scratch_db, NULL, NULL));
}

static void all_that_was_told_survives_kill(void **state)
{
    (void)state;
    uint32_t dice = 1;
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            child_run(ends[1]);
        }
        close(ends[1]);
        dice = dice * 1664525 + 1013904223;
        uint32_t told = child_hear(child, ends[0], 1 + (dice >> 16) % 150);
        close(ends[0]);
        holds(told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_was_told_survives_kill),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
