#include "message.h"

#include <stdio.h>

#include "proto/http.h"

typedef sotto_err read_fn(view input, size_t scanned, struct http_head *ret_head, size_t *ret_len);

/* What an input gives whole, byte by byte and cut in two anywhere; all must agree. Each piece lies in memory of its own size. */
static sotto_err read_split(read_fn *read, view input, size_t first, size_t step, size_t *ret_len)
{
    struct http_head head;
    size_t scanned = 0;
    for (size_t have = size_min(first, input.len);; have = size_min(have + step, input.len)) {
        uint8_t *copy = malloc(have > 0 ? have : 1);
        assert_non_null(copy);
        memcpy(copy, input.data, have);
        *ret_len = 0;
        sotto_err err = read(view_of(copy, have), scanned, &head, ret_len);
        free(copy);
        if (err != SOTTO_OK || *ret_len > 0 || have == input.len)
            return err;
        scanned = have;
    }
}

static void same_for_every_split(read_fn *read, view input, sotto_err wanted, size_t wanted_len)
{
    size_t len = 0;
    assert_int_equal(read_split(read, input, input.len, 1, &len), wanted);
    assert_int_equal(len, wanted_len);
    assert_int_equal(read_split(read, input, 0, 1, &len), wanted);
    assert_int_equal(len, wanted_len);
    for (size_t first = 1; first < input.len && first < 600; first++) {
        assert_int_equal(read_split(read, input, first, input.len, &len), wanted);
        assert_int_equal(len, wanted_len);
    }
}

static void request_gives(const char *text, sotto_err wanted)
{
    size_t len = wanted == SOTTO_OK ? strlen(text) : 0;
    same_for_every_split(http_request_read, view_str(text), wanted, len);
}

static void answer_gives(const char *text, sotto_err wanted)
{
    size_t len = wanted == SOTTO_OK ? strlen(text) : 0;
    same_for_every_split(http_answer_read, view_str(text), wanted, len);
}

#define HOST "Host: a\r\n"

/* The opening handshake of RFC 6455 1.3, with a body behind it that is none of the head's. */
static const char upgrade[] = "GET /sotto?x=1 HTTP/1.1\r\n"
                              "Host: server.example.com\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: keep-alive, Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Empty:\r\n"
                              "Padded: \t two words\t \r\n"
                              "\r\n";

static void request_is_cut_into_its_parts(void **state)
{
    (void)state;
    struct http_head head = {0};
    size_t len = 0;
    assert_int_equal(http_request_read(view_str(upgrade), 0, &head, &len), SOTTO_OK);
    assert_int_equal(len, strlen(upgrade));
    assert_true(view_equal(head.method, VIEW_LIT("GET")));
    assert_true(view_equal(head.target, VIEW_LIT("/sotto?x=1")));
    assert_int_equal(head.status, 0);
    assert_int_equal(head.field_count, 6);
    assert_true(view_equal(head.fields[0].name, VIEW_LIT("Host")));
    assert_true(view_equal(http_field_find(&head, "HOST"), VIEW_LIT("server.example.com")));
    assert_true(view_equal(http_field_find(&head, "padded"), VIEW_LIT("two words")));
    assert_int_equal(head.content_length, 0);
}

static void field_that_is_empty_differs_from_none(void **state)
{
    (void)state;
    struct http_head head = {0};
    size_t len = 0;
    assert_int_equal(http_request_read(view_str(upgrade), 0, &head, &len), SOTTO_OK);
    assert_non_null(http_field_find(&head, "empty").data);
    assert_int_equal(http_field_find(&head, "empty").len, 0);
    assert_null(http_field_find(&head, "emptyy").data);
}

static void list_field_is_searched_by_token_and_without_case(void **state)
{
    (void)state;
    struct http_head head = {0};
    size_t len = 0;
    const char *text = "GET / HTTP/1.1\r\n" HOST "List: one,, Two ,\tthree\r\nlist: four\r\n\r\n";
    assert_int_equal(http_request_read(view_str(text), 0, &head, &len), SOTTO_OK);
    assert_true(http_field_has(&head, "list", "one"));
    assert_true(http_field_has(&head, "LIST", "two"));
    assert_true(http_field_has(&head, "list", "THREE"));
    assert_true(http_field_has(&head, "list", "four"));
    assert_false(http_field_has(&head, "list", "thre"));
    assert_false(http_field_has(&head, "list", "one,, Two"));
    assert_false(http_field_has(&head, "other", "one"));
}

