/* proxy.h - takes the PROXY protocol's header off a socket, and not one byte of what follows it: that is TLS's. */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "base/buf.h"
#include "net/proxy_header.h"

/* `have` keeps what has come so far, and is empty in the end. *ret_whole: the header is in *ret_header.
 * VALUE, TOO_LARGE: what came is none. CLOSED: the connection has ended. NOMEM. */
SOTTO_MUST_USE sotto_err proxy_take(int fd, sotto_buf *have, struct proxy_header *ret_header,
                                    bool *ret_whole);

#endif
