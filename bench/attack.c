#include "bench/attack.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "crypto/rng.h"
#include "proto/account.h"
#include "proto/stream.h"

#define PINGS        (sizeof(((struct raid *)0)->block) / PING_BYTES)
#define PING_BYTES   6
#define STORED       12    /* entries that a slow reader asks for again and again */
#define STORED_BYTES 60000 /* of each */
#define OVERSIZE     (16 << 20)
#define BITE         64 /* bytes that one reads who is told much */
#define BURST        64 /* requests that go out at once */
#define AUTHS        16 /* sign-ins that do */

/* ---- TCP and TLS */

static bool tcp_open(struct raid *raid, struct foe *foe)
{
    return wire_connect_from(&foe->wire, raid->host.port, foe->address);
}

static bool stay(struct raid *raid, struct foe *foe)
{
    (void)raid;
    (void)foe;
    return true;
}

static bool leave(struct raid *raid, struct foe *foe)
{
    (void)raid;
    (void)foe;
    return false;
}

static bool hello_open(struct raid *raid, struct foe *foe)
{
    return tcp_open(raid, foe) && send(foe->wire.fd, raid->hello.data, raid->hello.len,
                                       MSG_NOSIGNAL) == (ssize_t)raid->hello.len;
}

static bool is_answered(const struct foe *foe)
{
    struct pollfd p = {.fd = foe->wire.fd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

/* The server has done its part as soon as it answers: on with the next. */
static bool hello_act(struct raid *raid, struct foe *foe)
{
    (void)raid;
    return !is_answered(foe);
}

static bool garbage_act(struct raid *raid, struct foe *foe)
{
    random_bytes(raid->block, 512);
    ssize_t sent = send(foe->wire.fd, raid->block, 512, MSG_NOSIGNAL);
    return sent > 0 || errno == EAGAIN;
}

static bool tls_open(struct raid *raid, struct foe *foe)
{
    return tcp_open(raid, foe) && wire_tls_start(&foe->wire, raid->host.ssl);
}

static bool head_act(struct raid *raid, struct foe *foe)
{
    static const char head[] = "GET /sotto HTTP/1.1\r\nX: ";
    const char *byte = foe->acts < sizeof head - 1 ? &head[foe->acts] : "a";
    (void)raid;
    return SSL_write(foe->wire.ssl, byte, 1) == 1;
}

/* ---- WebSocket and frames */

static bool session_of(struct raid *raid, struct foe *foe)
{
    return tcp_open(raid, foe) && session_open(&raid->host, &foe->wire, &foe->session);
}

static bool raw_put(struct foe *foe, const void *bytes, size_t len)
{
    return wire_put(&foe->wire, view_of(bytes, len)) && wire_flush(&foe->wire);
}

/* A header that promises more than a frame may have, and some of it. */
static bool oversize_act(struct raid *raid, struct foe *foe)
{
    static const uint8_t mask[4] = {0};
    uint8_t header[WS_HEADER_MAX];
    if (foe->acts > 0)
        return !is_answered(foe);
    size_t len = ws_header_write(header, WS_BINARY, OVERSIZE, mask);
    return raw_put(foe, header, len) && raw_put(foe, raid->block, sizeof raid->block);
}

static bool malformed_act(struct raid *raid, struct foe *foe)
{
    uint8_t frame[128];
    if (foe->acts > 0)
        return !is_answered(foe);
    random_bytes(frame, sizeof frame);
    (void)raid;
    switch (foe->opened % 4) {
    case 0: /* not WebSocket */
        return raw_put(foe, frame, sizeof frame);
    case 1: /* a fragment that goes on without having begun */
        return raw_put(foe, "\0\x80\0\0\0", 6);
    case 2: /* a request that is none */
        return session_put(&foe->session, frame, sizeof frame) && wire_flush(&foe->wire);
    default: /* a body that ends too early */
        frame[0] = PROTO_AUTH >> 8;
        frame[1] = PROTO_AUTH & 0xff;
        return session_put(&foe->session, frame, 64) && wire_flush(&foe->wire);
    }
}

/* ---- accounts */

/* The sign-in, and before each a request that costs nothing: from what came last nobody knows what the next one costs. */
static bool auths_put(struct raid *raid, struct foe *foe, view auth, unsigned count)
{
    static const uint8_t unknown[PROTO_HEADER] = {0x77, 0x77};
    for (unsigned i = 0; i < count; i++) { /* what is put is masked in place */
        memcpy(raid->block, unknown, sizeof unknown);
        if (!session_put(&foe->session, raid->block, sizeof unknown))
            return false;
        memcpy(raid->block, auth.data, auth.len);
        if (!session_put(&foe->session, raid->block, auth.len))
            return false;
    }
    return wire_flush(&foe->wire);
}

/* Every second one with a signature that is wrong, which ends it; the others again and again, as a device that nobody knows. */
static bool auth_act(struct raid *raid, struct foe *foe)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    DEFER(device_keys_clear) struct device_keys keys = {0};
    uint8_t seed[DEVICE_SEED];
    if (foe->acts > 0)
        return !is_answered(foe);
    random_bytes(seed, sizeof seed);
    if (device_keys_make(raid->host.crypto, seed, &keys) != SOTTO_OK)
        return false;
    sotto_err err = device_auth_write(raid->host.crypto, &keys, raid->host.pin, foe->session.nonce,
                                      foe->session.exporter, 1, &frame);
    if (err != SOTTO_OK)
        return false;
    bool wrong = foe->opened % 2 == 0;
    if (wrong)
        frame.data[frame.len - 1] ^= 1;
    return auths_put(raid, foe, buf_view(&frame), wrong ? 1 : AUTHS);
}

static sotto_err register_write(struct raid *raid, struct foe *foe, sotto_buf *out)
{
    uint8_t seed[DEVICE_SEED];
    char name[64];
    random_bytes(seed, sizeof seed);
    device_keys_clear(&foe->keys);
    TRY(device_keys_make(raid->host.crypto, seed, &foe->keys));
    snprintf(name, sizeof name, "x%u-%02x%02x%02x%02x@localhost", foe->number, seed[0], seed[1],
             seed[2], seed[3]);
    const struct device_registration registration = {
        .how = REGISTER_OPEN, .name = view_str(name), .now_s = (int64_t)time(NULL)};
    return device_register_write(raid->host.crypto, &foe->keys, &registration, raid->host.pin,
                                 foe->session.nonce, 1, out);
}

static bool register_act(struct raid *raid, struct foe *foe)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    return session_put_buf(&foe->session, register_write(raid, foe, &frame), &frame) &&
           wire_flush(&foe->wire);
}

