#include "gateway/link.h"

#include <stdlib.h>

#define CLOSE_MS 2000  /* for the client to take in the last words */
#define AHEAD    16384 /* bytes that may come before what was asked is answered */

static void link_enter(struct link *link, enum link_state state)
{
    link->state = state;
    link->since_ms = gateway_now(link->gateway);
}

/* ---- the end */

static void on_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    struct gateway *gateway = link->gateway;
    buf_clear(&link->in);
    buf_clear(&link->message);
    free(link);
    gateway_closed(gateway);
}

static void guest_part(struct link *link)
{
    struct guest *guest = link->guest;
    if (guest == NULL)
        return;
    struct link **const places[] = {&guest->poll, &guest->push, &guest->probe, &guest->socket};
    link->guest = NULL;
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (*places[i] == link)
            *places[i] = NULL;
}

/* Whose request breaks off has left, and so has who is on WebSocket; but not who leaves polling for it, or tries to. */
static void guest_lost(struct link *link)
{
    struct guest *guest = link->guest;
    if (guest == NULL)
        return;
    bool carried =
        guest->socket == NULL ? guest->poll == link || guest->push == link : guest->socket == link;
    guest_part(link);
    if (carried)
        hall_end(&link->gateway->hall, guest, NULL, gateway_now(link->gateway));
}

void link_end(struct link *link)
{
    if (link->state == LINK_ENDED)
        return;
    guest_lost(link);
    link->state = LINK_ENDED;
    *link->here = link->next;
    if (link->next != NULL)
        link->next->here = link->here;
    uv_close((uv_handle_t *)&link->tcp, on_closed);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

/* The client reads our last words before it ends; so its end is waited for. */
static void link_shut(struct link *link)
{
    if (link->shut || link->writing > 0)
        return;
    link->shut = true;
    if (uv_shutdown(&link->shutdown, (uv_stream_t *)&link->tcp, on_shutdown) != 0)
        link_end(link);
}

void link_finish(struct link *link)
{
    if (link->state >= LINK_CLOSING)
        return;
    guest_lost(link);
    link_enter(link, LINK_CLOSING);
    link_shut(link);
}

/* ---- reading on and off */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_place)
{
    struct link *link = handle->data;
    (void)suggested;
    *ret_place = uv_buf_init(link->gateway->scratch, sizeof link->gateway->scratch);
}

bool link_is_held(const struct link *link)
{
    const struct gateway *gateway = link->gateway;
    return link->guest != NULL && !link->guest->ended &&
           hall_wait_ms(&gateway->hall, link->guest, gateway_now(gateway)) > 0;
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *place);

static void link_read_update(struct link *link)
{
    bool on = true;
    if (link->state == LINK_ENDED)
        return;
    if (link->state == LINK_SOCKET)
        on = link_socket_may_read(link);
    else if (link->state == LINK_POLL || link->state == LINK_PUSHED ||
             (link->state == LINK_HEAD && link->writing > 0))
        on = link->in.len < AHEAD;
    if (!on)
        uv_read_stop((uv_stream_t *)&link->tcp);
    else if (!uv_is_active((uv_handle_t *)&link->tcp) &&
             uv_read_start((uv_stream_t *)&link->tcp, on_alloc, on_read) != 0)
        link_end(link);
}

/* ---- writing */

struct outgoing {
    uv_write_t request;
    sotto_buf bytes;
};

static void link_take(struct link *link);

/* The answer before is out: the next request may be taken, and its time begins. */
static void head_begin(struct link *link)
{
    link_enter(link, LINK_HEAD);
    link_take(link);
}

static void on_written(uv_write_t *request, int status)
{
    struct outgoing *o = request->data;
    struct link *link = request->handle->data;
    link->writing -= o->bytes.len;
    buf_clear(&o->bytes);
    free(o);
    if (link->state == LINK_ENDED)
        return;
    if (status < 0)
        link_end(link);
    else if (link->state == LINK_CLOSING)
        link_shut(link);
    else if (link->state == LINK_HEAD && link->writing == 0)
        head_begin(link);
    else if (link->guest != NULL && link->guest->socket == link && link->writing == 0)
        hall_touch(&link->gateway->hall, link->guest);
    gateway_settle(link->gateway);
}

