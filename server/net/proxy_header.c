/* Version 2 (section 2.2 of the PROXY protocol's specification):
 *     uint8  signature[12];
 *     uint8  version_command;       2 in the upper half; LOCAL 0, PROXY 1 in the lower
 *     uint8  family_transport;      IPv4 1, IPv6 2, UNIX 3 in the upper half, STREAM 1 in the lower; 0: not specified
 *     opaque rest<0..2^16-1>;       addresses, ports, then entries of type, length, value that say nothing to us
 * Version 1 (section 2.1): PROXY TCP4|TCP6 SOURCE DESTINATION PORT PORT CR LF, or PROXY UNKNOWN and anything, at most 107 bytes. */
#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/rd.h"

#define FIXED      16 /* bytes of version 2 before `rest` */
#define VERSION    2
#define LOCAL      0
#define PROXY      1
#define ANY        0x00
#define TCP4       0x11
#define TCP6       0x21
#define UNIX       0x31
#define UNIX_BYTES 216 /* two names of 108 bytes */
#define LINE_MAX_1 107

static const uint8_t signature[12] = {'\r', '\n', '\r', '\n', 0,   '\r',
                                      '\n', 'Q',  'U',  'I',  'T', '\n'};
static const view word = VIEW_LIT("PROXY ");

static bool begins_alike(view a, view b)
{
    return memcmp(a.data, b.data, size_min(a.len, b.len)) == 0;
}

/* ---- version 2 */

static void v4_read(struct rd *r, struct proxy_header *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&out->source.sa;
    uint8_t address[4];
    rd_copy(r, address, sizeof address);
    (void)rd_u32(r); /* the destination: us */
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(rd_u16(r))};
    (void)rd_u16(r);
    memcpy(&in->sin_addr, address, sizeof address);
    out->source.len = sizeof *in;
    out->known = true;
}

static void v6_read(struct rd *r, struct proxy_header *out)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&out->source.sa;
    uint8_t address[16], destination[16];
    rd_copy(r, address, sizeof address);
    rd_copy(r, destination, sizeof destination);
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(rd_u16(r))};
    (void)rd_u16(r);
    memcpy(&in6->sin6_addr, address, sizeof address);
    out->source.len = sizeof *in6;
    out->known = true;
}

static void addresses_read(struct rd *r, uint8_t family_transport, struct proxy_header *out)
{
    switch (family_transport) {
    case ANY:
        break;
    case TCP4:
        v4_read(r, out);
        break;
    case TCP6:
        v6_read(r, out);
        break;
    case UNIX: /* somebody on the proxy's own machine */
        (void)rd_bytes(r, UNIX_BYTES);
        break;
    default:
        rd_fail(r, SOTTO_E_VALUE);
        break;
    }
}

static sotto_err rest_read(view rest, uint8_t family_transport, struct proxy_header *out)
{
    struct rd r = rd_of(rest);
    addresses_read(&r, family_transport, out);
    if (family_transport == ANY) /* what follows has no form that is known */
        return rd_ok(&r) ? SOTTO_OK : SOTTO_E_VALUE;
    while (rd_more(&r)) {
        (void)rd_u8(&r);
        (void)rd_bytes(&r, rd_u16(&r));
    }
    return rd_ok(&r) ? SOTTO_OK : SOTTO_E_VALUE;
}

static sotto_err binary_read(view input, struct proxy_header *ret_header, size_t *ret_len)
{
    *ret_len = 0;
    if (input.len > sizeof signature &&
        (input.data[12] >> 4 != VERSION || (input.data[12] & 15) > PROXY))
        return SOTTO_E_VALUE;
    if (input.len < FIXED)
        return SOTTO_OK;
    size_t len = FIXED + ((size_t)input.data[14] << 8 | input.data[15]);
    if (len > PROXY_HEADER_MAX)
        return SOTTO_E_TOO_LARGE;
    if (input.len < len)
        return SOTTO_OK;
    struct proxy_header header = {0};
    if ((input.data[12] & 15) != LOCAL)
        TRY(rest_read(view_of(input.data + FIXED, len - FIXED), input.data[13], &header));
    *ret_header = header;
    *ret_len = len;
    return SOTTO_OK;
}

