/* One struct watcher a connection: a head comes in, an answer goes out, the connection ends. */
#include "net/metrics.h"

#include <stdlib.h>

#include "net/endpoint.h"
#include "net/gauges.h"
#include "net/listen.h"
#include "net/route.h"
#include "proto/http.h"

#define WATCH_MS 5000
#define IN_MAX   4096

struct watcher {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    struct metrics *metrics;
    unsigned open_handles;
    struct watcher **here; /* its place in the list */
    size_t in_len;
    uint8_t in[IN_MAX];
    sotto_buf out;
};

static void on_closed(uv_handle_t *handle)
{
    struct watcher *w = handle->data;
    if (--w->open_handles > 0)
        return;
    *w->here = NULL;
    buf_clear(&w->out);
    free(w);
}

static void watcher_end(struct watcher *w)
{
    if (uv_is_closing((uv_handle_t *)&w->tcp))
        return;
    uv_close((uv_handle_t *)&w->tcp, on_closed);
    uv_close((uv_handle_t *)&w->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
    watcher_end(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    watcher_end(write->data);
}

static sotto_err answer_metrics(struct watcher *w)
{
    DEFER(buf_clear) sotto_buf text = {0};
    TRY(gauges_write(w->metrics->server, &text));
    return route_answer(200, "", buf_view(&text), &w->out);
}

static sotto_err answer_readyz(struct watcher *w)
{
    const char *why = gauges_unready(w->metrics->server);
    return route_answer(why == NULL ? 200 : 503, "", view_str(why == NULL ? "ready\n" : why),
                        &w->out);
}

static sotto_err answer(struct watcher *w, const struct http_head *head)
{
    bool upgrade;
    if (view_equal(head->target, VIEW_LIT("/healthz")))
        return route_request(head, &w->out, &upgrade);
    if (!view_equal(head->method, VIEW_LIT("GET")))
        return route_refuse(SOTTO_E_NOTFOUND, &w->out);
    if (view_equal(head->target, VIEW_LIT("/metrics")))
        return answer_metrics(w);
    return view_equal(head->target, VIEW_LIT("/readyz")) ? answer_readyz(w)
                                                         : route_refuse(SOTTO_E_NOTFOUND, &w->out);
}

static void watcher_answer(struct watcher *w, sotto_err err)
{
    uv_read_stop((uv_stream_t *)&w->tcp);
    if (err != SOTTO_OK && route_refuse(err, &w->out) != SOTTO_OK) {
        watcher_end(w);
        return;
    }
    const uv_buf_t out = uv_buf_init((char *)w->out.data, (unsigned)w->out.len);
    if (uv_write(&w->write, (uv_stream_t *)&w->tcp, &out, 1, on_written) != 0)
        watcher_end(w);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)suggested;
    struct watcher *w = handle->data;
    *ret_buf = uv_buf_init((char *)w->in + w->in_len, (unsigned)(IN_MAX - w->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *in)
{
    (void)in;
    struct watcher *w = stream->data;
    if (len < 0) {
        watcher_end(w);
        return;
    }
    size_t scanned = w->in_len;
    w->in_len += (size_t)len;
    struct http_head head;
    size_t head_len;
    sotto_err err = http_request_read((view){w->in, w->in_len}, scanned, &head, &head_len);
    if (err == SOTTO_OK && head_len == 0 && w->in_len == IN_MAX)
        err = SOTTO_E_TOO_LARGE;
    if (err == SOTTO_OK && head_len == 0)
        return;
    watcher_answer(w, err == SOTTO_OK ? answer(w, &head) : err);
}

static struct watcher **place_find(struct metrics *m)
{
    for (size_t i = 0; i < METRICS_MAX; i++)
        if (m->watchers[i] == NULL)
            return &m->watchers[i];
    return NULL;
}

static void on_refused_closed(uv_handle_t *handle)
{
    free(handle);
}

/* libuv listens on only once a connection was taken. */
static void refuse(uv_stream_t *listener)
{
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    if (tcp == NULL)
        return;
    uv_tcp_init(listener->loop, tcp);
    (void)uv_accept(listener, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_refused_closed);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status != 0)
        return;
    struct metrics *m = listener->data;
    struct watcher **here = place_find(m);
    struct watcher *w = here != NULL ? calloc(1, sizeof *w) : NULL;
    if (w == NULL) {
        refuse(listener);
        return;
    }
    *w = (struct watcher){.metrics = m, .open_handles = 2, .here = here};
    *here = w;
    w->tcp.data = w->timer.data = w->write.data = w;
    uv_tcp_init(listener->loop, &w->tcp);
    uv_timer_init(listener->loop, &w->timer);
    uv_timer_start(&w->timer, on_timer, WATCH_MS, 0);
    if (uv_accept(listener, (uv_stream_t *)&w->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&w->tcp, on_alloc, on_read) != 0)
        watcher_end(w);
}

sotto_err metrics_start(struct metrics *m, uv_loop_t *uv, uint16_t port,
                        const struct server *server, struct failure *ret_failure)
{
    char text[ENDPOINT_TEXT];
    struct endpoint address;
    int fd;
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)port);
    TRY(endpoint_read(text, &address));
    TRY(listen_open(&address, &fd, ret_failure));
    *m = (struct metrics){.server = server};
    uv_tcp_init(uv, &m->listener);
    m->listener.data = m;
    if (uv_tcp_open(&m->listener, fd) != 0 ||
        uv_listen((uv_stream_t *)&m->listener, METRICS_MAX, on_connection) != 0)
        return SOTTO_E_IO;
    return SOTTO_OK;
}

void metrics_stop(struct metrics *m)
{
    uv_close((uv_handle_t *)&m->listener, NULL);
    for (size_t i = 0; i < METRICS_MAX; i++)
        if (m->watchers[i] != NULL)
            watcher_end(m->watchers[i]);
}
