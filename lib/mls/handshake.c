#include "mls/handshake.h"

static sotto_err padding_of(const struct authenticated_content *content, uint32_t multiple,
                            size_t *ret_padding)
{
    DEFER(buf_clear) sotto_buf plain = {0};
    *ret_padding = 0;
    if (multiple == 0)
        return SOTTO_OK;
    struct wr w = wr_to(&plain);
    private_message_content_write(&w, &content->content, &content->auth, 0);
    TRY(wr_end(&w));
    *ret_padding = (multiple - plain.len % multiple) % multiple;
    return SOTTO_OK;
}

sotto_err handshake_protect(struct step *s, const struct message_protection *p,
                            const sotto_mls_settings *settings,
                            const struct authenticated_content *content, sotto_buf *out)
{
    uint8_t guard[REUSE_GUARD];
    size_t padding;
    if (content->wire_format == WIRE_PUBLIC_MESSAGE)
        return public_message_protect(s->c, p, content, out);
    TRY(padding_of(content, settings->handshake_pad, &padding));
    rng_bytes(&s->rng, guard, sizeof guard);
    return private_message_protect(s->c, p, content, padding, guard, out);
}
