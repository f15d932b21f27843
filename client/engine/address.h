/* address.h - where a server is: HOST[:PORT], [IPV6]:PORT, or an IPv6 address alone. By value;
 * pure. */
#ifndef ENGINE_ADDRESS_H
#define ENGINE_ADDRESS_H

#include "base/base.h"

#define ADDRESS_HOST_MAX 253 /* bytes, RFC 1035 2.3.4 */
#define ADDRESS_TEXT_MAX (ADDRESS_HOST_MAX + 9)

struct server_address {
    char host[ADDRESS_HOST_MAX + 1]; /* in lower case, without brackets */
    uint16_t port;
    char text[ADDRESS_TEXT_MAX]; /* host and port: the one spelling that pins are kept under */
};

/* CONFIG: not an address; *ret_address untouched. Nothing that a shell or a terminal gives a
 * meaning to can be in one. */
SOTTO_MUST_USE sotto_err address_read(const char *text, struct server_address *ret_address);

/* Whether the host is a number and not a name. */
bool address_is_numeric(const struct server_address *address);

#endif