void link_give(struct link *link, sotto_buf *bytes)
{
    struct outgoing *o = calloc(1, sizeof *o);
    if (o == NULL) {
        buf_clear(bytes);
        link_end(link);
        return;
    }
    o->bytes = *bytes;
    *bytes = (sotto_buf){0};
    o->request.data = o;
    link->writing += o->bytes.len;
    const uv_buf_t out = uv_buf_init((char *)o->bytes.data, (unsigned)o->bytes.len);
    if (uv_write(&o->request, (uv_stream_t *)&link->tcp, &out, 1, on_written) == 0)
        return;
    link->writing -= o->bytes.len;
    buf_clear(&o->bytes);
    free(o);
    link_end(link);
}

/* What was made of an answer goes out, and the next request may come. */
static void link_reply(struct link *link, sotto_err err, sotto_buf *answer)
{
    if (err != SOTTO_OK) {
        buf_clear(answer);
        link_end(link);
        return;
    }
    link_give(link, answer);
    if (link->state == LINK_ENDED)
        return;
    guest_part(link);
    link->served = true;
    if (link->keep)
        link_enter(link, LINK_HEAD);
    else
        link_finish(link);
}

static void link_answer(struct link *link, view body)
{
    sotto_buf answer = {0};
    sotto_err err = request_answer(body, link->keep, &answer);
    link_reply(link, err, &answer);
}

static void link_refuse(struct link *link, enum request_refusal refusal, const char *why)
{
    sotto_buf answer = {0};
    sotto_err err = request_refuse(refusal, why, &answer);
    link->keep = false;
    link_reply(link, err, &answer);
}

void link_poll_answer(struct link *link, view payload)
{
    if (link->guest != NULL)
        link->guest->poll = NULL;
    link_answer(link, payload);
}

/* ---- requests */

static void enter(struct link *link, const struct request *request)
{
    struct gateway *gateway = link->gateway;
    struct guest *guest;
    if (hall_enter(&gateway->hall, request->room, false, gateway_now(gateway), &guest) !=
        SOTTO_OK) {
        link_refuse(link, REFUSAL_FORBIDDEN, "too many sessions: try again later");
        return;
    }
    gateway_came(gateway, guest);
    guest->poll = link;
    link->guest = guest;
    link_enter(link, LINK_POLL);
}

static void poll(struct link *link, struct guest *guest)
{
    if (guest->socket != NULL) {
        link_refuse(link, REFUSAL_REQUEST, "this session uses WebSocket now");
    } else if (guest->poll != NULL) {
        hall_end(&link->gateway->hall, guest, "two requests wait for one session",
                 gateway_now(link->gateway));
        link_refuse(link, REFUSAL_REQUEST, "another request waits for this session already");
    } else {
        guest->poll = link;
        link->guest = guest;
        hall_touch(&link->gateway->hall, guest);
        link_enter(link, LINK_POLL);
    }
}

static void push(struct link *link, struct guest *guest, size_t body_len)
{
    if (guest->socket != NULL) {
        link_refuse(link, REFUSAL_REQUEST, "this session uses WebSocket now");
        return;
    }
    if (guest->push != NULL) {
        hall_end(&link->gateway->hall, guest, "two requests tell one session something at once",
                 gateway_now(link->gateway));
        link_refuse(link, REFUSAL_REQUEST, "another request of this session is under way already");
        return;
    }
    guest->push = link;
    link->guest = guest;
    link->body_len = body_len;
    link_enter(link, LINK_BODY);
}

static void socket_begin(struct link *link, const struct http_head *head)
{
    sotto_buf answer = {0};
    if (request_upgrade(head, &answer) != SOTTO_OK) {
        buf_clear(&answer);
        link_end(link);
        return;
    }
    link->ws = (struct ws_reader){.role = WS_SERVER,
                                  .text = true,
                                  .message_max = (uint32_t)hall_payload_max(&link->gateway->hall)};
    link_enter(link, LINK_SOCKET);
    link_give(link, &answer);
}

