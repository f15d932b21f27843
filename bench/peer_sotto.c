/* Ours: sottod with devices that register and sign in for real. A mailbox is a stream: its sender makes it and adds the receivers by a
 * commit; messages are entries with random bytes in place of ciphertexts, made beforehand.
 *
 * A stream's id ends with the number of its mailbox. A receiver reads what waits from where it was, is pushed what comes from then
 * on, gives credit as it goes, and acknowledges what it got with one frame a round: the last entry of each stream. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/device.h"
#include "bench/peer.h"
#include "bench/session.h"
#include "bench/sottod.h"
#include "bench/stock.h"
#include "crypto/hash.h"
#include "proto/account.h"
#include "proto/commit_header.h"
#include "proto/stream.h"

#define ADDS       PROTO_COMMIT_ADDS_MAX
#define BATCH      64 /* mailboxes that are made before answers are waited for: two operations each */
#define CREDIT     4194304 /* bytes that may be pushed to a receiver */
#define CREDIT_MIN 1048576 /* what it has got before it gives more */
#define READ_BYTES 1048576 /* of one request */
#define ACKS       64      /* streams in one frame */
#define FRAME      (4096 + 128)

struct sotto_device {
    struct device_keys keys;
    uint64_t op; /* the highest it has used */
};

struct sotto_mailbox {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t epoch;
    uint8_t header_hash[COMMIT_HEADER_HASH];
};

/* All that the clients of one server know. */
struct sotto_world {
    struct session_host host;
    struct sotto_device *senders, *receivers;
    struct sotto_mailbox *mailboxes;
    uint64_t *
        seen; /* the last entry that a receiver got: of each mailbox; in a group, of each receiver */
};

struct sotto_client {
    struct session session;
    struct sotto_device *device;
    uint64_t answered; /* the last operation that was */
    uint32_t got;      /* bytes since credit was given */
    size_t ack_count;
    struct {
        unsigned mailbox;
        uint64_t seq;
    } acks[ACKS];
};

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: sotto: %s\n", what);
    return false;
}

static bool failed(sotto_err err)
{
    return fail(sotto_err_text(err));
}

static struct sotto_world *world_of(const struct peer_client *client)
{
    return client->server->own;
}

static uint64_t *seen_of(const struct peer_client *client, unsigned mailbox)
{
    return &world_of(client)->seen[client->server->plan.group ? client->number : mailbox];
}

/* ---- registering */

/* Once it is registered, an account needs its device's key alone. */
static bool device_register(struct sotto_world *world, struct session *session, char role,
                            unsigned number, struct sotto_device *device)
{
    uint8_t seed[DEVICE_SEED];
    char name[64];
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_frame answer;
    random_bytes(seed, sizeof seed);
    sotto_err err = device_keys_make(world->host.crypto, seed, &device->keys);
    if (err != SOTTO_OK)
        return failed(err);
    snprintf(name, sizeof name, "%c%u@localhost", role, number);
    const struct device_registration registration = {
        .how = REGISTER_OPEN, .name = view_str(name), .now_s = (int64_t)time(NULL)};
    err = device_register_write(world->host.crypto, &device->keys, &registration, world->host.pin,
                                session->nonce, number + 1, &frame);
    bool done =
        session_put_buf(session, err, &frame) && session_wait(session, PROTO_REGISTERED, &answer);
    sign_key_free(MOVE(device->keys.account));
    sign_key_free(MOVE(device->keys.recovery));
    return done;
}

static bool register_all(const struct peer_server *server, struct sotto_world *world)
{
    struct wire wire;
    struct session session;
    bool done =
        wire_connect(&wire, server->child.port, 0) && session_open(&world->host, &wire, &session);
    for (unsigned i = 0; done && i < server->plan.senders; i++)
        done = device_register(world, &session, 's', i, &world->senders[i]);
    for (unsigned i = 0; done && i < server->plan.receivers; i++)
        done = device_register(world, &session, 'r', i, &world->receivers[i]);
    wire_close(&wire);
    return done;
}

