/* NATS with JetStream: one stream of files with work-queue retention, a durable consumer for each mailbox that pushes, explicit
 * acknowledgements. Sync is as NATS has it by default: every two minutes, not before a message is acknowledged.
 *
 * Sender k publishes to m.<mailbox> with the reply subject _A.<k>.<n>; the server's acknowledgement comes there, and n tells of which
 * message. A consumer pushes to d.<mailbox>; a message is acknowledged by an empty one to its reply subject. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/peer.h"

#define STREAM      "MAIL"
#define SID_INBOX   1
#define SID_MAILBOX 2    /* and up */
#define LINE_MOST   1024 /* bytes of a line of control */
#define REPLY_MOST  256
#define FIELDS      5 /* of a message's line, with a reply */

/* One message of the server to us; all borrowed. */
struct nats_message {
    char subject[REPLY_MOST], reply[REPLY_MOST]; /* "" if it wants no reply */
    unsigned sid;
    view payload;
};

enum nats_next { NATS_NONE, NATS_MESSAGE, NATS_PONG, NATS_OTHER, NATS_FAILED };

static bool fail(const char *what, view detail)
{
    fprintf(stderr, "sotto-bench: nats-server: %s%.*s\n", what, (int)size_min(detail.len, 200),
            (const char *)detail.data);
    return false;
}

static bool put_text(struct wire *w, const char *text)
{
    return wire_put(w, view_str(text));
}

/* ---- what the server says */

/* "MSG subject sid [reply] length" and the payload behind it. */
static enum nats_next message_read(struct wire *w, const char *line, size_t line_len,
                                   struct nats_message *ret)
{
    char text[LINE_MOST], *fields[FIELDS] = {0}, *rest = NULL;
    size_t count = 0;
    memcpy(text, line, line_len);
    text[line_len] = 0;
    for (char *at = strtok_r(text, " ", &rest); at != NULL && count < FIELDS;
         at = strtok_r(NULL, " ", &rest))
        fields[count++] = at;
    if (count < FIELDS - 1)
        return fail("not a message: ", view_of(line, line_len)), NATS_FAILED;
    snprintf(ret->subject, sizeof ret->subject, "%s", fields[1]);
    snprintf(ret->reply, sizeof ret->reply, "%s", count == FIELDS ? fields[3] : "");
    ret->sid = (unsigned)strtoul(fields[2], NULL, 10);
    size_t len = strtoul(fields[count - 1], NULL, 10), head = line_len + 2;
    view in = wire_in(w);
    if (in.len < head + len + 2)
        return NATS_NONE;
    ret->payload = view_of(in.data + head, len);
    wire_took(w, head + len + 2);
    return NATS_MESSAGE;
}

/* The next thing from the wire; a ping is answered. */
static enum nats_next next(struct peer_client *client, struct nats_message *ret)
{
    struct wire *w = &client->wire;
    view in = wire_in(w);
    const uint8_t *end = in.len > 0 ? memchr(in.data, '\n', in.len) : NULL;
    if (end == NULL)
        return NATS_NONE;
    const char *line = (const char *)in.data;
    size_t len = (size_t)(end - in.data);
    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (len >= 4 && memcmp(line, "MSG ", 4) == 0 && len < LINE_MOST)
        return message_read(w, line, len, ret);
    if (len >= 4 && memcmp(line, "-ERR", 4) == 0)
        return fail("", view_of(line, len)), NATS_FAILED;
    if (len == 4 && memcmp(line, "PING", 4) == 0 && !put_text(w, "PONG\r\n"))
        return NATS_FAILED;
    bool pong = len == 4 && memcmp(line, "PONG", 4) == 0;
    wire_took(w, (size_t)(end - in.data) + 1);
    return pong ? NATS_PONG : NATS_OTHER;
}

/* Waits until the server has answered a ping: all that was sent before is done then. */
static bool settle(struct peer_client *client)
{
    struct nats_message message;
    enum nats_next what;
    if (!put_text(&client->wire, "PING\r\n"))
        return false;
    while ((what = next(client, &message)) != NATS_PONG)
        if (what == NATS_FAILED || (what == NATS_NONE && !wire_fill_wait(&client->wire)))
            return false;
    return true;
}

/* ---- setting up */

static bool request(struct peer_client *client, const char *subject, const char *json)
{
    char head[LINE_MOST];
    struct nats_message message;
    enum nats_next what;
    snprintf(head, sizeof head, "PUB %s _A.setup %zu\r\n", subject, strlen(json));
    if (!put_text(&client->wire, head) || !put_text(&client->wire, json) ||
        !put_text(&client->wire, "\r\n"))
        return false;
    while ((what = next(client, &message)) != NATS_MESSAGE)
        if (what == NATS_FAILED || (what == NATS_NONE && !wire_fill_wait(&client->wire)))
            return false;
    return message.payload.len == 0 ||
           memmem(message.payload.data, message.payload.len, "\"error\"", 7) == NULL ||
           fail("", message.payload);
}

