/* mosquitto: MQTT 3.1.1 with QoS 1 and persistent sessions. An acknowledged message is in its memory and, by default, in a file every
 * half hour.
 *
 * A mailbox is the topic m/<mailbox>; a receiver's session is made at its first subscription and keeps what comes while it is away.
 * Packet ids of a sender count from 1 to 65535 and again, so that an acknowledgement out of order is seen. */
#include <stdio.h>

#include "bench/peer.h"

#define QOS1            0x02
#define SESSION_PRESENT 1
#define NAME            16 /* bytes of a topic or a client's name, behind its length */
#define ID_LAST         65535

enum mqtt_kind { CONNECT = 1, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 8, SUBACK = 9 };

/* One packet of the server; borrowed. */
struct mqtt_packet {
    enum mqtt_kind kind;
    uint8_t flags;
    view body;
};

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: mosquitto: %s\n", what);
    return false;
}

/* ---- packets */

/* The fixed header: kind, flags and the length of the rest, seven bits a byte, the low ones first. */
static size_t head_write(uint8_t head[5], enum mqtt_kind kind, uint8_t flags, size_t len)
{
    size_t at = 0;
    head[at++] = (uint8_t)((unsigned)kind << 4 | flags);
    do {
        head[at++] = (uint8_t)((len & 0x7f) | (len > 0x7f ? 0x80 : 0));
        len >>= 7;
    } while (len > 0);
    return at;
}

static bool packet_put(struct wire *w, enum mqtt_kind kind, uint8_t flags, view front, view rest)
{
    uint8_t head[5];
    size_t len = head_write(head, kind, flags, front.len + rest.len);
    return wire_put(w, view_of(head, len)) && wire_put(w, front) && wire_put(w, rest);
}

/* False: not whole yet. */
static bool packet_next(struct wire *w, struct mqtt_packet *ret)
{
    view in = wire_in(w);
    size_t len = 0, at = 1;
    do {
        if (at >= in.len || at > 4)
            return false;
        len |= (size_t)(in.data[at] & 0x7f) << (7 * (at - 1));
    } while (in.data[at++] & 0x80);
    if (in.len - at < len)
        return false;
    *ret = (struct mqtt_packet){in.data[0] >> 4, in.data[0] & 0x0f, view_of(in.data + at, len)};
    wire_took(w, at + len);
    return true;
}

/* The next packet is of this kind and ends with `status`. */
static bool packet_wait(struct peer_client *client, enum mqtt_kind kind, uint8_t status,
                        struct mqtt_packet *ret)
{
    while (!packet_next(&client->wire, ret))
        if (!wire_fill_wait(&client->wire))
            return false;
    return (ret->kind == kind && ret->body.len > 1 &&
            ret->body.data[ret->body.len - 1] == status) ||
           fail("not the answer that was due");
}

static size_t u16_write(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return 2;
}

static unsigned u16_read(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* ---- setting up */

static bool start(struct peer_server *server)
{
    char conf[512];
    struct child *child = &server->child;
    child->port = child_port_free();
    snprintf(conf, sizeof conf,
             "listener %u 127.0.0.1\ncertfile tls.pem\nkeyfile tls.pem\ntls_version tlsv1.3\n"
             "allow_anonymous true\npersistence true\npersistence_location ./\n"
             "max_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\n"
             "connection_messages false\nlog_dest stderr\nlog_type error\nlog_type warning\n",
             child->port);
    return peer_daemon_start(server, "-c", "mosquitto.conf", conf);
}

/* Sessions are made when somebody comes. */
static bool prepare(struct peer_server *server)
{
    (void)server;
    return true;
}

/* ---- clients */

static bool open_client(struct peer_client *client)
{
    static const uint8_t front[] = {0,   4,   'M',           'Q',
                                    'T', 'T', 4 /* 3.1.1 */, 0 /* the session stays */,
                                    0,   0 /* no keep-alive */};
    uint8_t name[NAME];
    struct mqtt_packet answer;
    int len = snprintf((char *)name + 2, sizeof name - 2, "%c%u",
                       client->role == PEER_SENDER ? 's' : 'r', client->number);
    u16_write(name, (unsigned)len);
    if (!wire_tls_start(&client->wire, client->server->ssl) ||
        !packet_put(&client->wire, CONNECT, 0, VIEW_OF(front), view_of(name, 2 + (size_t)len)) ||
        !packet_wait(client, CONNACK, 0, &answer))
        return false;
    client->known = (answer.body.data[0] & SESSION_PRESENT) != 0;
    return true;
}

static size_t topic_write(uint8_t topic[NAME], unsigned mailbox)
{
    int len = snprintf((char *)topic + 2, NAME - 2, "m/%u", mailbox);
    return u16_write(topic, (unsigned)len) + (size_t)len;
}

static bool subscribe(struct peer_client *client, unsigned mailbox)
{
    static const uint8_t id[] = {0, 1};
    uint8_t topic[NAME];
    struct mqtt_packet answer;
    if (client->known)
        return true;
    size_t len = topic_write(topic, mailbox);
    topic[len++] = 1; /* QoS */
    return packet_put(&client->wire, SUBSCRIBE, 2, VIEW_OF(id), view_of(topic, len)) &&
           packet_wait(client, SUBACK, 1, &answer);
}

static unsigned id_of(uint64_t number)
{
    return (unsigned)(number % ID_LAST) + 1;
}

static bool put(struct peer_client *client, unsigned mailbox, view message)
{
    uint8_t front[NAME + 2];
    size_t len = topic_write(front, mailbox);
    len += u16_write(front + len, id_of(client->sent++));
    return packet_put(&client->wire, PUBLISH, QOS1, view_of(front, len), message);
}

static bool take_ack(struct peer_client *client, view body, const struct peer_sink *sink)
{
    if (body.len < 2 || u16_read(body.data) != id_of(client->acked))
        return fail("not the acknowledgement that was due");
    client->acked++;
    return sink->acked(sink->context, client);
}

static bool take_message(struct peer_client *client, view body, const struct peer_sink *sink)
{
    size_t topic = body.len >= 2 ? u16_read(body.data) : 0, front = 2 + topic + 2;
    if (body.len < front)
        return fail("a message that is too short");
    return packet_put(&client->wire, PUBACK, 0, view_of(body.data + 2 + topic, 2), (view){0}) &&
           sink->received(sink->context, client, view_of(body.data + front, body.len - front));
}

static bool take(struct peer_client *client, const struct peer_sink *sink)
{
    struct mqtt_packet packet;
    while (packet_next(&client->wire, &packet)) {
        bool taken = packet.kind == PUBACK    ? take_ack(client, packet.body, sink)
                     : packet.kind == PUBLISH ? take_message(client, packet.body, sink)
                                              : fail("a packet that nobody expects");
        if (!taken)
            return false;
    }
    return true;
}

const struct peer peer_mosquitto = {
    .name = "mosquitto",
    .program = "mosquitto",
    .package = "mosquitto",
    .start = start,
    .prepare = prepare,
    .open = open_client,
    .subscribe = subscribe,
    .put = put,
    .take = take,
};
