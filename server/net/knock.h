/* knock.h - who answers at an address, as a client finds out: TLS, upgrade, hello, certificates and signature. Waits; for commands, not for
 * the server's loops. */
#ifndef NET_KNOCK_H
#define NET_KNOCK_H

#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "net/endpoint.h"

/* OK: the server with this pin. PIN: another one of ours. NET: nobody takes the connection; TIMEOUT: nobody answers within 5 seconds;
 * TLS: no TLS 1.3; CLOSED: it hangs up; HTTP and other errors of the wire: no server of ours. SIGNATURE: somebody between us and
 * the server ends TLS. `host` stands in the request. */
SOTTO_MUST_USE sotto_err knock(sotto_crypto *c, const struct endpoint *address, const char *host,
                               const uint8_t pin[X509_PIN], int64_t now_s);

#endif