/* ---- members */

static bool member_open(struct raid *raid, struct foe *foe)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct session *session = &foe->session;
    struct proto_frame answer;
    if (!session_of(raid, foe))
        return false;
    if (!foe->registered && (!session_put_buf(session, register_write(raid, foe, &frame), &frame) ||
                             !session_wait(session, PROTO_REGISTERED, &answer)))
        return false;
    foe->registered = true;
    return session_put_buf(session,
                           device_auth_write(raid->host.crypto, &foe->keys, raid->host.pin,
                                             session->nonce, session->exporter, 2, &frame),
                           &frame) &&
           session_wait(session, PROTO_AUTH_OK, &answer);
}

static bool append_put(struct foe *foe, view body)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_append append = {.op = ++foe->op, .kind = ENTRY_APPLICATION, .body = body};
    memcpy(append.stream, foe->stream, sizeof append.stream);
    return session_put_buf(&foe->session, proto_append_write((uint32_t)append.op, &append, &frame),
                           &frame);
}

static bool stream_open(struct raid *raid, struct foe *foe)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_frame answer;
    struct proto_stream_create create = {.op = foe->op + 1};
    if (!member_open(raid, foe))
        return false;
    if (foe->op > 0)
        return true;
    foe->op++;
    random_bytes(foe->stream, sizeof foe->stream);
    memcpy(create.stream, foe->stream, sizeof create.stream);
    return session_put_buf(&foe->session, proto_stream_create_write(1, &create, &frame), &frame) &&
           session_wait(&foe->session, PROTO_APPENDED, &answer);
}

/* A stream that is worth reading. */
static bool reader_open(struct raid *raid, struct foe *foe)
{
    struct proto_frame answer;
    bool made = foe->op > 0;
    uint8_t *body = stream_open(raid, foe) ? raid->block : NULL;
    static uint8_t entry[STORED_BYTES];
    for (unsigned i = 0; !made && body != NULL && i < STORED; i++)
        if (!append_put(foe, VIEW_OF(entry)) ||
            !session_wait(&foe->session, PROTO_APPENDED, &answer))
            return false;
    return body != NULL;
}

static bool reader_act(struct raid *raid, struct foe *foe)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_read read = {.max_bytes = UINT32_MAX};
    memcpy(read.stream, foe->stream, sizeof read.stream);
    (void)raid;
    return wire_waits(&foe->wire) /* the server reads no more: nothing is added */
               ? wire_flush(&foe->wire)
               : session_put_buf(&foe->session, proto_read_write(1, &read, &frame), &frame) &&
                     wire_flush(&foe->wire);
}

