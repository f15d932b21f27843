#include "unit.h"

#include "gateway/request.h"

#define POLLING "/socket.io/?EIO=4&transport=polling"
#define SOCKET  "/socket.io/?EIO=4&transport=websocket"
#define UPGRADE                                                            \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: " \
    "13\r\nSec-WebSocket-Key: "                                            \
    "dGhlIHNhbXBsZSBub25jZQ==\r\n"

static struct request ask(const char *line, const char *fields, struct http_head *ret_head)
{
    static char text[2048];
    size_t len;
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", line, fields);
    assert_ok(http_request_read(view_str(text), 0, ret_head, &len));
    assert_true(len > 0);
    return request_of(ret_head, 1000);
}

static void is(const char *line, const char *fields, enum request_kind kind)
{
    struct http_head head;
    struct request request = ask(line, fields, &head);
    assert_int_equal(request.kind, kind);
}

static void is_refused(const char *line, const char *fields, enum request_refusal refusal,
                       const char *status)
{
    struct http_head head;
    struct request request = ask(line, fields, &head);
    DEFER(buf_clear) sotto_buf out = {0};
    assert_int_equal(request.kind, REQUEST_REFUSED);
    assert_int_equal(request.refusal, refusal);
    assert_ok(request_refuse(request.refusal, request.why, &out));
    assert_ok(buf_append(&out, view_of("", 1)));
    assert_ptr_equal(strstr((char *)out.data, status), out.data);
    assert_non_null(strstr((char *)out.data, request.why));
    assert_non_null(strstr((char *)out.data, "Connection: close\r\n"));
}

static void a_session_begins_polls_and_pushes(void **state)
{
    (void)state;
    struct http_head head;
    is("GET " POLLING, "", REQUEST_ENTER);
    is("GET " POLLING "&sid=abc", "", REQUEST_POLL);
    is("OPTIONS " POLLING, "", REQUEST_PREFLIGHT);
    struct request push = ask("POST " POLLING "&sid=abc&room=r", "Content-Length: 7\r\n", &head);
    assert_int_equal(push.kind, REQUEST_PUSH);
    assert_int_equal(push.body_len, 7);
    assert_true(view_equal(push.sid, VIEW_LIT("abc")));
    assert_true(view_equal(push.room, VIEW_LIT("r")));
}

static void a_connection_is_kept_unless_it_says_otherwise(void **state)
{
    (void)state;
    struct http_head head;
    assert_true(ask("GET " POLLING, "", &head).keep);
    assert_true(ask("GET " POLLING, "Connection: keep-alive\r\n", &head).keep);
    assert_false(ask("GET " POLLING, "Connection: Close\r\n", &head).keep);
}

static void websocket_is_a_transport_of_its_own_or_an_upgrade(void **state)
{
    (void)state;
    struct http_head head;
    DEFER(buf_clear) sotto_buf out = {0};
    assert_int_equal(ask("GET " SOCKET, UPGRADE, &head).sid.len, 0);
    is("GET " SOCKET "&sid=abc", UPGRADE, REQUEST_SOCKET);
    assert_int_equal(ask("GET " SOCKET, UPGRADE, &head).kind, REQUEST_SOCKET);
    assert_ok(request_upgrade(&head, &out));
    assert_true(view_equal(buf_view(&out),
                           VIEW_LIT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: "
                                    "websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                                    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"))); /* RFC 6455 1.3 */
}

static void what_is_not_done_here_is_refused_with_a_reason(void **state)
{
    (void)state;
    is_refused("GET /", "", REFUSAL_PATH, "HTTP/1.1 404 ");
    is_refused("GET /socket.io/", "", REFUSAL_VERSION, "HTTP/1.1 400 ");
    is_refused("GET /socket.io/?EIO=3&transport=polling", "", REFUSAL_VERSION, "HTTP/1.1 400 ");
    is_refused("GET /socket.io/?EIO=4", "", REFUSAL_TRANSPORT, "HTTP/1.1 400 ");
    is_refused("GET /socket.io/?EIO=4&transport=abc", "", REFUSAL_TRANSPORT, "HTTP/1.1 400 ");
    is_refused("GET " POLLING "&j=0", "", REFUSAL_TRANSPORT, "HTTP/1.1 400 ");
    is_refused("GET " POLLING "&sid=a&sid=b", "", REFUSAL_REQUEST, "HTTP/1.1 400 ");
    is_refused("GET " POLLING "&room=a%20b", "", REFUSAL_FORBIDDEN, "HTTP/1.1 403 ");
    is_refused("POST " POLLING, "Content-Length: 2\r\n", REFUSAL_METHOD, "HTTP/1.1 400 ");
    is_refused("PUT " POLLING "&sid=a", "", REFUSAL_METHOD, "HTTP/1.1 400 ");
    is_refused("GET " POLLING, "Content-Length: 2\r\n", REFUSAL_REQUEST, "HTTP/1.1 400 ");
    is_refused("POST " POLLING "&sid=a", "Content-Length: 1001\r\n", REFUSAL_SIZE, "HTTP/1.1 413 ");
    is_refused("GET " SOCKET, "", REFUSAL_REQUEST, "HTTP/1.1 400 ");
    is_refused("POST " SOCKET, UPGRADE, REFUSAL_REQUEST, "HTTP/1.1 400 ");
}

static void an_answer_says_its_length_and_whether_more_may_follow(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(request_answer(VIEW_LIT("ok"), true, &out));
    assert_true(view_equal(
        buf_view(&out),
        VIEW_LIT(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: 2\r\n"
            "Cache-Control: no-store\r\nX-Content-Type-Options: "
            "nosniff\r\nAccess-Control-Allow-Origin: *\r\nConnection: keep-alive\r\n\r\nok")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_begins_polls_and_pushes),
        cmocka_unit_test(a_connection_is_kept_unless_it_says_otherwise),
        cmocka_unit_test(websocket_is_a_transport_of_its_own_or_an_upgrade),
        cmocka_unit_test(what_is_not_done_here_is_refused_with_a_reason),
        cmocka_unit_test(an_answer_says_its_length_and_whether_more_may_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
