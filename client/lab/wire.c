#include "lab/wire.h"

#include <stdlib.h>

#define RETRY_MS   100
#define GOODBYE_MS 2000

/* --- the end --- */

static void free_if_done(struct wire_tcp *w)
{
    if (w->handles > 0 || w->looking)
        return;
    w->talk->wire_state = NULL;
    talk_down(w->talk, w->err, w->detail);
    w->events->gone(w);
}

static void on_close(uv_handle_t *handle)
{
    struct wire_tcp *w = handle->data;
    w->handles--;
    free_if_done(w);
}

static void shut(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_close);
}

void wire_tcp_drop(struct wire_tcp *w, sotto_err err, const char *detail)
{
    if (!w->closing) {
        w->err = err;
        snprintf(w->detail, sizeof w->detail, "%s", detail);
    }
    w->closing = true;
    if (w->looking)
        uv_cancel((uv_req_t *)&w->lookup);
    if (w->listening)
        shut(&w->server);
    if (w->stream_open)
        shut(&w->stream);
    shut(&w->timer);
}

void wire_tcp_fail(struct wire_tcp *w, int status)
{
    talk_fail(w->talk, status);
    wire_tcp_drop(w, SOTTO_E_NET, "");
}

/* --- closing in peace --- */

static void on_goodbye(uv_timer_t *timer)
{
    wire_tcp_drop(timer->data, SOTTO_OK, "");
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status;
    wire_tcp_drop(request->data, SOTTO_OK, "");
}

void wire_tcp_leave(struct wire_tcp *w)
{
    w->leaving = true;
    w->shutdown.data = w;
    if (w->closing || !w->connected ||
        uv_shutdown(&w->shutdown, (uv_stream_t *)&w->stream, on_shutdown) != 0)
        wire_tcp_drop(w, SOTTO_OK, "");
    else
        uv_timer_start(&w->timer, on_goodbye, GOODBYE_MS, 0);
}

/* --- out --- */

struct outgoing {
    uv_write_t request;
    sotto_buf bytes;
};

static void outgoing_free(struct outgoing *o)
{
    buf_clear(&o->bytes);
    free(o);
}

static void on_written(uv_write_t *request, int status)
{
    struct wire_tcp *w = request->handle->data;
    outgoing_free(request->data);
    if (status < 0 && status != UV_ECANCELED)
        wire_tcp_drop(w, SOTTO_E_NET, uv_strerror(status));
    else if (!w->closing && uv_stream_get_write_queue_size((uv_stream_t *)&w->stream) == 0)
        talk_drained(w->talk);
}

void wire_tcp_send(struct wire_tcp *w, sotto_buf *bytes)
{
    bool wanted = bytes->len > 0 && w->connected && !w->closing;
    struct outgoing *o = wanted ? calloc(1, sizeof *o) : NULL;
    if (o == NULL) {
        if (wanted)
            wire_tcp_drop(w, SOTTO_E_NOMEM, "out of memory");
        buf_clear(bytes);
        return;
    }
    o->bytes = *bytes;
    *bytes = (sotto_buf){0};
    o->request.data = o;
    const uv_buf_t out = uv_buf_init((char *)o->bytes.data, (unsigned)o->bytes.len);
    if (uv_write(&o->request, (uv_stream_t *)&w->stream, &out, 1, on_written) == 0)
        return;
    outgoing_free(o);
    wire_tcp_drop(w, SOTTO_E_NET, "it can't be written to");
}

size_t wire_tcp_waiting(const struct talk *t)
{
    const struct wire_tcp *w = t->wire_state;
    return w != NULL && w->stream_open
               ? uv_stream_get_write_queue_size((const uv_stream_t *)&w->stream)
               : 0;
}

/* --- in --- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_place)
{
    struct wire_tcp *w = handle->data;
    (void)suggested;
    *ret_place = uv_buf_init((char *)w->chunk, sizeof w->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *place)
{
    struct wire_tcp *w = stream->data;
    (void)place;
    if (len < 0)
        w->events->ended(w, (int)len);
    else
        w->events->bytes(w, view_of(w->chunk, (size_t)len));
}

static void stream_init(struct wire_tcp *w)
{
    uv_tcp_init(&w->talk->loop, &w->stream);
    w->stream.data = w;
    w->stream_open = true;
    w->handles++;
}

static void stream_begin(struct wire_tcp *w)
{
    w->connected = true;
    uv_tcp_nodelay(&w->stream, 1);
    if (uv_read_start((uv_stream_t *)&w->stream, on_alloc, on_read) != 0)
        wire_tcp_drop(w, SOTTO_E_NET, "it can't be read from");
    else
        w->events->up(w);
}

/* --- dialing --- */

static void on_retry(uv_timer_t *timer)
{
    wire_tcp_dial(timer->data);
}

static void on_redial_close(uv_handle_t *handle)
{
    struct wire_tcp *w = handle->data;
    w->handles--;
    w->stream_open = false;
    if (w->closing)
        free_if_done(w);
    else
        uv_timer_start(&w->timer, on_retry, RETRY_MS, 0);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct wire_tcp *w = request->data;
    if (w->closing)
        return;
    if (status == UV_ECONNREFUSED && uv_now(&w->talk->loop) < w->retry_until)
        uv_close((uv_handle_t *)&w->stream, on_redial_close);
    else if (status != 0)
        w->events->unreachable(w, status);
    else
        stream_begin(w);
}

void wire_tcp_dial(struct wire_tcp *w)
{
    stream_init(w);
    w->connect.data = w;
    int status =
        uv_tcp_connect(&w->connect, &w->stream, (const struct sockaddr *)&w->socket, on_connect);
    if (status != 0)
        w->events->unreachable(w, status);
}

/* --- listening --- */

static void on_connection(uv_stream_t *server, int status)
{
    struct wire_tcp *w = server->data;
    if (status != 0 || w->closing || w->stream_open)
        return;
    stream_init(w);
    if (uv_accept(server, (uv_stream_t *)&w->stream) != 0) {
        wire_tcp_drop(w, SOTTO_E_NET, "it can't be accepted");
        return;
    }
    w->listening = false;
    shut(&w->server);
    stream_begin(w);
}

int wire_tcp_listen(struct wire_tcp *w)
{
    uv_tcp_init(&w->talk->loop, &w->server);
    w->server.data = w;
    w->listening = true;
    w->handles++;
    int status = uv_tcp_bind(&w->server, (const struct sockaddr *)&w->socket, 0);
    return status != 0 ? status : uv_listen((uv_stream_t *)&w->server, 1, on_connection);
}

/* --- the beginning --- */

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct wire_tcp *w = request->data;
    w->looking = false;
    if (status == 0 && found->ai_addrlen <= sizeof w->socket)
        memcpy(&w->socket, found->ai_addr, found->ai_addrlen);
    uv_freeaddrinfo(found);
    if (w->closing)
        free_if_done(w);
    else if (status != 0)
        w->events->unreachable(w, status);
    else
        w->events->found(w);
}

void wire_tcp_begin(struct wire_tcp *w, struct talk *talk)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    w->talk = talk;
    uv_timer_init(&talk->loop, &w->timer);
    w->timer.data = w->lookup.data = w;
    w->handles++;
    snprintf(port, sizeof port, "%u", (unsigned)w->address.port);
    w->looking = true;
    int status = uv_getaddrinfo(&talk->loop, &w->lookup, on_lookup, w->address.host, port, &hints);
    if (status == 0)
        return;
    w->looking = false;
    w->events->unreachable(w, status);
}
