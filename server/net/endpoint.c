#include "net/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define PERSON_V6_BYTES 7  /* /56 */
#define MAPPED_AT       12 /* ::ffff:1.2.3.4, as a proxy with one socket for both families says it */
#define FAMILY_AT       15 /* tells the families apart: no IPv6 prefix can pose as an IPv4 address */

sotto_err port_read(const char *text, uint16_t *ret_port)
{
    unsigned port = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 5)
        return SOTTO_E_VALUE;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return SOTTO_E_VALUE;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    if (port > 65535)
        return SOTTO_E_VALUE;
    *ret_port = (uint16_t)port;
    return SOTTO_OK;
}

static sotto_err host_read(const char *host, bool v6, uint16_t port, struct endpoint *ret_address)
{
    struct endpoint a = {0};
    if (v6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&a.sa;
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        a.len = sizeof *in6;
        if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
            return SOTTO_E_VALUE;
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)&a.sa;
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        a.len = sizeof *in;
        if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
            return SOTTO_E_VALUE;
    }
    *ret_address = a;
    return SOTTO_OK;
}

sotto_err endpoint_read(const char *text, struct endpoint *ret_address)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return SOTTO_E_VALUE;
    uint16_t port;
    TRY(port_read(colon + 1, &port));
    bool v6 = text[0] == '[';
    const char *begin = v6 ? text + 1 : text;
    if (v6 && (colon - text < 2 || colon[-1] != ']'))
        return SOTTO_E_VALUE;
    size_t len = (size_t)(colon - begin) - (v6 ? 1 : 0);
    char host[INET6_ADDRSTRLEN];
    if (len == 0 || len >= sizeof host)
        return SOTTO_E_VALUE;
    memcpy(host, begin, len);
    host[len] = 0;
    return host_read(host, v6, port, ret_address);
}

static const struct sockaddr_in *as_v4(const struct endpoint *a)
{
    return (const struct sockaddr_in *)(const void *)&a->sa;
}

static const struct sockaddr_in6 *as_v6(const struct endpoint *a)
{
    return (const struct sockaddr_in6 *)(const void *)&a->sa;
}

void endpoint_write(const struct endpoint *address, char ret_text[ENDPOINT_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    if (address->sa.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &as_v6(address)->sin6_addr, host, sizeof host);
        snprintf(ret_text, ENDPOINT_TEXT, "[%s]:%u", host,
                 (unsigned)ntohs(as_v6(address)->sin6_port));
    } else {
        inet_ntop(AF_INET, &as_v4(address)->sin_addr, host, sizeof host);
        snprintf(ret_text, ENDPOINT_TEXT, "%s:%u", host, (unsigned)ntohs(as_v4(address)->sin_port));
    }
}

bool endpoint_is_loopback(const struct endpoint *address)
{
    if (address->sa.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&as_v6(address)->sin6_addr);
    return ntohl(as_v4(address)->sin_addr.s_addr) >> 24 == 127;
}

bool endpoint_is_known(const struct core_address *person)
{
    return person->bytes[FAMILY_AT] != 0;
}

struct core_address endpoint_person(const struct endpoint *address)
{
    struct core_address person = {0};
    if (address->sa.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&as_v6(address)->sin6_addr)) {
        memcpy(person.bytes, as_v6(address)->sin6_addr.s6_addr + MAPPED_AT, 4);
        person.bytes[FAMILY_AT] = 4;
    } else if (address->sa.ss_family == AF_INET6) {
        memcpy(person.bytes, &as_v6(address)->sin6_addr, PERSON_V6_BYTES);
        person.bytes[FAMILY_AT] = 6;
    } else {
        memcpy(person.bytes, &as_v4(address)->sin_addr, 4);
        person.bytes[FAMILY_AT] = 4;
    }
    return person;
}

struct core_address endpoint_network(const struct core_address *person)
{
    struct core_address network = *person;
    if (network.bytes[FAMILY_AT] == 4)
        network.bytes[3] = 0;
    return network;
}
