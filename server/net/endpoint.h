/* endpoint.h - addresses with their ports: as people write them, and as limits see them. */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/base.h"
#include "core/core.h"

#define ENDPOINT_TEXT 64 /* bytes of "[…]:65535" with its NUL */

struct endpoint {
    struct sockaddr_storage sa;
    socklen_t len;
};

/* "1.2.3.4:5000" or "[::1]:5000"; numbers only, since a listener has no name. VALUE. */
SOTTO_MUST_USE sotto_err endpoint_read(const char *text, struct endpoint *ret_address);
/* A decimal number of 0 to 65535. VALUE. */
SOTTO_MUST_USE sotto_err port_read(const char *text, uint16_t *ret_port);
void endpoint_write(const struct endpoint *address, char ret_text[ENDPOINT_TEXT]);
bool endpoint_is_loopback(const struct endpoint *address);

/* False for {0}: a proxy has not said yet whom it connects. */
bool endpoint_is_known(const struct core_address *person);

/* The IPv4 address, also of one that is mapped into IPv6, or the /56 of an IPv6 one: what one person or household has. */
struct core_address endpoint_person(const struct endpoint *address);
/* The /24 of an IPv4 address; an IPv6 /56 stays what it is. */
struct core_address endpoint_network(const struct core_address *person);

#endif
