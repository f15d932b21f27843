/* tls.h - TLS 1.3 on a socket that is ours: the only place, with tls_cert.c, that names OpenSSL's SSL_*. OpenSSL does the handshake.
 * After it a connection with TLS_AES_128_GCM_SHA256 may leave it for our own record layer (record.h): then all that it costs is
 * its secrets. Others keep OpenSSL's objects, but neither buffers while they wait nor the ML-KEM key of their handshake. One
 * context per loop thread, so that threads share nothing. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/base.h"
#include "base/buf.h"
#include "crypto/crypto.h"

#define TLS_READ_MIN 16384 /* bytes: what one record may hold */

struct tls_context; /* opaque */
struct tls;         /* opaque; one connection */

/* `pem` holds the key, without a passphrase, and the certificate, with those of its issuers behind it. CERTIFICATE: one can't be read, or they don't fit together. CRYPTO, NOMEM. */
SOTTO_MUST_USE sotto_err tls_context_new(view pem, struct tls_context **ret_context);
/* Whether tls_context_new() would take it. */
SOTTO_MUST_USE sotto_err tls_pem_check(view pem);
/* When its certificate ends, in s. CERTIFICATE: there is none in it. */
SOTTO_MUST_USE sotto_err tls_pem_end(view pem, int64_t *ret_not_after_s);
/* Connections from now on use our own record layer where they can. `crypto` is borrowed, for as long as any of them lives. */
void tls_context_own_records(struct tls_context *context, sotto_crypto *crypto);
/* Its connections may outlive it. Accepts NULL. */
void tls_context_free(struct tls_context *context);

/* `fd` is borrowed, non-blocking. */
SOTTO_MUST_USE sotto_err tls_new(struct tls_context *context, int fd, struct tls **ret_tls);
/* Accepts NULL. */
void tls_free(struct tls *tls);

enum tls_result {
    TLS_DONE,       /* the call did something, see its output */
    TLS_WANT_READ,  /* again once the socket can be read */
    TLS_WANT_WRITE, /* again once the socket can be written */
    TLS_ENDED,      /* the other side has ended the connection */
    TLS_BROKEN      /* the connection can't be used any more */
};
enum tls_result tls_handshake(struct tls *tls);
/* Whether OpenSSL is out of it since the handshake. */
bool tls_has_own_records(const struct tls *tls);
/* `max` is at least TLS_READ_MIN. *ret_len is set only with TLS_DONE, and is at least 1. */
enum tls_result tls_read(struct tls *tls, uint8_t *ret_data, size_t max, size_t *ret_len);
/* Takes some of the data, at least a byte. After WANT_WRITE the next call must begin with the same bytes; more may follow them. */
enum tls_result tls_write(struct tls *tls, view data, size_t *ret_len);
/* Whether something may wait that no poll will tell of. */
bool tls_has_pending(struct tls *tls);
/* Sends close_notify if it can. */
void tls_shutdown(struct tls *tls);

/* Keying material without context (RFC 8446 7.5). */
SOTTO_MUST_USE sotto_err tls_export(struct tls *tls, const char *label, uint8_t *ret_out,
                                    size_t len);

#endif
