#include "engine/address.h"

#include <stdio.h>

#include "proto/proto.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

static bool is_ipv6_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
}

static sotto_err host_take(const char *host, size_t len, bool ipv6, struct server_address *out)
{
    if (len == 0 || len > ADDRESS_HOST_MAX || host[0] == '-')
        return SOTTO_E_CONFIG;
    for (size_t i = 0; i < len; i++) {
        char c = host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] - 'A' + 'a') : host[i];
        if (ipv6 ? !is_ipv6_char(c) : !is_name_char(c))
            return SOTTO_E_CONFIG;
        out->host[i] = c;
    }
    out->host[len] = '\0';
    return SOTTO_OK;
}

/* What stands behind the host: nothing, or ':' and a port. */
static sotto_err port_take(const char *rest, struct server_address *out)
{
    uint32_t port = 0;
    out->port = PROTO_PORT;
    if (*rest == '\0')
        return SOTTO_OK;
    if (*rest++ != ':' || *rest == '\0' || strlen(rest) > 5)
        return SOTTO_E_CONFIG;
    for (; *rest != '\0'; rest++) {
        if (!is_digit(*rest))
            return SOTTO_E_CONFIG;
        port = port * 10 + (uint32_t)(*rest - '0');
    }
    if (port == 0 || port > UINT16_MAX)
        return SOTTO_E_CONFIG;
    out->port = (uint16_t)port;
    return SOTTO_OK;
}

sotto_err address_read(const char *text, struct server_address *ret_address)
{
    struct server_address out = {0};
    const char *colon = strchr(text, ':');
    bool bare_ipv6 = text[0] != '[' && colon != NULL && strchr(colon + 1, ':') != NULL;
    bool ipv6 = text[0] == '[' || bare_ipv6;
    const char *host = text + (text[0] == '[');
    size_t len = text[0] == '[' ? strcspn(host, "]")
                 : bare_ipv6    ? strlen(host)
                                : strcspn(host, ":");
    const char *rest = host + len;
    if (text[0] == '[' && *rest++ != ']')
        return SOTTO_E_CONFIG;
    TRY(host_take(host, len, ipv6, &out));
    TRY(port_take(rest, &out));
    snprintf(out.text, sizeof out.text, ipv6 ? "[%s]:%u" : "%s:%u", out.host, (unsigned)out.port);
    *ret_address = out;
    return SOTTO_OK;
}

bool address_is_numeric(const struct server_address *address)
{
    /* A name's last label is never all digits (RFC 3696 2), so a last digit is enough to tell. */
    size_t len = strlen(address->host);
    return strchr(address->host, ':') != NULL || is_digit(address->host[len - 1]);
}