static bool mailbox_make(struct peer_client *client, unsigned mailbox)
{
    char subject[128], json[512];
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.DURABLE.CREATE." STREAM ".c%u", mailbox);
    snprintf(json, sizeof json,
             "{\"stream_name\":\"" STREAM "\",\"config\":{\"durable_name\":\"c%u\","
             "\"deliver_subject\":\"d.%u\",\"filter_subject\":\"m.%u\",\"ack_policy\":\"explicit\","
             "\"deliver_policy\":\"all\",\"replay_policy\":\"instant\",\"ack_wait\":300000000000,"
             "\"max_ack_pending\":65536,\"max_deliver\":-1}}",
             mailbox, mailbox, mailbox);
    return request(client, subject, json);
}

static bool prepare(struct peer_server *server)
{
    static const char stream[] =
        "{\"name\":\"" STREAM "\",\"subjects\":[\"m.*\"],\"retention\":\"workqueue\","
        "\"storage\":\"file\",\"num_replicas\":1,\"max_consumers\":-1,\"max_msgs\":-1,"
        "\"max_bytes\":-1,\"max_age\":0,\"discard\":\"old\"}";
    struct peer_client client;
    bool done = peer_open(server, PEER_SENDER, 0, &client) &&
                put_text(&client.wire, "SUB _A.setup 9\r\n") &&
                request(&client, "$JS.API.STREAM.CREATE." STREAM, stream);
    for (unsigned m = 0; done && m < server->mailboxes; m++)
        done = mailbox_make(&client, m);
    peer_close(&client);
    return done;
}

static bool start(struct peer_server *server)
{
    char conf[512];
    struct child *child = &server->child;
    child->port = child_port_free();
    snprintf(conf, sizeof conf,
             "listen: \"127.0.0.1:%u\"\n"
             "tls { cert_file: \"tls.pem\", key_file: \"tls.pem\", timeout: 30 }\n"
             "jetstream { store_dir: \"store\", max_file_store: 8GB, max_memory_store: 1GB }\n"
             "max_pending: 256MB\n",
             child->port);
    return peer_daemon_start(server, "-c", "nats.conf", conf);
}

/* ---- clients */

static bool open_client(struct peer_client *client)
{
    char text[256];
    struct wire *w = &client->wire;
    snprintf(text, sizeof text,
             "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":true,\"lang\":\"c\","
             "\"version\":\"1\",\"protocol\":1,\"name\":\"%c%u\"}\r\n",
             client->role == PEER_SENDER ? 's' : 'r', client->number);
    if (!wire_line_skip(w) || !wire_tls_start(w, client->server->ssl) || !put_text(w, text))
        return false;
    snprintf(text, sizeof text, "SUB _A.%u.* %u\r\n", client->number, SID_INBOX);
    return (client->role == PEER_RECEIVER || put_text(w, text)) && settle(client);
}

static bool subscribe(struct peer_client *client, unsigned mailbox)
{
    char text[64];
    snprintf(text, sizeof text, "SUB d.%u %u\r\n", mailbox, SID_MAILBOX + mailbox);
    return put_text(&client->wire, text) && wire_flush(&client->wire);
}

static bool put(struct peer_client *client, unsigned mailbox, view message)
{
    char head[128];
    int len = snprintf(head, sizeof head, "PUB m.%u _A.%u.%llu %zu\r\n", mailbox, client->number,
                       (unsigned long long)client->sent, message.len);
    client->sent++;
    return wire_put(&client->wire, view_of(head, (size_t)len)) &&
           wire_put(&client->wire, message) && wire_put(&client->wire, VIEW_LIT("\r\n"));
}

static bool take_ack(struct peer_client *client, const struct nats_message *message,
                     const struct peer_sink *sink)
{
    const char *dot = strrchr(message->subject, '.');
    if (dot == NULL || strtoull(dot + 1, NULL, 10) != client->acked)
        return fail("not the acknowledgement that was due: ", view_str(message->subject));
    if (message->payload.len > 0 &&
        memmem(message->payload.data, message->payload.len, "\"error\"", 7) != NULL)
        return fail("", message->payload);
    client->acked++;
    return sink->acked(sink->context, client);
}

static bool take(struct peer_client *client, const struct peer_sink *sink)
{
    struct nats_message message;
    enum nats_next what;
    while ((what = next(client, &message)) == NATS_MESSAGE || what == NATS_OTHER) {
        char text[REPLY_MOST + 16];
        if (what == NATS_OTHER)
            continue;
        if (message.sid == SID_INBOX) {
            if (!take_ack(client, &message, sink))
                return false;
            continue;
        }
        int len = snprintf(text, sizeof text, "PUB %s 0\r\n\r\n", message.reply);
        if (!wire_put(&client->wire, view_of(text, (size_t)len)) ||
            !sink->received(sink->context, client, message.payload))
            return false;
    }
    return what == NATS_NONE;
}

const struct peer peer_nats = {
    .name = "nats",
    .program = "nats-server",
    .package = "nats-server",
    .speaks_first = true,
    .start = start,
    .prepare = prepare,
    .open = open_client,
    .subscribe = subscribe,
    .put = put,
    .take = take,
};
