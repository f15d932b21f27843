#include "unit.h"

#include "net/route.h"

#define UPGRADE "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define SOTTO   "Sec-WebSocket-Protocol: chat, sotto.1\r\n"

static void answers(const char *request, const char *status, bool upgrade)
{
    struct http_head head;
    size_t len;
    DEFER(buf_clear) sotto_buf out = {0};
    bool upgraded = !upgrade;
    assert_ok(http_request_read(view_str(request), 0, &head, &len));
    assert_int_equal(len, strlen(request));
    assert_ok(route_request(&head, &out, &upgraded));
    assert_int_equal(upgraded, upgrade);
    assert_true(out.len >= strlen(status));
    assert_memory_equal(out.data, status, strlen(status));
}

static void a_client_of_ours_is_upgraded(void **state)
{
    (void)state;
    answers("GET /sotto HTTP/1.1\r\nHost: x\r\n" UPGRADE VERSION KEY SOTTO "\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: "
            "sotto.1\r\n\r\n", /* RFC 6455 1.3 */
            true);
}

static void whatever_is_missing_no_upgrade_comes(void **state)
{
    (void)state;
    answers("GET /sotto HTTP/1.1\r\nHost: x\r\n" VERSION KEY SOTTO "\r\n", "HTTP/1.1 426 ", false);
    answers("GET /sotto HTTP/1.1\r\nHost: x\r\n" UPGRADE KEY SOTTO "\r\n", "HTTP/1.1 426 ", false);
    answers("GET /sotto HTTP/1.1\r\nHost: x\r\n" UPGRADE VERSION SOTTO "\r\n", "HTTP/1.1 426 ",
            false);
    answers("GET /sotto HTTP/1.1\r\nHost: x\r\n" UPGRADE VERSION KEY "\r\n", "HTTP/1.1 426 ",
            false);
    answers("GET /sotto HTTP/1.1\r\nHost: x\r\n" UPGRADE "Sec-WebSocket-Version: 8\r\n" KEY SOTTO
            "\r\n",
            "HTTP/1.1 426 ", false);
    answers("GET /sotto HTTP/1.1\r\nHost: x\r\n" UPGRADE VERSION "Sec-WebSocket-Key: dGhl\r\n" SOTTO
            "\r\n",
            "HTTP/1.1 426 ", false);
}

static void an_invite_link_in_a_browser_is_explained(void **state)
{
    (void)state;
    answers("GET /i HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/plain",
            false);
    answers("GET /i/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", false);
}

static void other_paths_and_methods_are_refused(void **state)
{
    (void)state;
    answers("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", false);
    answers("GET /healthz?x HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", false);
    answers("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", false);
    answers("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", false);
    answers("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 413 ",
            false);
}

static void a_refusal_has_the_status_of_its_reason(void **state)
{
    (void)state;
    static const struct {
        sotto_err why;
        const char *status;
    } cases[] = {{SOTTO_E_HTTP, "HTTP/1.1 400 "},
                 {SOTTO_E_TIMEOUT, "HTTP/1.1 408 "},
                 {SOTTO_E_TOO_LARGE, "HTTP/1.1 431 "},
                 {SOTTO_E_NOTFOUND, "HTTP/1.1 404 "},
                 {SOTTO_E_NOMEM, "HTTP/1.1 503 "}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        DEFER(buf_clear) sotto_buf out = {0};
        assert_ok(route_refuse(cases[i].why, &out));
        assert_memory_equal(out.data, cases[i].status, strlen(cases[i].status));
    }
}

/* The answer must itself be a valid one, with the length that it says. */
static void an_answer_reads_as_http(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf out = {0};
    struct http_head head;
    size_t len;
    assert_ok(route_answer(200, "X-More: yes\r\n", VIEW_LIT("body"), &out));
    assert_ok(http_answer_read(buf_view(&out), 0, &head, &len));
    assert_int_equal(head.status, 200);
    assert_int_equal(head.content_length, 4);
    assert_int_equal(len + 4, out.len);
    assert_true(view_equal(http_field_find(&head, "X-More"), VIEW_LIT("yes")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_of_ours_is_upgraded),
        cmocka_unit_test(whatever_is_missing_no_upgrade_comes),
        cmocka_unit_test(an_invite_link_in_a_browser_is_explained),
        cmocka_unit_test(other_paths_and_methods_are_refused),
        cmocka_unit_test(a_refusal_has_the_status_of_its_reason),
        cmocka_unit_test(an_answer_reads_as_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
