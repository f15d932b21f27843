#include "net/network.h"

#include <arpa/inet.h>

#define BITS_V4 32
#define BITS_V6 128

/* A decimal number of at most `most`, without a zero before it. */
static bool bits_read(const char *text, unsigned most, uint8_t *ret_bits)
{
    uint16_t number;
    if ((text[0] == '0' && text[1] != 0) || port_read(text, &number) != SOTTO_OK || number > most)
        return false;
    *ret_bits = (uint8_t)number;
    return true;
}

sotto_err network_read(const char *text, struct network *ret_network)
{
    struct network network = {.v6 = strchr(text, ':') != NULL};
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    char host[INET6_ADDRSTRLEN];
    if (len >= sizeof host)
        return SOTTO_E_VALUE;
    memcpy(host, text, len);
    host[len] = 0;
    if (inet_pton(network.v6 ? AF_INET6 : AF_INET, host, network.bytes) != 1)
        return SOTTO_E_VALUE;
    network.bits = network.v6 ? BITS_V6 : BITS_V4;
    if (slash != NULL && !bits_read(slash + 1, network.bits, &network.bits))
        return SOTTO_E_VALUE;
    *ret_network = network;
    return SOTTO_OK;
}

bool network_has(const struct network *network, const struct endpoint *address)
{
    if ((address->sa.ss_family == AF_INET6) != network->v6)
        return false;
    const void *sa = &address->sa;
    const uint8_t *bytes =
        network->v6 ? ((const struct sockaddr_in6 *)sa)->sin6_addr.s6_addr
                    : (const uint8_t *)&((const struct sockaddr_in *)sa)->sin_addr.s_addr;
    size_t whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(bytes, network->bytes, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return rest == 0 || ((bytes[whole] ^ network->bytes[whole]) & mask) == 0;
}
