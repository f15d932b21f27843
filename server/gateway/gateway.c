#include "gateway/gateway.h"

#include <stdlib.h>
#include <unistd.h>

#include "gateway/link.h"
#include "net/listen.h"

#define TICK_MS 100
#define BACKLOG 128

/* ---- what changed in the hall */

static void guest_went(struct gateway *gateway, const struct guest *guest)
{
    if (!server_live(gateway->server)->config.quiet)
        log_line(gateway->server->log, "gateway", "gateway: client %u %s%s", guest->serial,
                 guest->why[0] != 0 ? "closed: " : "left", guest->why);
}

void gateway_came(struct gateway *gateway, struct guest *guest)
{
    guest->serial = ++gateway->guests;
    stats_add(&gateway->server->stats, gateway_sessions);
    if (!server_live(gateway->server)->config.quiet)
        log_line(gateway->server->log, "gateway", "gateway: client %u connected", guest->serial);
}

static void guest_forget(struct gateway *gateway, struct guest *guest)
{
    guest_went(gateway, guest);
    if (guest->probe != NULL)
        link_socket_close(guest->probe, guest);
    for (struct link *link = gateway->links; link != NULL; link = link->next)
        if (link->guest == guest)
            link->guest = NULL;
    hall_forget(&gateway->hall, guest);
}

/* What waits goes out in one write; the next one waits for its end, so that no more is under way than was waiting. */
static void socket_settle(struct guest *guest)
{
    struct link *link = guest->socket;
    if (link->writing == 0 && guest->out.len > 0) {
        link_socket_send(link, buf_view(&guest->out));
        buf_clear(&guest->out);
    }
    if (guest->socket != NULL && guest->ended && guest->out.len == 0) {
        guest->socket = NULL;
        link_socket_close(link, guest);
    }
}

static void poll_settle(struct guest *guest)
{
    bool probed = guest->probe != NULL && guest->probe->probed;
    if (guest->out.len > 0)
        link_poll_answer(guest->poll, buf_view(&guest->out));
    else if (guest->ended || probed)
        link_poll_answer(guest->poll, VIEW_LIT("6"));
    else
        return;
    buf_clear(&guest->out);
}

/* Who was held up since this one read slowly goes on. */
static void other_resume(const struct guest *guest)
{
    const struct guest *other = hall_other(guest);
    if (other != NULL && other->socket != NULL)
        link_tick(other->socket);
}

static void guest_settle(struct gateway *gateway, struct guest *guest)
{
    size_t before = guest->out.len;
    if (guest->socket != NULL)
        socket_settle(guest);
    else if (guest->poll != NULL)
        poll_settle(guest);
    if (guest->out.len < before)
        other_resume(guest);
    if (guest->ended && guest->socket == NULL && guest->out.len == 0)
        guest_forget(gateway, guest);
}

void gateway_settle(struct gateway *gateway)
{
    for (struct guest *guest; (guest = hall_changed_next(&gateway->hall)) != NULL;)
        guest_settle(gateway, guest);
}

/* ---- time */

/* They may change while the server runs. */
static void limits_take(struct gateway *gateway)
{
    gateway->limits = server_live(gateway->server)->config.limits;
}

static void on_timer(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;
    limits_take(gateway);
    if (gateway->owed)
        link_accept(gateway);
    hall_tick(&gateway->hall, gateway_now(gateway));
    for (struct link *link = gateway->links, *next; link != NULL; link = next) {
        next = link->next;
        link_tick(link);
    }
    gateway_settle(gateway);
    if (gateway->links == NULL && gateway->hall.guests == NULL && !gateway->owed)
        uv_timer_stop(timer);
}

/* ---- beginning and end */

static void on_connection(uv_stream_t *listener, int status)
{
    struct gateway *gateway = listener->data;
    if (status != 0)
        return;
    link_accept(gateway);
    if (!uv_is_active((uv_handle_t *)&gateway->timer))
        uv_timer_start(&gateway->timer, on_timer, TICK_MS, TICK_MS);
}

void gateway_closed(struct gateway *gateway)
{
    if (--gateway->handles > 0)
        return;
    hall_clear(&gateway->hall);
    free(gateway);
}

static void on_closed(uv_handle_t *handle)
{
    gateway_closed(handle->data);
}

/* From here on gateway_stop() closes what is open. */
static sotto_err listener_open(struct gateway *gateway, int fd)
{
    uv_tcp_init(gateway->uv, &gateway->listener);
    uv_timer_init(gateway->uv, &gateway->timer);
    gateway->listener.data = gateway->timer.data = gateway;
    gateway->handles = GATEWAY_HANDLES;
    if (uv_tcp_open(&gateway->listener, fd) != 0) {
        close(fd);
        return SOTTO_E_IO;
    }
    int failed = uv_listen((uv_stream_t *)&gateway->listener, BACKLOG, on_connection);
    return failed == 0 ? SOTTO_OK : SOTTO_E_IO;
}

static struct gateway *gateway_new(struct server *server, uv_loop_t *uv,
                                   const uint8_t seed[RNG_SEED])
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (gateway == NULL)
        return NULL;
    gateway->server = server;
    gateway->uv = uv;
    limits_take(gateway);
    gateway->hall = hall_of(&gateway->limits, seed);
    return gateway;
}

sotto_err gateway_start(struct server *server, uv_loop_t *uv, const uint8_t seed[RNG_SEED],
                        struct gateway **ret_gateway, struct failure *ret_failure)
{
    struct endpoint address = server->config.gateway;
    char text[ENDPOINT_TEXT];
    int fd;
    if (address.len == 0)
        return SOTTO_OK;
    TRY(listen_open(&address, &fd, ret_failure));
    struct gateway *gateway = gateway_new(server, uv, seed);
    if (gateway == NULL) {
        close(fd);
        return SOTTO_E_NOMEM;
    }
    sotto_err err = listener_open(gateway, fd);
    if (err != SOTTO_OK) {
        gateway_stop(gateway);
        return err;
    }
    endpoint_write(&address, text);
    log_line(server->log, "listening", "Socket.IO gateway, in plain HTTP, on %s", text);
    *ret_gateway = gateway;
    return SOTTO_OK;
}

/* What is written here goes into the sockets' own buffers before they close. */
void gateway_stop(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    for (struct guest *g = gateway->hall.guests; g != NULL; g = g->next)
        hall_break(&gateway->hall, g, "the server stops", gateway_now(gateway));
    gateway_settle(gateway);
    while (gateway->links != NULL)
        link_end(gateway->links);
    uv_close((uv_handle_t *)&gateway->listener, on_closed);
    uv_close((uv_handle_t *)&gateway->timer, on_closed);
}
