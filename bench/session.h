/* session.h - a client of sottod that costs little: TLS, WebSocket and frames over a wire. What a real client checks is checked: the
 * server's chain at the first connection, its signature in each hello. One thread. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "bench/wire.h"
#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "proto/proto.h"
#include "proto/ws.h"

/* What all sessions with one server share. */
struct session_host {
    SSL_CTX *ssl;
    sotto_crypto *crypto;
    uint16_t port;
    bool known; /* the two that follow; from the first hello, whose chain was checked */
    uint8_t server_key[32];
    uint8_t pin[X509_PIN];
};

struct session {
    struct wire *wire; /* the owner's */
    struct ws_reader ws;
    uint8_t nonce[HELLO_NONCE],
        exporter[HELLO_EXPORTER]; /* of this connection, once hello was said */
};

/* All that give bool: false, and a message is on stderr. */

bool session_host_init(struct session_host *host, uint16_t port);
void session_host_clear(struct session_host *host);

/* `wire` is connected; upgrade, hello with its signature checked. Waits. */
bool session_open(struct session_host *host, struct wire *wire, struct session *ret_session);

/* A frame, header and all, goes into the wire's buffer. It is masked in place. */
bool session_put(struct session *session, uint8_t *frame, size_t len);
/* What wrote it failed, or it goes into the wire's buffer; the buffer is empty afterwards. */
bool session_put_buf(struct session *session, sotto_err written, sotto_buf *frame);

/* The next frame, if it is whole; pings are answered. `ret_frame` borrows until the next fill. Failed: a message is on stderr. */
enum session_next { SESSION_NONE, SESSION_FRAME, SESSION_FAILED };
enum session_next session_next(struct session *session, struct proto_frame *ret_frame);

/* Waits for the next frame, which is to be of this kind. An error frame's words are on stderr. */
bool session_wait(struct session *session, enum proto_kind kind, struct proto_frame *ret_frame);

/* An answer that was not due: says which one. False, always. */
bool session_unexpected(const struct proto_frame *frame);

#endif
