#include "admin/invite_link.h"

#include <arpa/inet.h>

uint16_t invite_port(const struct server_config *config)
{
    const struct endpoint *first = &config->listen[0];
    if (config->public_port != 0)
        return config->public_port;
    return ntohs(first->sa.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)&first->sa)->sin6_port
                     : ((const struct sockaddr_in *)&first->sa)->sin_port);
}

sotto_err invite_link(const struct server_config *config, const uint8_t pin[X509_PIN], view secret,
                      char ret_text[LINK_TEXT_MAX])
{
    DEFER(link_invite_clear) struct link_invite link = {.kind = LINK_SERVER};
    TRY(secret_set(&link.secret, secret));
    memcpy(link.pin, pin, sizeof link.pin);
    memcpy(link.host, config->host, sizeof link.host);
    link.port = invite_port(config);
    return link_write(&link, ret_text);
}