/* ---- streams */

static bool answer_take(struct sotto_client *own, const struct proto_frame *frame,
                        struct proto_appended *ret)
{
    if (frame->kind != PROTO_APPENDED)
        return session_unexpected(frame);
    if (proto_appended_read(frame->body, ret) != SOTTO_OK || ret->op != own->answered + 1)
        return fail("not the answer that was due");
    own->answered = ret->op;
    return true;
}

static bool answers_wait(struct sotto_client *own, struct proto_appended *ret)
{
    struct proto_frame frame;
    while (own->answered < own->device->op)
        if (!session_wait(&own->session, PROTO_APPENDED, &frame) || !answer_take(own, &frame, ret))
            return false;
    return true;
}

static bool stream_create_put(struct sotto_client *own, struct sotto_mailbox *box, unsigned number)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_stream_create create = {.op = ++own->device->op};
    random_bytes(box->stream, PROTO_STREAM_ID - sizeof number);
    memcpy(box->stream + PROTO_STREAM_ID - sizeof number, &number, sizeof number);
    memcpy(create.stream, box->stream, sizeof create.stream);
    return session_put_buf(&own->session,
                           proto_stream_create_write((uint32_t)create.op, &create, &frame), &frame);
}

static sotto_err header_make(sotto_crypto *c, const struct sotto_device *device,
                             struct sotto_mailbox *box, view body, sotto_buf *ret_header)
{
    struct commit_header header = {.epoch = box->epoch + 1, .op = device->op};
    memcpy(header.stream, box->stream, sizeof header.stream);
    memcpy(header.previous_hash, box->header_hash, sizeof header.previous_hash);
    memcpy(header.device_id, device->keys.device_id, sizeof header.device_id);
    memcpy(header.account_id, device->keys.account_id, sizeof header.account_id);
    TRY(hash(c, HASH_SHA256, body, header.commit_hash));
    TRY(commit_header_sign(c, device->keys.device, &header));
    TRY(commit_header_write(&header, ret_header));
    TRY(commit_header_hash(c, &header, box->header_hash));
    box->epoch++;
    return SOTTO_OK;
}

static sotto_err adds_write(const struct sotto_device *devices, size_t count, sotto_buf *list)
{
    for (size_t i = 0; i < count; i++) {
        struct proto_commit_add add = {0};
        memcpy(add.account_id, devices[i].keys.account_id, sizeof add.account_id);
        memcpy(add.device_id, devices[i].keys.device_id, sizeof add.device_id);
        TRY(proto_commit_add_add(&add, list));
    }
    return SOTTO_OK;
}

/* One commit that adds these devices; at most ADDS. */
static bool commit_put(struct sotto_world *world, struct sotto_client *own,
                       struct sotto_mailbox *box, const struct sotto_device *devices, size_t count)
{
    static const uint8_t body[] = "a commit";
    DEFER(buf_clear) sotto_buf frame = {0};
    DEFER(buf_clear) sotto_buf header = {0};
    DEFER(buf_clear) sotto_buf adds = {0};
    struct proto_commit commit = {.op = ++own->device->op, .body = VIEW_OF(body)};
    sotto_err err = header_make(world->host.crypto, own->device, box, commit.body, &header);
    if (err == SOTTO_OK)
        err = adds_write(devices, count, &adds);
    if (err != SOTTO_OK)
        return failed(err);
    memcpy(commit.stream, box->stream, sizeof commit.stream);
    commit.header = buf_view(&header);
    commit.add = (struct proto_list){buf_view(&adds), count};
    return session_put_buf(&own->session, proto_commit_write((uint32_t)commit.op, &commit, &frame),
                           &frame);
}