/* All are in one conversation: what one of them says is pushed to all others. */
static bool crowd_join(struct raid *raid, struct foe *foe)
{
    static const uint8_t token[1] = {1};
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_frame answer;
    struct proto_stream_create create = {.op = ++foe->op};
    struct proto_subscribe subscribe = {.op = foe->op, .token = VIEW_OF(token)};
    if (foe->number == 0)
        random_bytes(raid->stream, sizeof raid->stream);
    memcpy(foe->stream, raid->stream, sizeof foe->stream);
    memcpy(create.stream, raid->stream, sizeof create.stream);
    memcpy(subscribe.stream, raid->stream, sizeof subscribe.stream);
    sotto_err err = hash(raid->host.crypto, HASH_SHA256, VIEW_OF(token), create.token_hash);
    if (err == SOTTO_OK && foe->number == 0)
        err = proto_stream_create_write(3, &create, &frame);
    else if (err == SOTTO_OK)
        err = proto_subscribe_write(3, &subscribe, &frame);
    return session_put_buf(&foe->session, err, &frame) &&
           session_wait(&foe->session, PROTO_APPENDED, &answer);
}

static bool listener_open(struct raid *raid, struct foe *foe)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_frame answer;
    return member_open(raid, foe) && (foe->op > 0 || crowd_join(raid, foe)) &&
           session_put_buf(&foe->session, proto_listen_write(4, UINT32_MAX, &frame), &frame) &&
           session_wait(&foe->session, PROTO_OK, &answer);
}

/* Some bytes now and then, so that it is not closed for taking nothing: what they say doesn't matter to it. */
static bool listener_act(struct raid *raid, struct foe *foe)
{
    static const uint8_t entry[STORED_BYTES];
    (void)recv(foe->wire.fd, raid->block, BITE, MSG_DONTWAIT);
    if (wire_waits(&foe->wire) || foe->op > STORED)
        return wire_flush(&foe->wire);
    return append_put(foe, VIEW_OF(entry)) && wire_flush(&foe->wire);
}

/* Throws away what was answered. */
static bool drain(struct foe *foe)
{
    if (!wire_fill(&foe->wire))
        return false;
    wire_took(&foe->wire, wire_in(&foe->wire).len);
    return true;
}

static bool ping_act(struct raid *raid, struct foe *foe)
{
    for (size_t i = 0; foe->acts == 0 && i < PINGS; i++)
        memcpy(raid->block + i * PING_BYTES, "\x89\x80\0\0\0\0", PING_BYTES);
    if (!drain(foe))
        return false;
    return wire_waits(&foe->wire) ? wire_flush(&foe->wire)
                                  : raw_put(foe, raid->block, PINGS * PING_BYTES);
}

static bool request_act(struct raid *raid, struct foe *foe)
{
    static const uint8_t first[PROTO_STREAM_ID];
    DEFER(buf_clear) sotto_buf frame = {0};
    (void)raid;
    if (!drain(foe))
        return false;
    for (unsigned i = 0; !wire_waits(&foe->wire) && i < BURST; i++)
        if (!session_put_buf(&foe->session, proto_streams_write(i, first, &frame), &frame))
            return false;
    return wire_flush(&foe->wire);
}

static bool send_act(struct raid *raid, struct foe *foe)
{
    if (!drain(foe))
        return false;
    for (unsigned i = 0; foe->wire.out.len < sizeof raid->block && i < BURST; i++)
        if (!append_put(foe, view_of(raid->block, 256)))
            return false;
    return wire_flush(&foe->wire);
}

/* ---- the table */

/* clang-format off */
static const struct attack attacks[] = {
    {"none", "nobody attacks: what all the others are compared with", 0, 0, false, tcp_open, stay},
    {"connects", "connections that never speak", 2000, 0.02, false, tcp_open, stay},
    {"hellos", "a ClientHello, and away", 64, 0, false, hello_open, hello_act},
    {"handshakes", "whole handshakes, and away", 2, 0, false, tls_open, leave},
    {"garbage", "bytes that are not TLS", 64, 0, false, tcp_open, garbage_act},
    {"slow-heads", "a byte of an HTTP head each second", 1000, 1, false, tls_open, head_act},
    {"oversize", "frames that are too large", 8, 0, false, session_of, oversize_act},
    {"malformed", "frames that break the protocol", 8, 0, false, session_of, malformed_act},
    {"signatures", "sign-ins with wrong signatures, and of devices that nobody knows", 8, 0, false, session_of, auth_act},
    {"registers", "accounts by the dozen", 8, 0, false, session_of, register_act},
    {"slow-readers", "members who ask for much and read nothing", 50, 0.05, true, reader_open, reader_act},
    {"slow-pushes", "members who are told much and read a few bytes of it now and then", 50, 0.05, true, listener_open, listener_act},
    {"pings", "members who ping without end", 50, 0, true, member_open, ping_act},
    {"requests", "members who ask without end", 50, 0, true, member_open, request_act},
    {"sends", "members who send without end", 50, 0, true, stream_open, send_act},
};
/* clang-format on */

const struct attack *attack_at(size_t index)
{
    return index < COUNT_OF(attacks) ? &attacks[index] : NULL;
}

size_t attack_index(const struct attack *attack)
{
    return (size_t)(attack - attacks);
}
