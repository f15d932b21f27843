#include "lab/direct.h"

#include <stdlib.h>

#include "base/rd.h"
#include "base/wr.h"
#include "engine/address.h"
#include "lab/options.h"

/* A listener takes one connection and then listens no more. A dialer tries again for a moment while nobody listens, so that
 * two commands can be started at once. `handles` counts what libuv still holds; with the last one all goes. */

#define RETRY_MS     100
#define RETRY_ALL_MS 2000
#define GOODBYE_MS   2000
#define LENGTH       4 /* bytes before each message */

struct direct {
    struct talk *talk;
    struct server_address address;
    struct sockaddr_storage socket;
    uv_getaddrinfo_t lookup;
    uv_tcp_t server, stream;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    uv_timer_t timer;
    uint64_t retry_until;
    unsigned handles;
    bool listening, looking, stream_open, connected, closing;
    sotto_err err;
    const char *detail;
    sotto_buf in;
    uint8_t chunk[16384];
};

static bool listens(const struct direct *d)
{
    return d->talk->wire == &direct_listen_wire;
}

/* --- the end --- */

static void free_if_done(struct direct *d)
{
    struct talk *t = d->talk;
    if (d->handles > 0 || d->looking)
        return;
    t->wire_state = NULL;
    talk_down(t, d->err, d->detail);
    buf_clear(&d->in);
    free(d);
}

static void on_close(uv_handle_t *handle)
{
    struct direct *d = handle->data;
    d->handles--;
    free_if_done(d);
}

static void shut(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_close);
}

/* Ends at once. */
static void drop(struct direct *d, sotto_err err, const char *detail)
{
    if (!d->closing) {
        d->err = err;
        d->detail = detail;
    }
    d->closing = true;
    if (d->looking)
        uv_cancel((uv_req_t *)&d->lookup);
    if (d->listening)
        shut(&d->server);
    if (d->stream_open)
        shut(&d->stream);
    shut(&d->timer);
}

/* Ends it for the user first, with an error that was printed. */
static void fail(struct direct *d, int status)
{
    talk_fail(d->talk, status);
    drop(d, SOTTO_E_NET, "");
}

/* --- messages --- */

struct outgoing {
    uv_write_t request;
    sotto_buf bytes;
};

static void on_written(uv_write_t *request, int status)
{
    struct outgoing *o = request->data;
    struct direct *d = request->handle->data;
    buf_clear(&o->bytes);
    free(o);
    if (status < 0 && status != UV_ECANCELED)
        drop(d, SOTTO_E_NET, uv_strerror(status));
    else if (!d->closing && uv_stream_get_write_queue_size((uv_stream_t *)&d->stream) == 0)
        talk_drained(d->talk);
}

static void wire_send(struct talk *t, view message)
{
    struct direct *d = t->wire_state;
    if (d == NULL || !d->connected || d->closing)
        return;
    struct outgoing *o = calloc(1, sizeof *o);
    if (o == NULL) {
        fail(d, cli_fail(t->call, &(struct cli_error){.err = SOTTO_E_NOMEM}));
        return;
    }
    struct wr w = wr_to(&o->bytes);
    wr_u32(&w, (uint32_t)message.len);
    wr_bytes(&w, message);
    sotto_err err = wr_end(&w);
    uv_buf_t bytes = uv_buf_init((char *)o->bytes.data, (unsigned)o->bytes.len);
    o->request.data = o;
    if (err == SOTTO_OK &&
        uv_write(&o->request, (uv_stream_t *)&d->stream, &bytes, 1, on_written) == 0)
        return;
    buf_clear(&o->bytes);
    free(o);
    drop(d, SOTTO_E_NET, "it can't be written to");
}

static size_t wire_waiting(const struct talk *t)
{
    const struct direct *d = t->wire_state;
    return d != NULL ? uv_stream_get_write_queue_size((const uv_stream_t *)&d->stream) : 0;
}