/* A group's one mailbox: so many commits that each member is added. */
static bool group_make(struct peer_client *client)
{
    struct sotto_world *world = world_of(client);
    struct sotto_client *own = client->own;
    struct proto_appended answer = {0};
    size_t count = client->server->plan.receivers;
    bool done = stream_create_put(own, &world->mailboxes[0], 0);
    for (size_t i = 0; done && i < count; i += ADDS)
        done = commit_put(world, own, &world->mailboxes[0], &world->receivers[i],
                          size_min(ADDS, count - i)) &&
               answers_wait(own, &answer);
    for (size_t i = 0; i < count; i++)
        world->seen[i] = answer.seq; /* later than the commit that added it, for most */
    return done;
}

static bool mailboxes_make(struct peer_client *client)
{
    const struct peer_server *server = client->server;
    struct sotto_world *world = world_of(client);
    struct proto_appended answer;
    unsigned waiting = 0;
    for (unsigned m = client->number; m < server->mailboxes; m += server->plan.senders) {
        struct sotto_mailbox *box = &world->mailboxes[m];
        const struct sotto_device *receiver = &world->receivers[m % server->plan.receivers];
        if (!stream_create_put(client->own, box, m) ||
            !commit_put(world, client->own, box, receiver, 1))
            return false;
        world->seen[m] = 1; /* the commit: a stream's first entry */
        if (++waiting % BATCH == 0 && !answers_wait(client->own, &answer))
            return false;
    }
    return answers_wait(client->own, &answer);
}

static bool prepare(struct peer_server *server)
{
    struct sotto_world *world = server->own;
    bool done = session_host_init(&world->host, server->child.port) && register_all(server, world);
    for (unsigned i = 0; done && i < server->plan.senders; i++) {
        struct peer_client client;
        done = peer_open(server, PEER_SENDER, i, &client) &&
               (server->plan.group ? group_make(&client) : mailboxes_make(&client)) &&
               wire_end_wait(&client.wire);
        peer_close(&client);
    }
    return done;
}

/* ---- the server */

/* The keys are made at a first start; then its store is filled. */
static bool stock(struct peer_server *server, const struct sottod_settings *settings)
{
    return sottod_start(&server->child, server->plan.under, settings) &&
           (child_end(&server->child) || fail("the server did not end well")) &&
           stock_fill_server(&server->child, 0, server->plan.stored);
}

static bool start(struct peer_server *server)
{
    const struct peer_plan *plan = &server->plan;
    const struct sottod_settings settings = {{"registration.who=open", plan->set}, plan->config};
    struct sotto_world *world = calloc(1, sizeof *world);
    size_t seen = server->mailboxes > plan->receivers ? server->mailboxes : plan->receivers;
    server->own = world;
    if (world == NULL)
        return failed(SOTTO_E_NOMEM);
    world->senders = calloc(plan->senders, sizeof *world->senders);
    world->receivers = calloc(plan->receivers, sizeof *world->receivers);
    world->mailboxes = calloc(server->mailboxes, sizeof *world->mailboxes);
    world->seen = calloc(seen, sizeof *world->seen);
    if (world->senders == NULL || world->receivers == NULL || world->mailboxes == NULL ||
        world->seen == NULL)
        return failed(SOTTO_E_NOMEM);
    return (plan->stored == 0 || stock(server, &settings)) &&
           sottod_start(&server->child, plan->under, &settings);
}

static void clear(struct peer_server *server)
{
    struct sotto_world *world = server->own;
    if (world == NULL)
        return;
    for (unsigned i = 0; world->senders != NULL && i < server->plan.senders; i++)
        device_keys_clear(&world->senders[i].keys);
    for (unsigned i = 0; world->receivers != NULL && i < server->plan.receivers; i++)
        device_keys_clear(&world->receivers[i].keys);
    session_host_clear(&world->host);
    free(world->senders);
    free(world->receivers);
    free(world->mailboxes);
    free(world->seen);
    free(world);
    server->own = NULL;
}

/* ---- clients */