static void socket_enter(struct link *link, const struct http_head *head,
                         const struct request *request)
{
    struct gateway *gateway = link->gateway;
    struct guest *guest;
    if (hall_enter(&gateway->hall, request->room, true, gateway_now(gateway), &guest) != SOTTO_OK) {
        link_refuse(link, REFUSAL_FORBIDDEN, "too many sessions: try again later");
        return;
    }
    gateway_came(gateway, guest);
    guest->socket = link;
    link->guest = guest;
    socket_begin(link, head);
}

static void socket_probe(struct link *link, const struct http_head *head, struct guest *guest)
{
    if (guest->socket != NULL || guest->probe != NULL) {
        socket_begin(link, head); /* a page sees a reason only then */
        link_socket_refuse(link, "this session has a WebSocket already");
        return;
    }
    guest->probe = link;
    link->guest = guest;
    socket_begin(link, head);
}

static void preflight(struct link *link)
{
    sotto_buf answer = {0};
    sotto_err err = request_preflight(link->keep, &answer);
    link_reply(link, err, &answer);
}

/* Without a session. */
static void stranger_take(struct link *link, const struct http_head *head,
                          const struct request *request)
{
    switch (request->kind) {
    case REQUEST_PREFLIGHT:
        preflight(link);
        break;
    case REQUEST_ENTER:
        enter(link, request);
        break;
    case REQUEST_SOCKET:
        socket_enter(link, head, request);
        break;
    default:
        link_refuse(link, request->refusal, request->why);
        break;
    }
}

/* Who has ended may still fetch its last words. */
static void guest_take(struct link *link, struct guest *guest, const struct http_head *head,
                       const struct request *request)
{
    bool words = request->kind == REQUEST_POLL && guest->out.len > 0;
    if (guest->ended && !words)
        link_refuse(link, REFUSAL_SID, "Session ID unknown");
    else if (request->kind == REQUEST_POLL)
        poll(link, guest);
    else if (request->kind == REQUEST_PUSH)
        push(link, guest, request->body_len);
    else
        socket_probe(link, head, guest);
}

static void request_take(struct link *link, const struct http_head *head,
                         const struct request *request)
{
    if (request->sid.len == 0) {
        stranger_take(link, head, request);
        return;
    }
    struct guest *guest = hall_find(&link->gateway->hall, request->sid);
    if (guest != NULL)
        guest_take(link, guest, head, request);
    else
        link_refuse(link, REFUSAL_SID, "Session ID unknown");
}

/* False: it isn't whole yet, is the last, or the answer before it isn't out: who reads nothing is told nothing more. */
static bool head_take(struct link *link)
{
    struct http_head head;
    size_t len;
    uint64_t most = link->gateway->limits.head_bytes;
    if (link->in.len == 0 || link->writing > 0)
        return false;
    sotto_err err = http_request_read(buf_view(&link->in), link->scanned, &head, &len);
    if (err == SOTTO_OK && (len > 0 ? len : link->in.len) > most)
        err = SOTTO_E_TOO_LARGE;
    if (err != SOTTO_OK) {
        link_refuse(link, err == SOTTO_E_TOO_LARGE ? REFUSAL_SIZE : REFUSAL_REQUEST,
                    err == SOTTO_E_TOO_LARGE ? "the head of the request is too large"
                                             : "not a valid HTTP request");
        return false;
    }
    link->scanned = len > 0 ? 0 : link->in.len;
    if (len == 0)
        return false;
    const struct request request = request_of(&head, hall_payload_max(&link->gateway->hall));
    link->keep = request.keep;
    request_take(link, &head, &request);
    buf_consume(&link->in, len);
    return true;
}

/* A POST is answered when its sender may go on: so it is slowed down. */
static bool pushed_answer(struct link *link)
{
    if (link_is_held(link))
        return false;
    link_answer(link, VIEW_LIT("ok"));
    return true;
}

/* The answer says why; unless somebody waits for other words, there are none left to say. */
static void pushed_refuse(struct link *link, struct guest *guest)
{
    if (guest->poll == NULL)
        buf_clear(&guest->out);
    link_refuse(link, REFUSAL_REQUEST, guest->why);
}

