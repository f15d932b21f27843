#include "lab/sha1.h"

#include "lab_unit.h"

/* FIPS 180-4's example. */
static void sha1_of_abc(void **state)
{
    (void)state;
    uint8_t digest[SHA1_SIZE];
    assert_ok(sha1(VIEW_LIT("abc"), digest));
    test_is_hex(VIEW_OF(digest), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_ok(sha1((view){0}, digest));
    test_is_hex(VIEW_OF(digest), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_of_abc),
    };
    return cmocka_run_group_tests_name("lab/sha1", tests, NULL, NULL);
}
