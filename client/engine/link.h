/* link.h - the conversation with a server above TLS, as a step function: HTTP upgrade,
 * WebSocket, hello, then frames. What TLS decrypted goes in, what TLS shall encrypt comes out.
 * No socket and no clock; randomness comes from a seed.
 *
 *   link_new -> UPGRADE -> HELLO -> READY -> OPEN -> CLOSED
 *
 * Pings are answered here. After an error or CLOSED the link is dead: write out what it wants
 * said, and close. */
#ifndef ENGINE_LINK_H
#define ENGINE_LINK_H

#include "base/buf.h"
#include "crypto/crypto.h"
#include "crypto/rng.h"
#include "crypto/x509.h"
#include "proto/proto.h"

#define LINK_DETAIL_MAX 512 /* bytes */

enum link_event_kind {
    LINK_NONE,  /* nothing until more bytes come */
    LINK_READY, /* the server proved who it is: pin and software are filled */
    LINK_FRAME, /* one whole frame */
    LINK_CLOSED /* the server closed the WebSocket */
};

struct link_event {
    enum link_event_kind kind;
    view frame;            /* FRAME: borrowed until the next call */
    uint8_t pin[X509_PIN]; /* READY */
};

struct link; /* opaque */

/* `host` goes into the Host field. `exporter` is that of this TLS connection. `pin` is what the
 * server must have, or NULL at the first contact. Appends the upgrade request to `out`. Borrows
 * `c`. */
SOTTO_MUST_USE sotto_err link_new(sotto_crypto *c, const char *host,
                                  const uint8_t exporter[HELLO_EXPORTER], const uint8_t *pin,
                                  const uint8_t seed[RNG_SEED], sotto_buf *out,
                                  struct link **ret_link);
void link_free(struct link *l); /* accepts NULL */
void link_freep(struct link **l);

/* Takes bytes as they come, copied. NOMEM. Then call link_next() until it gives NONE. */
SOTTO_MUST_USE sotto_err link_feed(struct link *l, view bytes);

/* The next thing that happened; now_s is for the certificates. PIN: another root key than the
 * pin. CERTIFICATE, SIGNATURE: the server could not prove who it is. HTTP, WEBSOCKET, VERSION
 * and others: it doesn't speak sotto. What the server itself refused with comes as that error. */
SOTTO_MUST_USE sotto_err link_next(struct link *l, int64_t now_s, sotto_buf *out,
                                   struct link_event *ret_event);

/* Appends one frame as a WebSocket message. NOT_NOW: before READY. TOO_LARGE: larger than the
 * server takes. */
SOTTO_MUST_USE sotto_err link_send(struct link *l, view frame, sotto_buf *out);
/* Appends a ping: the server must answer with something. NOT_NOW: before the upgrade. */
SOTTO_MUST_USE sotto_err link_ping(struct link *l, sotto_buf *out);
/* Appends the closing handshake of RFC 6455 1.4, if the upgrade was done. */
SOTTO_MUST_USE sotto_err link_close(struct link *l, sotto_buf *out);

/* More about the last error, in the server's words or ours; "" if there is nothing. Clean it
 * before it is shown. */
const char *link_detail(const struct link *l);
/* When to try again, ms; 0: unknown. */
uint32_t link_retry_ms(const struct link *l);

#endif
