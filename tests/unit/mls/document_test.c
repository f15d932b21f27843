/* docs/mls-checks.md against the table of checks: a row for each and none besides. */
#include "document.h"

#include "mls/check.h"

#define WHO_TEXT_MEMBER "every member"
#define WHO_TEXT_PATH   "path holders"
#define WHO_TEXT_JOINER "who joins"

static void each_check_has_its_row(void **state)
{
    (void)state;
    size_t count = 0, rows = 0;
    char line[400];
#define CHECK_LINE(name, number, section, who, error, sentence)                               \
    snprintf(line, sizeof line,                                                               \
             "| %d | " #name " | " section " | " sentence " | E_" #error " | " WHO_TEXT_##who \
             " |",                                                                            \
             number);                                                                         \
    has_line(line);                                                                           \
    count++;
    MLS_CHECKS(CHECK_LINE)
#undef CHECK_LINE
    for (int number = 0; number < 1000; number++) {
        snprintf(line, sizeof line, "| %d | ", number);
        rows += lines(line, false);
    }
    assert_int_equal(rows, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_has_its_row),
    };
    return cmocka_run_group_tests(tests, read_document, clear_document);
}
