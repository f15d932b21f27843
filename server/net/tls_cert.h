/* tls_cert.h - the key and certificate that TLS itself asks for. Clients don't trust them (the server key signs each connection's
 * exporter), so they are made by ourselves and vouch for nothing: ECDSA P-256, since browsers take no Ed25519. */
#ifndef NET_TLS_CERT_H
#define NET_TLS_CERT_H

#include "base/base.h"
#include "base/buf.h"

/* Key and certificate in PEM replace what the buffer held. CRYPTO, NOMEM. */
SOTTO_MUST_USE sotto_err tls_cert_make(const char *host, sotto_buf *ret_pem);

#endif
