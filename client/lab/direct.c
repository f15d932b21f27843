#include "lab/direct.h"

#include <stdlib.h>

#include "base/rd.h"
#include "base/wr.h"
#include "lab/options.h"
#include "lab/wire.h"

/* A listener takes one connection and then listens no more. A dialer tries again for a moment while nobody listens, so that
 * two commands can be started at once. */

#define RETRY_ALL_MS 2000
#define LENGTH       4 /* bytes before each message */

struct direct {
    struct wire_tcp tcp; /* the first: one pointer is both */
    sotto_buf in;
};

static bool listens(const struct wire_tcp *w)
{
    return w->talk->wire == &direct_listen_wire;
}

/* --- messages --- */

static void wire_send(struct talk *t, view message)
{
    struct direct *d = t->wire_state;
    sotto_buf bytes = {0};
    if (d == NULL)
        return;
    struct wr w = wr_to(&bytes);
    wr_u32(&w, (uint32_t)message.len);
    wr_bytes(&w, message);
    sotto_err err = wr_end(&w);
    if (err == SOTTO_OK) {
        wire_tcp_send(&d->tcp, &bytes);
        return;
    }
    buf_clear(&bytes);
    wire_tcp_fail(&d->tcp, cli_fail(t->call, &(struct cli_error){.err = err}));
}

static void foreign(struct wire_tcp *w)
{
    struct cli_error error = {.err = SOTTO_E_TOO_LARGE,
                              .exit = 3,
                              .what = "the other side does not speak as the lab does",
                              .todo = "check the address: another program may be there"};
    wire_tcp_fail(w, w->talk->end == TALK_NONE ? cli_fail(w->talk->call, &error) : 0);
}

/* Gives out every whole message. */
static void messages_take(struct direct *d)
{
    while (d->in.len >= LENGTH && !d->tcp.closing) {
        struct rd r = rd_of(buf_view(&d->in));
        size_t len = rd_u32(&r);
        if (len == 0 || len > LAB_MESSAGE_MAX) {
            foreign(&d->tcp);
            return;
        }
        view message = rd_bytes(&r, len);
        if (!rd_ok(&r))
            return;
        talk_message(d->tcp.talk, message);
        buf_consume(&d->in, LENGTH + len);
    }
}

static void on_bytes(struct wire_tcp *w, view bytes)
{
    struct direct *d = (struct direct *)w;
    if (buf_append(&d->in, bytes) != SOTTO_OK)
        wire_tcp_drop(w, SOTTO_E_NOMEM, "out of memory");
    else
        messages_take(d);
}

/* --- the end --- */

static void on_ended(struct wire_tcp *w, int code)
{
    bool left = code == UV_EOF;
    wire_tcp_drop(w, left ? SOTTO_E_CLOSED : SOTTO_E_NET, left ? "" : uv_strerror(code));
}

static void on_gone(struct wire_tcp *w)
{
    struct direct *d = (struct direct *)w;
    buf_clear(&d->in);
    free(d);
}

static void wire_close(struct talk *t)
{
    struct direct *d = t->wire_state;
    if (!d->tcp.closing)
        wire_tcp_leave(&d->tcp);
}

/* --- connecting --- */

static void on_up(struct wire_tcp *w)
{
    if (listens(w))
        screen_note(&w->talk->screen, '*', "Somebody dialed");
    talk_up(w->talk);
}

static void on_unreachable(struct wire_tcp *w, int code)
{
    struct cli_error error = {.err = SOTTO_E_NET,
                              .todo = "start the other side first: sotto lab listen"};
    wire_tcp_fail(w, cli_failf(w->talk->call, &error, "cannot reach %s (%s)", w->address.text,
                               uv_strerror(code)));
}

static void fail_listen(struct wire_tcp *w, int code)
{
    struct cli_error error = {.err = code == UV_EADDRINUSE ? SOTTO_E_IN_USE
                                     : code == UV_EACCES   ? SOTTO_E_PERMISSION
                                                           : SOTTO_E_NET,
                              .todo =
                                  "give another address, such as 127.0.0.1:65433, to both sides"};
    wire_tcp_fail(w, cli_failf(w->talk->call, &error, "cannot listen on %s (%s)", w->address.text,
                               uv_strerror(code)));
}

static void on_found(struct wire_tcp *w)
{
    struct talk *t = w->talk;
    if (!listens(w)) {
        wire_tcp_dial(w);
        return;
    }
    int code = wire_tcp_listen(w);
    if (code != 0) {
        fail_listen(w, code);
        return;
    }
    bool usual = strcmp(w->address.text, "127.0.0.1:65432") == 0;
    screen_note(&t->screen, '*',
                "Listening on %s. The other side runs: sotto lab dial%s%s --suite %s",
                w->address.text, usual ? "" : " ", usual ? "" : w->address.text,
                lab_suite_name(t->config.suite));
}

static const struct wire_tcp_events tcp_events = {
    .found = on_found,
    .unreachable = on_unreachable,
    .up = on_up,
    .bytes = on_bytes,
    .ended = on_ended,
    .gone = on_gone,
};

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
    int status = address_get(t->call, &d->tcp.address);
    if (status != 0) {
        free(d);
        return status;
    }
    t->wire_state = d;
    d->tcp.events = &tcp_events;
    d->tcp.retry_until = uv_now(&t->loop) + RETRY_ALL_MS;
    wire_tcp_begin(&d->tcp, t);
    return 0;
}

const struct wire direct_listen_wire = {
    .prepare = options_keys,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_tcp_waiting,
};
const struct wire direct_dial_wire = {
    .prepare = options_keys,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_tcp_waiting,
};
