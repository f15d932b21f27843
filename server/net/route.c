#include "net/route.h"

#include <stdio.h>

#include "proto/proto.h"
#include "proto/ws.h"

#define HEAD_TEXT 512 /* bytes; the longest answer's head has less than 300 */

static const struct {
    unsigned status;
    const char *reason, *body;
} answers[] = {
    {200, "OK", "ok\n"},
    {201, "Created", "it is kept\n"},
    {202, "Accepted", "this part is here: send the rest\n"},
    {204, "No Content", ""},
    {400, "Bad Request", "this is not a valid HTTP request\n"},
    {401, "Unauthorized",
     "this takes a ticket of this server's: ask for one, its time may be over\n"},
    {403, "Forbidden", "this ticket is for something else\n"},
    {404, "Not Found", "there is nothing here; clients of Sotto connect to " PROTO_PATH "\n"},
    {405, "Method Not Allowed", "this method is not understood here\n"},
    {408, "Request Timeout", "the request took too long\n"},
    {409, "Conflict", "another part has to come next, or it is being sent already\n"},
    {411, "Length Required", "say how long it is: Content-Length\n"},
    {413, "Content Too Large", "this takes no body, or there is no room for it\n"},
    {416, "Range Not Satisfiable", "it is not that long\n"},
    {426, "Upgrade Required",
     "this is for clients of Sotto: WebSocket, subprotocol " PROTO_SUBPROTOCOL "\n"},
    {431, "Request Header Fields Too Large", "the head of the request is too large\n"},
    {503, "Service Unavailable", "try again later\n"},
    {507, "Insufficient Storage", "the server's disk is full\n"},
};

static sotto_err answer(unsigned status, const char *more_fields, sotto_buf *out)
{
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        if (answers[i].status == status)
            return route_answer(status, more_fields, view_str(answers[i].body), out);
    return answer(503, "", out);
}

static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        if (answers[i].status == status)
            return answers[i].reason;
    return "Error";
}

sotto_err route_answer(unsigned status, const char *more_fields, view body, sotto_buf *out)
{
    char head[HEAD_TEXT];
    int len = snprintf(
        head, sizeof head,
        "HTTP/1.1 %u %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n%s\r\n",
        status, reason_of(status), body.len, more_fields);
    TRY(buf_append(out, view_of(head, size_min((size_t)len, sizeof head - 1))));
    return buf_append(out, body);
}

sotto_err route_status(unsigned status, const char *more_fields, bool with_body, sotto_buf *out)
{
    size_t before = out->len;
    TRY(answer(status, more_fields, out));
    for (size_t i = 0; i < COUNT_OF(answers) && !with_body; i++)
        if (answers[i].status == status)
            out->len = out->len - strlen(answers[i].body) > before
                           ? out->len - strlen(answers[i].body)
                           : before;
    return SOTTO_OK;
}

/* RFC 6455 4.2.1 */
static bool asks_for_websocket(const struct http_head *head)
{
    return http_field_has(head, "Upgrade", "websocket") &&
           http_field_has(head, "Connection", "upgrade") &&
           view_equal(http_field_find(head, "Sec-WebSocket-Version"), VIEW_LIT("13")) &&
           ws_key_valid(http_field_find(head, "Sec-WebSocket-Key")) &&
           http_field_has(head, "Sec-WebSocket-Protocol", PROTO_SUBPROTOCOL);
}

static sotto_err route_sotto(const struct http_head *head, sotto_buf *out, bool *ret_upgrade)
{
    if (!asks_for_websocket(head))
        return answer(426, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", out);
    char accept[WS_ACCEPT + 1];
    TRY(ws_accept(http_field_find(head, "Sec-WebSocket-Key"), accept));
    char text[HEAD_TEXT];
    int len = snprintf(
        text, sizeof text,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: " PROTO_SUBPROTOCOL "\r\n\r\n",
        accept);
    TRY(buf_append(out, view_of(text, size_min((size_t)len, sizeof text - 1))));
    *ret_upgrade = true;
    return SOTTO_OK;
}

static sotto_err route_healthz(const struct http_head *head, sotto_buf *out, bool *ret_upgrade)
{
    (void)head;
    (void)ret_upgrade;
    return answer(200, "", out);
}

/* What stands behind the '#' of an invite link never comes here. */
static sotto_err route_invite(const struct http_head *head, sotto_buf *out, bool *ret_upgrade)
{
    (void)head;
    (void)ret_upgrade;
    return route_answer(
        200, "",
        VIEW_LIT("This link is an invitation to a server of Sotto, a private messenger.\n\n"
                 "It is not for a browser: give the whole link, with what stands behind the #, to "
                 "your Sotto program.\nWhoever has it can use it, so show it to nobody.\n"),
        out);
}

static const struct {
    const char *target;
    sotto_err (*run)(const struct http_head *head, sotto_buf *out, bool *ret_upgrade);
} routes[] = {
    {PROTO_PATH, route_sotto},
    {PROTO_INVITE_PATH, route_invite},
    {"/healthz", route_healthz},
};

sotto_err route_request(const struct http_head *head, sotto_buf *out, bool *ret_upgrade)
{
    *ret_upgrade = false;
    if (!view_equal(head->method, VIEW_LIT("GET")))
        return answer(405, "Allow: GET\r\n", out);
    if (head->content_length > 0)
        return answer(413, "", out);
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (view_equal(head->target, view_str(routes[i].target)))
            return routes[i].run(head, out, ret_upgrade);
    return answer(404, "", out);
}

sotto_err route_refuse(sotto_err why, sotto_buf *out)
{
    static const struct {
        sotto_err why;
        unsigned status;
    } refusals[] = {
        {SOTTO_E_HTTP, 400},
        {SOTTO_E_NOTFOUND, 404},
        {SOTTO_E_TIMEOUT, 408},
        {SOTTO_E_TOO_LARGE, 431},
    };
    for (size_t i = 0; i < COUNT_OF(refusals); i++)
        if (refusals[i].why == why)
            return answer(refusals[i].status, "", out);
    return answer(503, "", out);
}