/* The server's idea of the device's highest operation must be ours: it forgot nothing that it answered. */
static bool sign_in(struct sotto_world *world, struct sotto_client *own)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct session *session = &own->session;
    struct proto_frame answer;
    struct proto_auth_ok ok;
    sotto_err err = device_auth_write(world->host.crypto, &own->device->keys, world->host.pin,
                                      session->nonce, session->exporter, 2, &frame);
    if (!session_put_buf(session, err, &frame) || !session_wait(session, PROTO_AUTH_OK, &answer))
        return false;
    if (proto_auth_ok_read(answer.body, &ok) != SOTTO_OK || ok.highest_op != own->device->op)
        return fail("the server has lost operations of a device");
    own->answered = own->device->op;
    return true;
}

static bool open_client(struct peer_client *client)
{
    struct sotto_world *world = world_of(client);
    struct sotto_client *own = calloc(1, sizeof *own);
    client->own = own;
    if (own == NULL)
        return failed(SOTTO_E_NOMEM);
    own->device = client->role == PEER_SENDER ? &world->senders[client->number]
                                              : &world->receivers[client->number];
    return session_open(&world->host, &client->wire, &own->session) && sign_in(world, own);
}

static void close_client(struct peer_client *client)
{
    free(client->own);
    client->own = NULL;
}

static bool listen_put(struct sotto_client *own, uint32_t credit)
{
    uint8_t frame[64];
    sotto_buf out = BUF_ON(frame);
    return session_put_buf(&own->session, proto_listen_write(1, credit, &out), &out);
}

static bool read_put(struct peer_client *client, unsigned mailbox)
{
    struct sotto_client *own = client->own;
    uint8_t frame[64];
    sotto_buf out = BUF_ON(frame);
    struct proto_read read = {.after = *seen_of(client, mailbox), .max_bytes = READ_BYTES};
    memcpy(read.stream, world_of(client)->mailboxes[mailbox].stream, sizeof read.stream);
    return session_put_buf(&own->session, proto_read_write(mailbox, &read, &out), &out);
}

static bool subscribe(struct peer_client *client, unsigned mailbox)
{
    struct sotto_client *own = client->own;
    bool first = mailbox == client->number || client->server->plan.group;
    return (!first || listen_put(own, CREDIT)) && read_put(client, mailbox) &&
           wire_flush(&client->wire);
}

static bool put(struct peer_client *client, unsigned mailbox, view message)
{
    const struct sotto_mailbox *box = &world_of(client)->mailboxes[mailbox];
    struct sotto_client *own = client->own;
    uint8_t frame[FRAME];
    sotto_buf out = BUF_ON(frame);
    struct proto_append append = {
        .op = ++own->device->op, .epoch = box->epoch, .kind = ENTRY_APPLICATION, .body = message};
    memcpy(append.stream, box->stream, sizeof append.stream);
    client->sent++;
    return session_put_buf(&own->session, proto_append_write((uint32_t)append.op, &append, &out),
                           &out);
}

/* ---- what comes */

static bool acks_put(struct peer_client *client)
{
    struct sotto_client *own = client->own;
    uint8_t items[ACKS * 32], frame[sizeof items + 64];
    sotto_buf list = BUF_ON(items), out = BUF_ON(frame);
    size_t count = own->ack_count;
    for (size_t i = 0; i < count; i++) {
        struct proto_ack_item item = {.seq = own->acks[i].seq};
        memcpy(item.stream, world_of(client)->mailboxes[own->acks[i].mailbox].stream,
               sizeof item.stream);
        if (proto_ack_add(&item, &list) != SOTTO_OK)
            return fail("an acknowledgement that is too long");
    }
    const struct proto_list acks = {buf_view(&list), count};
    own->ack_count = 0;
    return count == 0 || session_put_buf(&own->session, proto_ack_write(1, &acks, &out), &out);
}

