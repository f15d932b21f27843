/* link_peer.h - a server as the link sees it, for its tests and its fuzz target: keys from fixed
 * seeds, answers made by the library's own writers. */
#ifndef TESTS_UNIT_ENGINE_LINK_PEER_H
#define TESTS_UNIT_ENGINE_LINK_PEER_H

#include <stdio.h>
#include <stdlib.h>

#include "crypto/sign.h"
#include "engine/link.h"
#include "proto/http.h"
#include "proto/ws.h"

#define PEER_NOW INT64_C(1795132800) /* 2026-11-20 */

#define PEER_CHECK(expression) \
    do {                       \
        if (!(expression))     \
            abort();           \
    } while (0)

struct link_peer {
    sotto_crypto *crypto;
    sotto_sign_key *root, *server;
    sotto_buf root_der, server_der;
    uint8_t pin[X509_PIN];
    uint8_t exporter[HELLO_EXPORTER];
    struct link *link;
    sotto_buf said; /* what the link wants said, unread */
};

static inline sotto_sign_key *peer_key(sotto_crypto *c, uint8_t number)
{
    uint8_t seed[32];
    sotto_sign_key *key = NULL;
    memset(seed, number, sizeof seed);
    PEER_CHECK(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key) == SOTTO_OK);
    return key;
}

static inline void peer_issue(struct link_peer *p, enum x509_kind kind, const sotto_sign_key *key,
                              sotto_buf *out)
{
    struct x509 fields = {.kind = kind,
                          .issuer = X509_ROOT,
                          .not_before_s = PEER_NOW - 86400,
                          .not_after_s = kind == X509_ROOT ? X509_FOREVER_S : PEER_NOW + 86400};
    memcpy(fields.public_key, sign_key_public(key).data, ED25519_PUBLIC);
    if (kind == X509_SERVER)
        fields.host = VIEW_LIT("localhost");
    PEER_CHECK(x509_issue(p->crypto, &fields, p->root, out) == SOTTO_OK);
}

static inline void peer_open(struct link_peer *p)
{
    *p = (struct link_peer){0};
    PEER_CHECK(crypto_new(&p->crypto) == SOTTO_OK);
    p->root = peer_key(p->crypto, 1);
    p->server = peer_key(p->crypto, 2);
    peer_issue(p, X509_ROOT, p->root, &p->root_der);
    peer_issue(p, X509_SERVER, p->server, &p->server_der);
    PEER_CHECK(x509_pin(p->crypto, sign_key_public(p->root).data, p->pin) == SOTTO_OK);
    memset(p->exporter, 0xe7, sizeof p->exporter);
}

/* A new link to this server; what the last one had said is dropped. */
static inline void peer_connect(struct link_peer *p, const uint8_t *pin)
{
    uint8_t seed[RNG_SEED];
    memset(seed, 0x5e, sizeof seed);
    link_free(p->link);
    buf_reset(&p->said);
    PEER_CHECK(link_new(p->crypto, "localhost:5000", p->exporter, pin, seed, &p->said, &p->link) ==
               SOTTO_OK);
}

static inline void peer_close(struct link_peer *p)
{
    link_free(p->link);
    buf_clear(&p->said);
    buf_clear(&p->root_der);
    buf_clear(&p->server_der);
    sign_key_free(p->root);
    sign_key_free(p->server);
    crypto_free(p->crypto);
}

/* The answer to the upgrade request that stands in `said`, which is used up. */
static inline void peer_upgrade(struct link_peer *p, sotto_buf *out)
{
    struct http_head head;
    size_t len;
    char accept[WS_ACCEPT + 1], answer[512];
    PEER_CHECK(http_request_read(buf_view(&p->said), 0, &head, &len) == SOTTO_OK && len > 0);
    PEER_CHECK(ws_accept(http_field_find(&head, "Sec-WebSocket-Key"), accept) == SOTTO_OK);
    buf_consume(&p->said, len);
    int size =
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: sotto.1\r\n\r\n",
                 accept);
    PEER_CHECK(buf_append(out, view_of(answer, (size_t)size)) == SOTTO_OK);
}

static inline void peer_frame(view frame, sotto_buf *out)
{
    PEER_CHECK(ws_frame_write(WS_BINARY, frame, NULL, out) == SOTTO_OK);
}

/* The next WebSocket frame that the link said; its payload is valid until `said` changes. */
static inline struct ws_frame peer_heard(struct link_peer *p, size_t *ret_len)
{
    struct ws_reader reader = {.role = WS_SERVER, .message_max = PROTO_FRAME_MAX};
    struct ws_frame frame = {0};
    size_t need;
    PEER_CHECK(ws_frame_read(&reader, p->said.data, p->said.len, &frame, ret_len, &need) ==
               SOTTO_OK);
    return frame;
}

/* The answer to the hello that stands in `said`, signed over this exporter. */
static inline void peer_hello_ok(struct link_peer *p, const uint8_t exporter[HELLO_EXPORTER],
                                 struct proto_hello_ok *ret_ok)
{
    struct proto_frame frame;
    struct proto_hello hello;
    size_t len;
    DEFER(buf_clear) sotto_buf message = {0}, signature = {0};
    struct ws_frame heard = peer_heard(p, &len);
    PEER_CHECK(proto_frame_read(heard.payload, &frame) == SOTTO_OK && frame.kind == PROTO_HELLO);
    PEER_CHECK(proto_hello_read(frame.body, &hello) == SOTTO_OK);
    *ret_ok = (struct proto_hello_ok){.version = PROTO_VERSION,
                                      .chain = {buf_view(&p->server_der), buf_view(&p->root_der)},
                                      .chain_count = 2,
                                      .frame_max = PROTO_FRAME_MAX};
    PEER_CHECK(proto_hello_signed(ret_ok->nonce, exporter, hello.challenge, &message) == SOTTO_OK);
    PEER_CHECK(sign(p->crypto, p->server, buf_view(&message), &signature) == SOTTO_OK);
    memcpy(ret_ok->signature, signature.data, sizeof ret_ok->signature);
    buf_consume(&p->said, len);
}

static inline void peer_hello_write(const struct proto_hello_ok *ok, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    PEER_CHECK(proto_hello_ok_write(1, ok, &frame) == SOTTO_OK);
    peer_frame(buf_view(&frame), out);
}

/* Feeds the link and takes one event. */
static inline sotto_err peer_say(struct link_peer *p, view bytes, struct link_event *ret_event)
{
    TRY(link_feed(p->link, bytes));
    return link_next(p->link, PEER_NOW, &p->said, ret_event);
}

#endif
