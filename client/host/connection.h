/* connection.h - one connection to a server on a libuv loop: name look-up, TCP, TLS, hello; then
 * frames. What it learns comes by callbacks, never from inside a call of this header but
 * connection_close(). After connection_open() has succeeded, `ended` comes exactly once, and the
 * connection must not be touched any more. A name look-up can keep the loop alive after that. */
#ifndef HOST_CONNECTION_H
#define HOST_CONNECTION_H

#include <uv.h>

#include "base/buf.h"
#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "engine/address.h"

#define CONNECTION_TIMEOUT_MS 10000 /* for all that comes before `ready` */
#define CONNECTION_DETAIL_MAX 512

struct connection; /* opaque */

/* Why it ended. OK: we closed it, or the server did so cleanly after saying why in a frame. */
struct connection_end {
    sotto_err err;
    bool was_ready;
    uint32_t retry_ms; /* 0: unknown */
    /* For people, from the server or the system; may be empty; not cleaned. */
    char detail[CONNECTION_DETAIL_MAX];
};

struct connection_events {
    /* The server proved to be the owner of this root key. SOTTO_OK to go on, or why not. */
    sotto_err (*ready)(void *user, const uint8_t pin[X509_PIN]);
    void (*frame)(void *user, view frame);
    /* What waits to be written has fallen below CONNECTION_LOW again. */
    void (*drained)(void *user);
    void (*ended)(void *user, const struct connection_end *end);
};

/* Bytes waiting to be written: from HIGH on the caller should pause what feeds it. */
#define CONNECTION_HIGH 262144
#define CONNECTION_LOW  65536

/* `pin` is what the server's root must be, or NULL at the first contact; it is copied, `address`
 * too. Borrows loop, crypto, events. */
SOTTO_MUST_USE sotto_err connection_open(uv_loop_t *loop, sotto_crypto *crypto,
                                         const struct server_address *address, const uint8_t *pin,
                                         uint64_t timeout_ms,
                                         const struct connection_events *events, void *user,
                                         struct connection **ret_connection);

/* Sends whole frames, one behind the other in `frames`; sizes[] are their lengths. An error ends
 * the connection. */
void connection_send(struct connection *c, view frames, const size_t *sizes, size_t count);
size_t connection_waiting(const struct connection *c); /* bytes to be written */

/* Says goodbye, writes out what is there for at most two seconds, ends. */
void connection_close(struct connection *c);

#endif