static void what_follows_the_head_is_not_looked_at(void **state)
{
    (void)state;
    struct http_head head;
    size_t len = 0;
    const char *text = "GET / HTTP/1.1\r\n" HOST "\r\n\0\x01\n\n";
    assert_int_equal(http_request_read(view_of(text, 31), 0, &head, &len), SOTTO_OK);
    assert_int_equal(len, 27);
}

static void request_is_read_the_same_however_it_is_split(void **state)
{
    (void)state;
    request_gives(upgrade, SOTTO_OK);
    request_gives("GET / HTTP/1.1\r\n" HOST "\r\n", SOTTO_OK);
    request_gives("GET / HTTP/1.1\r\n" HOST "Content-Length: 18\r\n\r\n", SOTTO_OK);
}

static void request_line_is_strict(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
        " GET / HTTP/1.1\r\n",
        "GET  / HTTP/1.1\r\n",
        "GET /  HTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n",
        "GET / HTTP/1.0\r\n",
        "GET / http/1.1\r\n",
        "GET /\r\n",
        "GET\r\n",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r \n",
        "GET /\x7f HTTP/1.1\r\n",
        "GET /\xc3\xa4 HTTP/1.1\r\n",
        "GET http://a/ HTTP/1.1\r\n",
        "GET\t/ HTTP/1.1\r\n",
        "(GET / HTTP/1.1\r\n",
        "\x16\x03\x01",
        "GET / HTTP/1.1\r\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        request_gives(wrong[i], SOTTO_E_HTTP);
}

static void field_lines_are_strict(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Name : x\r\n",
        " Name: x\r\n",
        "Name: x\r\n folded\r\n",
        "Name: x\r\n\tfolded\r\n",
        ": x\r\n",
        "Name\r\n",
        "Name: x\n",
        "Name: x\ny\r\n",
        "Name: \x01\r\n",
        "Name: \xe4\r\n",
        "Na me: x\r\n",
        "Name: x\r\n\n",
        "Name: x\r\n\r\r\n",
        "N\xe4me: x\r\n",
    };
    char text[200];
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "%s", wrong[i]);
        request_gives(text, SOTTO_E_HTTP);
    }
}

static void fields_that_frame_a_message_are_strict(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -0\r\n",
        "Content-Length:\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 1000000000000000000\r\n",
        "Transfer-Encoding: chunked\r\n",
        "transfer-encoding: identity\r\n",
        "HOST: b\r\n",
    };
    char text[200];
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "%s\r\n", wrong[i]);
        request_gives(text, SOTTO_E_HTTP);
    }
    request_gives("GET / HTTP/1.1\r\n\r\n", SOTTO_E_HTTP);
}

static void content_length_is_read(void **state)
{
    (void)state;
    struct http_head head = {0};
    size_t len = 0;
    const char *text = "PUT /blob HTTP/1.1\r\n" HOST "content-LENGTH:  999999999999999999\r\n\r\n";
    assert_int_equal(http_request_read(view_str(text), 0, &head, &len), SOTTO_OK);
    assert_true(head.content_length == 999999999999999999u);
}

static void head_that_can_still_become_valid_is_waited_for(void **state)
{
    (void)state;
    struct http_head head = {.status = 77};
    for (size_t have = 0; have < strlen(upgrade); have++) {
        size_t len = 1;
        assert_int_equal(http_request_read(view_of(upgrade, have), 0, &head, &len), SOTTO_OK);
        assert_int_equal(len, 0);
        assert_int_equal(head.status, 77);
    }
}

static void garbage_is_refused_at_its_first_byte(void **state)
{
    (void)state;
    struct http_head head;
    size_t len = 0;
    assert_int_equal(http_request_read(VIEW_LIT("\x16"), 0, &head, &len), SOTTO_E_HTTP);
    assert_int_equal(http_request_read(VIEW_LIT("GET /a\n"), 6, &head, &len), SOTTO_E_HTTP);
    assert_int_equal(http_answer_read(VIEW_LIT("X"), 0, &head, &len), SOTTO_E_HTTP);
}

