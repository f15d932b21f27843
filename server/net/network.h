/* network.h - a range of addresses as settings name it: ADDR, or ADDR/BITS. By value, pure. */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include "base/base.h"
#include "net/endpoint.h"

struct network {
    uint8_t bytes[16]; /* IPv4: the first four */
    uint8_t bits;      /* of the address that count */
    bool v6;
};

/* "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1". VALUE. */
SOTTO_MUST_USE sotto_err network_read(const char *text, struct network *ret_network);
bool network_has(const struct network *network, const struct endpoint *address);

#endif