static bool body_take(struct link *link)
{
    struct gateway *gateway = link->gateway;
    struct guest *guest = link->guest;
    if (link->in.len < link->body_len)
        return false;
    if (guest == NULL || guest->ended) {
        link_refuse(link, REFUSAL_SID, "Session ID unknown");
        return true;
    }
    bool good = hall_take(&gateway->hall, guest, view_of(link->in.data, link->body_len), true,
                          gateway_now(gateway));
    buf_consume(&link->in, link->body_len);
    link_enter(link, LINK_PUSHED);
    if (!good)
        pushed_refuse(link, guest);
    return true;
}

static void link_take(struct link *link)
{
    bool more = true;
    while (more) {
        switch (link->state) {
        case LINK_HEAD:
            more = head_take(link);
            break;
        case LINK_BODY:
            more = body_take(link);
            break;
        case LINK_PUSHED:
            more = pushed_answer(link);
            break;
        case LINK_SOCKET:
            more = link_socket_take(link);
            break;
        default:
            more = false;
            break;
        }
    }
    if (link->state >= LINK_CLOSING || link->in.len == 0)
        buf_clear(&link->in);
    link_read_update(link);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *place)
{
    struct link *link = stream->data;
    struct gateway *gateway = link->gateway;
    bool wanted = len > 0 && link->state < LINK_CLOSING;
    if (len < 0 || (wanted && buf_append(&link->in, view_of(place->base, (size_t)len)) != SOTTO_OK))
        link_end(link);
    else
        link_take(link);
    gateway_settle(gateway);
}

/* ---- time */

static void head_tick(struct link *link, uint64_t now_ms)
{
    const struct limits *l = &link->gateway->limits;
    bool idle =
        link->state == LINK_HEAD && link->served && (link->in.len == 0 || link->writing > 0);
    uint64_t limit = idle ? l->gateway_ping_ms + l->gateway_pong_ms : l->head_ms;
    if (link->since_ms + limit > now_ms)
        return;
    if (idle)
        link_finish(link);
    else
        link_refuse(link, REFUSAL_TIME, "the request took too long");
}

void link_tick(struct link *link)
{
    uint64_t now_ms = gateway_now(link->gateway);
    switch (link->state) {
    case LINK_HEAD:
    case LINK_BODY:
        head_tick(link, now_ms);
        break;
    case LINK_PUSHED:
        link_take(link);
        break;
    case LINK_SOCKET:
        if (link->guest != NULL && link->guest->probe == link &&
            link->since_ms + link->gateway->limits.gateway_pong_ms <= now_ms)
            link_socket_refuse(link, "the probe took too long");
        else
            link_take(link);
        break;
    case LINK_CLOSING:
        if (link->since_ms + CLOSE_MS <= now_ms)
            link_end(link);
        break;
    default:
        break;
    }
}

/* ---- the beginning */

static void on_refused_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    struct gateway *gateway = link->gateway;
    free(link);
    gateway_closed(gateway);
}

/* With this one. All are on this machine, so that a limit for each address would say nothing. */
static bool has_room(const struct gateway *gateway)
{
    return gateway->handles - GATEWAY_HANDLES <= gateway->limits.gateway_connections;
}

void link_accept(struct gateway *gateway)
{
    struct link *link = calloc(1, sizeof *link);
    gateway->owed = link == NULL; /* libuv takes no other before this one was taken */
    if (link == NULL)
        return;
    link->gateway = gateway;
    link->tcp.data = link->shutdown.data = link;
    uv_tcp_init(gateway->uv, &link->tcp);
    gateway->handles++;
    if (uv_accept((uv_stream_t *)&gateway->listener, (uv_stream_t *)&link->tcp) != 0 ||
        !has_room(gateway)) {
        uv_close((uv_handle_t *)&link->tcp, on_refused_closed);
        return;
    }
    uv_tcp_nodelay(&link->tcp, 1);
    link->next = gateway->links;
    link->here = &gateway->links;
    if (link->next != NULL)
        link->next->here = &link->next;
    gateway->links = link;
    link_enter(link, LINK_HEAD);
    link_read_update(link);
}
