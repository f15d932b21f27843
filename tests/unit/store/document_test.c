/* docs/store.md against the list of tables: a row for each, and none besides. */
#include "document.h"

#include "store/store.h"

static void each_table_has_its_row(void **state)
{
    (void)state;
    size_t count = 0, rows = 0;
    char line[300];
#define CHECK_TABLE(name, number, text, what)                              \
    snprintf(line, sizeof line, "| %d | `" text "` | " what " |", number); \
    has_line(line);                                                        \
    count++;
    STORE_TABLES(CHECK_TABLE)
#undef CHECK_TABLE
    for (int number = 0; number < 1000; number++) {
        snprintf(line, sizeof line, "| %d | `", number);
        rows += lines(line, false);
    }
    assert_int_equal(rows, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_has_its_row),
    };
    return cmocka_run_group_tests(tests, read_document, clear_document);
}
