/* A head that comes in pieces gives what it gives at once, and what was read and written again reads the same.
 * Input: one byte for request or answer and the size of the pieces, then the stream. */
#include "fuzz.h"

#include "base/buf.h"
#include "proto/http.h"

typedef sotto_err read_fn(view input, size_t scanned, struct http_head *ret_head, size_t *ret_len);

static void inside(view whole, view part)
{
    if (part.data != NULL)
        HOLDS(part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void head_is_inside(view input, const struct http_head *head)
{
    inside(input, head->method);
    inside(input, head->target);
    HOLDS(head->field_count <= HTTP_FIELDS_MAX);
    for (size_t i = 0; i < head->field_count; i++) {
        inside(input, head->fields[i].name);
        inside(input, head->fields[i].value);
    }
}

static void same_heads(const struct http_head *a, const struct http_head *b)
{
    HOLDS(view_equal(a->method, b->method) && view_equal(a->target, b->target));
    HOLDS(a->status == b->status && a->content_length == b->content_length);
    HOLDS(a->field_count == b->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        HOLDS(view_equal(a->fields[i].name, b->fields[i].name));
        HOLDS(view_equal(a->fields[i].value, b->fields[i].value));
    }
}

/* The verdict when `step` bytes come at a time. */
static sotto_err read_in_pieces(read_fn *read, view input, size_t step, size_t *ret_len)
{
    struct http_head head;
    size_t scanned = 0;
    for (size_t have = 0;; have = size_min(have + step, input.len)) {
        uint8_t *copy = fuzz_copy(view_of(input.data, have));
        *ret_len = 0;
        sotto_err err = read(view_of(copy, have), scanned, &head, ret_len);
        free(copy);
        if (err != SOTTO_OK || *ret_len > 0 || have == input.len)
            return err;
        scanned = have;
    }
}

static void append(sotto_buf *out, view bytes)
{
    HOLDS(buf_append(out, bytes) == SOTTO_OK);
}

static void append_fields(sotto_buf *out, const struct http_head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        append(out, head->fields[i].name);
        append(out, VIEW_LIT(":"));
        append(out, head->fields[i].value);
        append(out, VIEW_LIT("\r\n"));
    }
    append(out, VIEW_LIT("\r\n"));
}

static void reads_again(read_fn *read, const struct http_head *head)
{
    struct http_head again;
    sotto_buf text = {0};
    size_t len = 0;
    char status[32];
    snprintf(status, sizeof status, "HTTP/1.1 %u \r\n", head->status);
    if (head->method.len > 0) {
        append(&text, head->method);
        append(&text, VIEW_LIT(" "));
        append(&text, head->target);
        append(&text, VIEW_LIT(" HTTP/1.1\r\n"));
    } else {
        append(&text, view_str(status));
    }
    append_fields(&text, head);
    HOLDS(read(buf_view(&text), 0, &again, &len) == SOTTO_OK);
    HOLDS(len == text.len);
    same_heads(head, &again);
    buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view input = view_of(data, size);
    uint8_t choice = fuzz_u8(&input);
    read_fn *read = choice & 1 ? http_answer_read : http_request_read;
    size_t step = 1 + (choice >> 1), len = 0, len_in_pieces = 0;
    struct http_head head = {0};
    uint8_t *copy = fuzz_copy(input);
    view whole = view_of(copy, input.len);
    sotto_err err = read(whole, 0, &head, &len);
    HOLDS(read_in_pieces(read, input, step, &len_in_pieces) == err);
    HOLDS(len_in_pieces == len);
    if (len > 0) {
        HOLDS(err == SOTTO_OK && len <= HTTP_HEAD_MAX && len <= input.len);
        HOLDS(memcmp(copy + len - 4, "\r\n\r\n", 4) == 0);
        head_is_inside(view_of(copy, len), &head);
        reads_again(read, &head);
    } else if (err == SOTTO_OK) {
        HOLDS(input.len < HTTP_HEAD_MAX && head.field_count == 0);
    }
    free(copy);
    return 0;
}
