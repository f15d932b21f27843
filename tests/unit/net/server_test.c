/* What the server can judge without running. */
#include "unit.h"

#include <sys/statvfs.h>

#include "net/server.h"

/* Whether it is full if the reserve is so many times what is free. The margins are wide: others write there, too. */
static bool is_full(double share, bool was_full, bool inside)
{
    struct statvfs fs;
    struct server *server = calloc(1, sizeof *server);
    struct live *live = calloc(1, sizeof *live);
    assert_non_null(server);
    assert_non_null(live);
    assert_int_equal(statvfs("/tmp", &fs), 0);
    const double room = (double)fs.f_bavail * (double)fs.f_frsize;
    live->config.limits.disk_reserve_bytes = (uint64_t)(room * share);
    server->config.dir = "/tmp";
    atomic_store(&server->live, live);
    atomic_store(&server->disk_full, was_full);
    bool full = server_disk_is_full(server, inside ? (uint64_t)(room * share) : 0);
    free(live);
    free(server);
    return full;
}

static void disk_with_less_than_the_reserve_is_full(void **state)
{
    (void)state;
    assert_false(is_full(0.5, false, false));
    assert_true(is_full(2, false, false));
}

static void what_is_free_inside_the_database_counts(void **state)
{
    (void)state;
    assert_false(is_full(2, false, true));
    assert_false(is_full(1.5, true, true));
    assert_true(is_full(1.5, true, false));
}

static void some_of_the_reserve_has_to_be_free_on_the_disk_itself(void **state)
{
    (void)state;
    assert_true(is_full(8, false, true));
    assert_false(is_full(3, false, true));
    assert_true(is_full(3, true, true)); /* more of it, once it was full */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_with_less_than_the_reserve_is_full),
        cmocka_unit_test(what_is_free_inside_the_database_counts),
        cmocka_unit_test(some_of_the_reserve_has_to_be_free_on_the_disk_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
