/* docs/protocol.md against the lists that the code is made from: a row and a section for each kind, a row for each error and none
 * besides. DOCUMENT is the file's path. */
#include <stdio.h>

#include "unit.h"

#include "proto/proto.h"

static sotto_buf document;

static int read_document(void **state)
{
    (void)state;
    FILE *file = fopen(DOCUMENT, "rb");
    assert_non_null(file);
    uint8_t chunk[4096];
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        assert_ok(buf_append(&document, view_of(chunk, got)));
    fclose(file);
    return 0;
}

static int clear_document(void **state)
{
    (void)state;
    buf_clear(&document);
    return 0;
}

/* How many lines are exactly this one, or (`whole` false) begin with it. */
static size_t lines(const char *line, bool whole)
{
    size_t count = 0, len = strlen(line);
    view rest = buf_view(&document);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t line_len = end != NULL ? (size_t)(end - rest.data) : rest.len;
        bool begins = line_len >= len && memcmp(rest.data, line, len) == 0;
        count += begins && (!whole || line_len == len);
        size_t used = size_min(line_len + 1, rest.len);
        rest = view_of(rest.data + used, rest.len - used);
    }
    return count;
}

static void has_line(const char *line)
{
    if (lines(line, true) != 1)
        fail_msg("in " DOCUMENT " this line is missing, or there twice: %s", line);
}

#define PARTY_CLIENT "client"
#define PARTY_SERVER "server"

static void each_kind_has_its_row_and_its_section(void **state)
{
    (void)state;
    size_t count = 0;
    char line[300];
#define CHECK_KIND(name, number, from, text, what)                                              \
    snprintf(line, sizeof line, "| 0x%04x | " text " | " PARTY_##from " | " what " |", number); \
    has_line(line);                                                                             \
    has_line("### " text);                                                                      \
    count++;
    PROTO_KINDS(CHECK_KIND)
#undef CHECK_KIND
    assert_int_equal(lines("| 0x", false), count);
    assert_int_equal(lines("### ", false), count);
}

static void each_error_has_its_row(void **state)
{
    (void)state;
    size_t count = 0, rows = 0;
    char line[300];
#define CHECK_ERROR(name, code, class, sentence)                                           \
    snprintf(line, sizeof line, "| %d | E_" #name " | " #class " | " sentence " |", code); \
    has_line(line);                                                                        \
    count++;
    SOTTO_ERRORS(CHECK_ERROR)
#undef CHECK_ERROR
    for (int code = 0; code < 1000; code++) {
        snprintf(line, sizeof line, "| %d | E_", code);
        rows += lines(line, false);
    }
    assert_int_equal(rows, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_row_and_its_section),
        cmocka_unit_test(each_error_has_its_row),
    };
    return cmocka_run_group_tests(tests, read_document, clear_document);
}
