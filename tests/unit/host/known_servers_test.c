#include "unit.h"

#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/known_servers.h"

#define NOW INT64_C(1795132800) /* 2026-11-20 */

static char folder[64];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sotto-known-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    char data[80];
    snprintf(data, sizeof data, "%s/a/b", folder);
    return setenv("XDG_DATA_HOME", data, 1);
}

static int entry_remove(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return nftw(folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static struct server_address address_of(const char *text)
{
    struct server_address address;
    assert_ok(address_read(text, &address));
    return address;
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void a_file_that_is_not_there_is_empty(void **state)
{
    (void)state;
    struct known_servers known;
    assert_ok(known_servers_load(&known));
    assert_int_equal(known.pins.count, 0);
    assert_non_null(strstr(known.path, "/a/b/sotto/known_servers"));
    known_servers_clear(&known);
}

static void pins_are_kept_for_the_owner_alone(void **state)
{
    (void)state;
    struct known_servers known;
    struct server_address address = address_of("host");
    uint8_t pin[X509_PIN] = {1, 2, 3};
    assert_ok(known_servers_load(&known));
    assert_ok(known_servers_keep(&known, &address, pin, NOW));
    assert_int_equal(mode_of(known.path), 0600);
    *strrchr(known.path, '/') = '\0';
    assert_int_equal(mode_of(known.path), 0700);
    known_servers_clear(&known);
    assert_ok(known_servers_load(&known));
    const struct pin_line *line = pins_find(&known.pins, "host:5000");
    assert_non_null(line);
    assert_memory_equal(line->pin, pin, sizeof pin);
    assert_string_equal(line->date, "2026-11-20");
    known_servers_clear(&known);
}

static void a_kept_pin_is_never_replaced(void **state)
{
    (void)state;
    struct known_servers known;
    struct server_address address = address_of("host");
    uint8_t pin[X509_PIN] = {1, 2, 3}, other[X509_PIN] = {9};
    assert_ok(known_servers_load(&known));
    assert_ok(known_servers_keep(&known, &address, pin, NOW));
    assert_err(known_servers_keep(&known, &address, other, NOW), PIN);
    assert_ok(known_servers_forget(&known, &address));
    assert_err(known_servers_forget(&known, &address), NOTFOUND);
    assert_ok(known_servers_keep(&known, &address, other, NOW));
    known_servers_clear(&known);
}

static void programs_at_the_same_time_lose_nothing(void **state)
{
    (void)state;
    struct known_servers known;
    uint8_t pin[X509_PIN] = {5};
    for (unsigned i = 0; i < 8; i++) {
        char text[32];
        snprintf(text, sizeof text, "host%u", i);
        struct server_address address = address_of(text);
        if (fork() != 0)
            continue;
        bool kept = known_servers_load(&known) == SOTTO_OK &&
                    known_servers_keep(&known, &address, pin, NOW) == SOTTO_OK;
        _exit(kept ? 0 : 1);
    }
    for (unsigned i = 0; i < 8; i++) {
        int status;
        assert_true(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_ok(known_servers_load(&known));
    assert_int_equal(known.pins.count, 9); /* and the one of the test before */
    known_servers_clear(&known);
}

static void a_damaged_file_is_refused_and_kept(void **state)
{
    (void)state;
    struct known_servers known;
    struct server_address address = address_of("another");
    uint8_t pin[X509_PIN] = {1};
    assert_ok(known_servers_load(&known));
    FILE *file = fopen(known.path, "a");
    assert_non_null(file);
    fputs("nonsense\n", file);
    fclose(file);
    known_servers_clear(&known);
    assert_err(known_servers_load(&known), CONFIG);
    assert_int_equal(known.bad_line, 11);
    assert_err(known_servers_keep(&known, &address, pin, NOW), CONFIG);
    known_servers_clear(&known);
    assert_int_equal(known.pins.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_not_there_is_empty),
        cmocka_unit_test(pins_are_kept_for_the_owner_alone),
        cmocka_unit_test(a_kept_pin_is_never_replaced),
        cmocka_unit_test(programs_at_the_same_time_lose_nothing),
        cmocka_unit_test(a_damaged_file_is_refused_and_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
