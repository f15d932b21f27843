/* docs/protocol.md against the lists that the code is made from: a row and a section for each kind, a row for each error, and one for
 * each request with who may ask it and what it costs; none besides. */
#include "document.h"

#include "core/state.h"

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

static const char *who_text(enum who who)
{
    switch (who) {
#define WHO_TEXT(name, text) \
    case name:               \
        return text;
        REQUEST_WHO(WHO_TEXT)
#undef WHO_TEXT
    }
    return NULL;
}

/* Every kind that a client may send, apart from hello, which the loop answers; what admins ask is of the process alone. */
static void each_request_has_its_row(void **state)
{
    (void)state;
    size_t count = 0, rows = 0, clients = 0;
    char line[300];
    const struct request_row *table = request_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (table[i].who == ADMIN)
            continue;
        assert_non_null(proto_kind_name(table[i].kind));
        snprintf(line, sizeof line, "| %s | %s | %llu |", proto_kind_name(table[i].kind),
                 who_text(table[i].who), (unsigned long long)table[i].cost);
        has_line(line);
        rows++;
    }
#define COUNT_CLIENT(name, number, from, text, what) \
    clients += strcmp(PARTY_##from, PARTY_CLIENT) == 0;
    PROTO_KINDS(COUNT_CLIENT)
#undef COUNT_CLIENT
    assert_int_equal(rows, clients - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_row_and_its_section),
        cmocka_unit_test(each_error_has_its_row),
        cmocka_unit_test(each_request_has_its_row),
    };
    return cmocka_run_group_tests(tests, read_document, clear_document);
}