static void foreign(struct direct *d)
{
    struct cli_error error = {.err = SOTTO_E_TOO_LARGE,
                              .exit = 3,
                              .what = "the other side does not speak as the lab does",
                              .todo = "check the address: another program may be there"};
    fail(d, d->talk->end == TALK_NONE ? cli_fail(d->talk->call, &error) : 0);
}

/* Gives out every whole message. */
static void messages_take(struct direct *d)
{
    while (d->in.len >= LENGTH && !d->closing) {
        struct rd r = rd_of(buf_view(&d->in));
        size_t len = rd_u32(&r);
        if (len == 0 || len > LAB_MESSAGE_MAX) {
            foreign(d);
            return;
        }
        view message = rd_bytes(&r, len);
        if (!rd_ok(&r))
            return;
        talk_message(d->talk, message);
        buf_consume(&d->in, LENGTH + len);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_place)
{
    struct direct *d = handle->data;
    (void)suggested;
    *ret_place = uv_buf_init((char *)d->chunk, sizeof d->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *place)
{
    struct direct *d = stream->data;
    (void)place;
    if (len < 0)
        drop(d, len == UV_EOF ? SOTTO_E_CLOSED : SOTTO_E_NET,
             len == UV_EOF ? "" : uv_strerror((int)len));
    else if (buf_append(&d->in, view_of(d->chunk, (size_t)len)) != SOTTO_OK)
        drop(d, SOTTO_E_NOMEM, "out of memory");
    else
        messages_take(d);
}

/* --- closing in peace --- */

static void on_goodbye(uv_timer_t *timer)
{
    drop(timer->data, SOTTO_OK, "");
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct direct *d = request->data;
    (void)status;
    drop(d, SOTTO_OK, "");
}

static void wire_close(struct talk *t)
{
    struct direct *d = t->wire_state;
    if (d->closing)
        return;
    d->shutdown.data = d;
    if (!d->connected || uv_shutdown(&d->shutdown, (uv_stream_t *)&d->stream, on_shutdown) != 0)
        drop(d, SOTTO_OK, "");
    else
        uv_timer_start(&d->timer, on_goodbye, GOODBYE_MS, 0);
}

/* --- connecting --- */

static void stream_init(struct direct *d)
{
    uv_tcp_init(&d->talk->loop, &d->stream);
    d->stream.data = d;
    d->stream_open = true;
    d->handles++;
}

static void stream_begin(struct direct *d)
{
    d->connected = true;
    uv_tcp_nodelay(&d->stream, 1);
    if (uv_read_start((uv_stream_t *)&d->stream, on_alloc, on_read) != 0)
        drop(d, SOTTO_E_NET, "it can't be read from");
    else
        talk_up(d->talk);
}

static void fail_dial(struct direct *d, int status)
{
    struct cli_error error = {.err = SOTTO_E_NET,
                              .todo = "start the other side first: sotto lab listen"};
    fail(d, cli_failf(d->talk->call, &error, "cannot reach %s (%s)", d->address.text,
                      uv_strerror(status)));
}

static void dial(struct direct *d);

static void on_retry(uv_timer_t *timer)
{
    dial(timer->data);
}

static void on_redial_close(uv_handle_t *handle)
{
    struct direct *d = handle->data;
    d->handles--;
    d->stream_open = false;
    if (d->closing)
        free_if_done(d);
    else
        uv_timer_start(&d->timer, on_retry, RETRY_MS, 0);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct direct *d = request->data;
    if (d->closing)
        return;
    if (status == UV_ECONNREFUSED && uv_now(&d->talk->loop) < d->retry_until)
        uv_close((uv_handle_t *)&d->stream, on_redial_close);
    else if (status != 0)
        fail_dial(d, status);
    else
        stream_begin(d);
}

static void dial(struct direct *d)
{
    stream_init(d);
    d->connect.data = d;
    int status =
        uv_tcp_connect(&d->connect, &d->stream, (const struct sockaddr *)&d->socket, on_connect);
    if (status != 0)
        fail_dial(d, status);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct direct *d = server->data;
    if (status != 0 || d->closing || d->stream_open)
        return;
    stream_init(d);
    if (uv_accept(server, (uv_stream_t *)&d->stream) != 0) {
        drop(d, SOTTO_E_NET, "it can't be accepted");
        return;
    }
    d->listening = false;
    shut(&d->server);
    screen_note(&d->talk->screen, '*', "Somebody dialed");
    stream_begin(d);
}

static void fail_listen(struct direct *d, int status)
{
    struct cli_error error = {.err = status == UV_EADDRINUSE ? SOTTO_E_IN_USE
                                     : status == UV_EACCES   ? SOTTO_E_PERMISSION
                                                             : SOTTO_E_NET,
                              .todo =
                                  "give another address, such as 127.0.0.1:65433, to both sides"};
    fail(d, cli_failf(d->talk->call, &error, "cannot listen on %s (%s)", d->address.text,
                      uv_strerror(status)));
}

static void listen_begin(struct direct *d)
{
    struct talk *t = d->talk;
    uv_tcp_init(&t->loop, &d->server);
    d->server.data = d;
    d->listening = true;
    d->handles++;
    int status = uv_tcp_bind(&d->server, (const struct sockaddr *)&d->socket, 0);
    status = status != 0 ? status : uv_listen((uv_stream_t *)&d->server, 1, on_connection);
    if (status != 0) {
        fail_listen(d, status);
        return;
    }
    bool usual = strcmp(d->address.text, "127.0.0.1:65432") == 0;
    screen_note(&t->screen, '*',
                "Listening on %s. The other side runs: sotto lab dial%s%s --suite %s",
                d->address.text, usual ? "" : " ", usual ? "" : d->address.text,
                lab_suite_name(t->config.suite));
}

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct direct *d = request->data;
    d->looking = false;
    if (status == 0 && found->ai_addrlen <= sizeof d->socket)
        memcpy(&d->socket, found->ai_addr, found->ai_addrlen);
    uv_freeaddrinfo(found);
    if (d->closing)
        free_if_done(d);
    else if (status != 0)
        fail_dial(d, status);
    else if (listens(d))
        listen_begin(d);
    else
        dial(d);
}

/* [ADDR:PORT], ADDR or a port alone. */
static int address_get(const struct cli_call *call, struct server_address *ret_address)
{
    const char *given = call->operand_count > 0 ? call->operands[0] : DIRECT_ADDRESS;
    char text[ADDRESS_TEXT_MAX];
    uint64_t port;
    if (cli_number_read(given, 1, 65535, &port) == SOTTO_OK)
        snprintf(text, sizeof text, "%s:%u", DIRECT_ADDRESS, (unsigned)port);
    else if (strpbrk(given, ":[") == NULL)
        snprintf(text, sizeof text, "%s:%d", given, DIRECT_PORT);
    else
        snprintf(text, sizeof text, "%s", given);
    if (strlen(given) < sizeof text - 8 && address_read(text, ret_address) == SOTTO_OK)
        return 0;
    return cli_failf(call,
                     &(struct cli_error){.err = SOTTO_E_USAGE,
                                         .todo = "write ADDR:PORT, such as 127.0.0.1:65432"},
                     "not an address: \"%.100s\"", given);
}

static int wire_open(struct talk *t)
{
    struct direct *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cli_fail(t->call, &(struct cli_error){.err = SOTTO_E_NOMEM});
    d->talk = t;
    d->detail = "";
    int status = address_get(t->call, &d->address);
    if (status != 0) {
        free(d);
        return status;
    }
    t->wire_state = d;
    uv_timer_init(&t->loop, &d->timer);
    d->timer.data = d;
    d->handles++;
    d->retry_until = uv_now(&t->loop) + RETRY_ALL_MS;
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)d->address.port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    d->lookup.data = d;
    d->looking = true;
    status = uv_getaddrinfo(&t->loop, &d->lookup, on_lookup, d->address.host, port, &hints);
    if (status != 0) {
        d->looking = false;
        fail_dial(d, status);
    }
    return 0;
}

const struct wire direct_listen_wire = {
    .prepare = options_keys,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_waiting,
};
const struct wire direct_dial_wire = {
    .prepare = options_keys,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_waiting,
};