/* Fills up to `size` bytes with one long field and ends the head there. */
static sotto_buf head_of_size(size_t size)
{
    sotto_buf text = {0};
    assert_int_equal(buf_append(&text, VIEW_LIT("GET / HTTP/1.1\r\n" HOST "Long: ")), SOTTO_OK);
    while (text.len < size - 4)
        assert_int_equal(buf_append(&text, VIEW_LIT("x")), SOTTO_OK);
    assert_int_equal(buf_append(&text, VIEW_LIT("\r\n\r\n")), SOTTO_OK);
    return text;
}

static void head_of_8192_bytes_is_the_largest(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf fits = head_of_size(HTTP_HEAD_MAX);
    DEFER(buf_clear) sotto_buf large = head_of_size(HTTP_HEAD_MAX + 1);
    same_for_every_split(http_request_read, buf_view(&fits), SOTTO_OK, HTTP_HEAD_MAX);
    same_for_every_split(http_request_read, buf_view(&large), SOTTO_E_TOO_LARGE, 0);
}

static void sixty_four_fields_are_the_most(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf text = {0};
    assert_int_equal(buf_append(&text, VIEW_LIT("GET / HTTP/1.1\r\n" HOST)), SOTTO_OK);
    for (size_t i = 1; i < HTTP_FIELDS_MAX; i++)
        assert_int_equal(buf_append(&text, VIEW_LIT("a:\r\n")), SOTTO_OK);
    assert_int_equal(buf_append(&text, VIEW_LIT("\r\n")), SOTTO_OK);
    same_for_every_split(http_request_read, buf_view(&text), SOTTO_OK, text.len);
    text.len -= 2;
    assert_int_equal(buf_append(&text, VIEW_LIT("b:\r\n\r\n")), SOTTO_OK);
    same_for_every_split(http_request_read, buf_view(&text), SOTTO_E_TOO_LARGE, 0);
}

static void answer_is_cut_into_its_parts(void **state)
{
    (void)state;
    struct http_head head = {0};
    size_t len = 0;
    const char *text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    assert_int_equal(http_answer_read(view_str(text), 0, &head, &len), SOTTO_OK);
    assert_int_equal(head.status, 101);
    assert_int_equal(head.method.len, 0);
    assert_true(http_field_has(&head, "upgrade", "WebSocket"));
    answer_gives(text, SOTTO_OK);
    answer_gives("HTTP/1.1 599 \r\n\r\n", SOTTO_OK);
}

static void status_line_is_strict(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "HTTP/1.0 200 OK\r\n",  "HTTP/1.1  200 OK\r\n",  "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 OK\r\n",   "HTTP/1.1 600 OK\r\n",
        "HTTP/1.1 200\r\n",     "HTTP/1.1 200 \x07\r\n", "HTTP/1.1 200 OK\n",
        "GET / HTTP/1.1\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        answer_gives(wrong[i], SOTTO_E_HTTP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_cut_into_its_parts),
        cmocka_unit_test(field_that_is_empty_differs_from_none),
        cmocka_unit_test(list_field_is_searched_by_token_and_without_case),
        cmocka_unit_test(what_follows_the_head_is_not_looked_at),
        cmocka_unit_test(request_is_read_the_same_however_it_is_split),
        cmocka_unit_test(request_line_is_strict),
        cmocka_unit_test(field_lines_are_strict),
        cmocka_unit_test(fields_that_frame_a_message_are_strict),
        cmocka_unit_test(content_length_is_read),
        cmocka_unit_test(head_that_can_still_become_valid_is_waited_for),
        cmocka_unit_test(garbage_is_refused_at_its_first_byte),
        cmocka_unit_test(head_of_8192_bytes_is_the_largest),
        cmocka_unit_test(sixty_four_fields_are_the_most),
        cmocka_unit_test(answer_is_cut_into_its_parts),
        cmocka_unit_test(status_line_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
