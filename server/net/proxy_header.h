/* proxy_header.h - whom a proxy has connected: the header of the PROXY protocol in front of a connection's own bytes, version 2
 * (binary), and version 1 (a line), which is all that nginx sends. Pure, strict, bounded. */
#ifndef NET_PROXY_HEADER_H
#define NET_PROXY_HEADER_H

#include "base/base.h"
#include "net/endpoint.h"

#define PROXY_HEADER_MAX 1024 /* bytes: the addresses, and room for what else a proxy adds */

struct proxy_header {
    bool known;             /* false: the proxy speaks for itself (a health check), or can't say */
    struct endpoint source; /* if known: who connected to the proxy */
};

/* *ret_len: bytes of the header, which the connection's own follow; 0 if it isn't whole yet (and can still become one).
 * VALUE: not a header. TOO_LARGE: longer than PROXY_HEADER_MAX, or a line longer than version 1 allows. */
SOTTO_MUST_USE sotto_err proxy_header_read(view input, struct proxy_header *ret_header,
                                           size_t *ret_len);

#endif