static bool ack_note(struct peer_client *client, unsigned mailbox, uint64_t seq)
{
    struct sotto_client *own = client->own;
    if (own->ack_count > 0 && own->acks[own->ack_count - 1].mailbox == mailbox) {
        own->acks[own->ack_count - 1].seq = seq;
        return true;
    }
    if (own->ack_count == ACKS && !acks_put(client))
        return false;
    own->acks[own->ack_count].mailbox = mailbox;
    own->acks[own->ack_count++].seq = seq;
    return true;
}

/* The number of a stream's mailbox; server->mailboxes: it is none of them (an inbox). */
static unsigned mailbox_of(const struct peer_client *client, const uint8_t stream[PROTO_STREAM_ID])
{
    unsigned number;
    memcpy(&number, stream + PROTO_STREAM_ID - sizeof number, sizeof number);
    return number < client->server->mailboxes &&
                   memcmp(world_of(client)->mailboxes[number].stream, stream, PROTO_STREAM_ID) == 0
               ? number
               : client->server->mailboxes;
}

static bool entry_take(struct peer_client *client, const struct proto_frame *frame,
                       const struct peer_sink *sink)
{
    struct sotto_client *own = client->own;
    struct proto_entry entry;
    if (proto_entry_read(frame->body, &entry) != SOTTO_OK)
        return fail("an entry that can't be read");
    if (frame->request == 0 &&
        (own->got += (uint32_t)(PROTO_HEADER + frame->body.len)) >= CREDIT_MIN) {
        if (!listen_put(own, own->got))
            return false;
        own->got = 0;
    }
    unsigned mailbox = mailbox_of(client, entry.stream);
    if (mailbox == client->server->mailboxes)
        return true;
    uint64_t *seen = seen_of(client, mailbox);
    if (entry.seq != *seen + 1)
        return fail("an entry was lost, doubled or overtaken");
    *seen = entry.seq;
    return (client->silent || ack_note(client, mailbox, entry.seq)) &&
           (entry.kind != ENTRY_APPLICATION || sink->received(sink->context, client, entry.body));
}

/* A page has ended: on with the next, unless what comes from now on is pushed. */
static bool read_end_take(struct peer_client *client, view body)
{
    struct proto_read_end end;
    if (proto_read_end_read(body, &end) != SOTTO_OK)
        return fail("a read_end that can't be read");
    unsigned mailbox = mailbox_of(client, end.stream);
    return end.live || mailbox == client->server->mailboxes || read_put(client, mailbox);
}

/* No credit was left: what was not pushed is read. */
static bool behind_take(struct peer_client *client, view body)
{
    struct proto_behind behind;
    if (proto_behind_read(body, &behind) != SOTTO_OK)
        return fail("a frame that can't be read");
    unsigned mailbox = mailbox_of(client, behind.stream);
    return mailbox == client->server->mailboxes || read_put(client, mailbox);
}

static bool frame_take(struct peer_client *client, const struct proto_frame *frame,
                       const struct peer_sink *sink)
{
    struct proto_appended answer;
    switch (frame->kind) {
    case PROTO_APPENDED:
        client->acked++;
        return answer_take(client->own, frame, &answer) && sink->acked(sink->context, client);
    case PROTO_ENTRY:
        return entry_take(client, frame, sink);
    case PROTO_READ_END:
        return read_end_take(client, frame->body);
    case PROTO_BEHIND:
        return behind_take(client, frame->body);
    case PROTO_OK:
        return true;
    default:
        return session_unexpected(frame);
    }
}

static bool take(struct peer_client *client, const struct peer_sink *sink)
{
    struct sotto_client *own = client->own;
    struct proto_frame frame;
    enum session_next next;
    while ((next = session_next(&own->session, &frame)) == SESSION_FRAME)
        if (!frame_take(client, &frame, sink))
            return false;
    return next == SESSION_NONE && acks_put(client);
}

const struct peer peer_sotto = {
    .name = "sotto",
    .start = start,
    .prepare = prepare,
    .clear = clear,
    .open = open_client,
    .close = close_client,
    .subscribe = subscribe,
    .put = put,
    .take = take,
};