/* ---- version 1 */

/* A word; one blank must follow it, or if it is the last, the end. */
static bool word_take(view *line, bool last, char *ret_word, size_t size)
{
    const uint8_t *blank = line->len > 0 ? memchr(line->data, ' ', line->len) : NULL;
    size_t len = blank != NULL ? (size_t)(blank - line->data) : line->len;
    if (last != (blank == NULL) || len == 0 || len >= size || memchr(line->data, 0, len) != NULL)
        return false;
    memcpy(ret_word, line->data, len);
    ret_word[len] = 0;
    size_t used = last ? len : len + 1;
    *line = view_of(line->data + used, line->len - used);
    return true;
}

static bool port_holds(const char *text)
{
    uint16_t port;
    return (text[0] != '0' || text[1] == 0) && port_read(text, &port) == SOTTO_OK;
}

static sotto_err endpoint_of(bool v6, const char *host, const char *port,
                             struct endpoint *ret_address)
{
    char text[INET6_ADDRSTRLEN + 16];
    if (!port_holds(port))
        return SOTTO_E_VALUE;
    snprintf(text, sizeof text, v6 ? "[%s]:%s" : "%s:%s", host, port);
    return endpoint_read(text, ret_address);
}

/* TCP4 or TCP6: SOURCE DESTINATION PORT PORT. */
static sotto_err addresses_line_read(view line, bool v6, struct proxy_header *out)
{
    char hosts[2][INET6_ADDRSTRLEN], ports[2][8];
    struct endpoint destination;
    if (!word_take(&line, false, hosts[0], sizeof hosts[0]) ||
        !word_take(&line, false, hosts[1], sizeof hosts[1]) ||
        !word_take(&line, false, ports[0], sizeof ports[0]) ||
        !word_take(&line, true, ports[1], sizeof ports[1]))
        return SOTTO_E_VALUE;
    TRY(endpoint_of(v6, hosts[0], ports[0], &out->source));
    TRY(endpoint_of(v6, hosts[1], ports[1], &destination));
    out->known = true;
    return SOTTO_OK;
}

/* What stands between "PROXY " and the end of the line. */
static sotto_err line_read(view line, struct proxy_header *out)
{
    static const view unknown = VIEW_LIT("UNKNOWN");
    char family[8];
    if (line.len >= unknown.len && begins_alike(line, unknown) &&
        (line.len == unknown.len || line.data[unknown.len] == ' '))
        return SOTTO_OK;
    if (!word_take(&line, false, family, sizeof family))
        return SOTTO_E_VALUE;
    bool v6 = strcmp(family, "TCP6") == 0;
    return v6 || strcmp(family, "TCP4") == 0 ? addresses_line_read(line, v6, out) : SOTTO_E_VALUE;
}

static sotto_err text_read(view input, struct proxy_header *ret_header, size_t *ret_len)
{
    *ret_len = 0;
    const uint8_t *feed = memchr(input.data, '\n', size_min(input.len, LINE_MAX_1));
    if (feed == NULL)
        return input.len < LINE_MAX_1 ? SOTTO_OK : SOTTO_E_TOO_LARGE;
    size_t len = (size_t)(feed - input.data) + 1;
    struct proxy_header header = {0};
    if (feed[-1] != '\r')
        return SOTTO_E_VALUE;
    TRY(line_read(view_of(input.data + word.len, len - 2 - word.len), &header));
    *ret_header = header;
    *ret_len = len;
    return SOTTO_OK;
}

sotto_err proxy_header_read(view input, struct proxy_header *ret_header, size_t *ret_len)
{
    *ret_len = 0;
    if (input.len == 0)
        return SOTTO_OK;
    if (begins_alike(input, VIEW_OF(signature)))
        return binary_read(input, ret_header, ret_len);
    if (!begins_alike(input, word))
        return SOTTO_E_VALUE;
    return text_read(input, ret_header, ret_len);
}
