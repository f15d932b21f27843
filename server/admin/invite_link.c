#include "admin/invite_link.h"

sotto_err invite_link(const struct server_config *config, const uint8_t pin[X509_PIN], view secret,
                      char ret_text[LINK_TEXT_MAX])
{
    DEFER(link_invite_clear) struct link_invite link = {.kind = LINK_SERVER};
    TRY(secret_set(&link.secret, secret));
    memcpy(link.pin, pin, sizeof link.pin);
    memcpy(link.host, config->host, sizeof link.host);
    link.port = server_public_port(config);
    return link_write(&link, ret_text);
}
