/* tls.h - TLS 1.3 as a client, between two buffers: ciphertext of the network on one side, plain
 * bytes on the other. No certificate is checked here: who the server is, it proves in hello,
 * whose signature covers this connection's exporter (design section 3). The only file of the
 * client, with tls.c, that names OpenSSL's SSL_*. */
#ifndef HOST_TLS_H
#define HOST_TLS_H

#include "base/buf.h"

struct tls; /* opaque */

/* `name` goes into the server name indication; NULL: none, for addresses. NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err tls_new(const char *name, struct tls **ret_tls);
void tls_free(struct tls *t); /* accepts NULL */
void tls_freep(struct tls **t);

/* Goes on with the handshake; *ret_done tells whether it is finished. TLS: it failed. */
SOTTO_MUST_USE sotto_err tls_handshake(struct tls *t, bool *ret_done);

/* Ciphertext from the network; appends what must go to the network. */
SOTTO_MUST_USE sotto_err tls_feed(struct tls *t, view ciphertext);
SOTTO_MUST_USE sotto_err tls_output(struct tls *t, sotto_buf *out);

/* Appends what was decrypted. CLOSED: the server ended TLS cleanly. TLS: broken. */
SOTTO_MUST_USE sotto_err tls_read(struct tls *t, sotto_buf *out);
SOTTO_MUST_USE sotto_err tls_write(struct tls *t, view plain);

/* TLS exporter without a context (RFC 8446 7.5), after the handshake. */
SOTTO_MUST_USE sotto_err tls_export(struct tls *t, const char *label, uint8_t *ret_out, size_t len);

/* close_notify. */
void tls_close(struct tls *t);

/* Why the last call failed, in OpenSSL's words; "" if unknown. Valid until the next call. */
const char *tls_detail(const struct tls *t);

#endif
