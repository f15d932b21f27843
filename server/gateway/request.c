/* Any page may talk to the gateway, as any program may: nothing here depends on who the browser's user is, and no cookie is read. */
#include "gateway/request.h"

#include <stdio.h>

#include "proto/ws.h"

#define HEAD_TEXT 512 /* bytes; the longest head of an answer has less than 400 */

static const struct {
    enum request_refusal refusal;
    unsigned status;
    const char *reason;
} statuses[] = {
    {REFUSAL_TRANSPORT, 400, "Bad Request"},  {REFUSAL_SID, 400, "Bad Request"},
    {REFUSAL_METHOD, 400, "Bad Request"},     {REFUSAL_REQUEST, 400, "Bad Request"},
    {REFUSAL_FORBIDDEN, 403, "Forbidden"},    {REFUSAL_VERSION, 400, "Bad Request"},
    {REFUSAL_PATH, 404, "Not Found"},         {REFUSAL_TIME, 408, "Request Timeout"},
    {REFUSAL_SIZE, 413, "Content Too Large"},
};

/* ---- what is asked for */

static struct request refused(enum request_refusal refusal, const char *why)
{
    return (struct request){.kind = REQUEST_REFUSED, .refusal = refusal, .why = why};
}

/* RFC 6455 4.2.1 */
static bool is_upgrade(const struct http_head *head)
{
    return http_field_has(head, "Upgrade", "websocket") &&
           http_field_has(head, "Connection", "upgrade") &&
           view_equal(http_field_find(head, "Sec-WebSocket-Version"), VIEW_LIT("13")) &&
           ws_key_valid(http_field_find(head, "Sec-WebSocket-Key"));
}

static struct request polling_of(const struct http_head *head, const struct engineio_query *query,
                                 size_t payload_max)
{
    bool get = view_equal(head->method, VIEW_LIT("GET"));
    struct request request = {.sid = query->sid, .room = query->room};
    if (!get && (!view_equal(head->method, VIEW_LIT("POST")) || query->sid.len == 0))
        return refused(REFUSAL_METHOD,
                       "a session begins with GET, and is then asked with GET and told with POST");
    if (get && head->content_length > 0)
        return refused(REFUSAL_REQUEST, "a GET carries no body");
    if (head->content_length > payload_max)
        return refused(REFUSAL_SIZE, "the payload is larger than maxPayload");
    request.kind = !get ? REQUEST_PUSH : query->sid.len > 0 ? REQUEST_POLL : REQUEST_ENTER;
    request.body_len = (size_t)head->content_length;
    return request;
}

static struct request socket_of(const struct http_head *head, const struct engineio_query *query)
{
    if (!view_equal(head->method, VIEW_LIT("GET")) || head->content_length > 0 || !is_upgrade(head))
        return refused(REFUSAL_REQUEST, "this transport needs an upgrade to WebSocket (RFC 6455)");
    return (struct request){.kind = REQUEST_SOCKET, .sid = query->sid, .room = query->room};
}

static struct request query_of(const struct http_head *head, size_t payload_max)
{
    struct engineio_query query;
    switch (engineio_query_read(head->target, &query)) {
    case SOTTO_OK:
        break;
    case SOTTO_E_NOTFOUND:
        return refused(REFUSAL_PATH,
                       "there is nothing here; clients of Socket.IO connect to " ENGINEIO_PATH);
    default:
        return refused(REFUSAL_REQUEST, "a name comes twice in the query");
    }
    if (view_equal(head->method, VIEW_LIT("OPTIONS")))
        return (struct request){.kind = REQUEST_PREFLIGHT};
    if (query.version != 4)
        return refused(REFUSAL_VERSION, "the query must say EIO=4: a client of Socket.IO 3 or 4");
    if (query.room.len > 0 && !engineio_room_valid(query.room))
        return refused(REFUSAL_FORBIDDEN,
                       "a room has a name of up to 64 letters, digits, dots, dashes, underscores");
    if (query.jsonp)
        return refused(REFUSAL_TRANSPORT, "JSONP is not spoken here: ask with fetch or XHR");
    if (query.transport == 0)
        return refused(REFUSAL_TRANSPORT,
                       "the query must say transport=polling or transport=websocket");
    return query.transport == ENGINEIO_POLLING ? polling_of(head, &query, payload_max)
                                               : socket_of(head, &query);
}

struct request request_of(const struct http_head *head, size_t payload_max)
{
    struct request request = query_of(head, payload_max);
    request.keep = !http_field_has(head, "Connection", "close");
    return request;
}

/* ---- answers */

static sotto_err answer(unsigned status, const char *reason, const char *more_fields, view body,
                        bool keep, sotto_buf *out)
{
    char head[HEAD_TEXT];
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %u %s\r\n%sContent-Length: %zu\r\nCache-Control: no-store\r\n"
                       "X-Content-Type-Options: nosniff\r\nAccess-Control-Allow-Origin: *\r\n"
                       "Connection: %s\r\n\r\n",
                       status, reason, more_fields, body.len, keep ? "keep-alive" : "close");
    TRY(buf_append(out, view_of(head, size_min((size_t)len, sizeof head - 1))));
    return buf_append(out, body);
}

sotto_err request_answer(view body, bool keep, sotto_buf *out)
{
    return answer(200, "OK", "Content-Type: text/plain; charset=UTF-8\r\n", body, keep, out);
}

sotto_err request_refuse(enum request_refusal refusal, const char *why, sotto_buf *out)
{
    char body[HEAD_TEXT];
    enum request_refusal code = refusal > REFUSAL_VERSION ? REFUSAL_REQUEST : refusal;
    int len =
        snprintf(body, sizeof body, "{\"code\":%u,\"message\":\"%s\"}\n", (unsigned)code, why);
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].refusal == refusal)
            return answer(statuses[i].status, statuses[i].reason,
                          "Content-Type: application/json\r\n", view_of(body, (size_t)len), false,
                          out);
    return SOTTO_E_USAGE;
}

sotto_err request_preflight(bool keep, sotto_buf *out)
{
    return answer(200, "OK",
                  "Access-Control-Allow-Methods: GET, POST\r\nAccess-Control-Allow-Headers: "
                  "Content-Type\r\n",
                  (view){0}, keep, out);
}

sotto_err request_upgrade(const struct http_head *head, sotto_buf *out)
{
    char accept[WS_ACCEPT + 1], text[HEAD_TEXT];
    TRY(ws_accept(http_field_find(head, "Sec-WebSocket-Key"), accept));
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                       "Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accept);
    return buf_append(out, view_of(text, (size_t)len));
}
