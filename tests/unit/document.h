/* document.h - a document of ours held against the lists that it speaks of. DOCUMENT is the file's path. */
#ifndef TESTS_UNIT_DOCUMENT_H
#define TESTS_UNIT_DOCUMENT_H

#include "unit.h"

static sotto_buf document;

static inline int read_document(void **state)
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

static inline int clear_document(void **state)
{
    (void)state;
    buf_clear(&document);
    return 0;
}

/* How many lines are exactly this one, or (`whole` false) begin with it. */
static inline size_t lines(const char *line, bool whole)
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

static inline void has_line(const char *line)
{
    if (lines(line, true) != 1)
        fail_msg("in " DOCUMENT " this line is missing, or there twice: %s", line);
}

#endif
