#include "crypto/der.h"

#define DER_LEN_MAX 0xffff

static size_t der_len_read(struct rd *r)
{
    size_t first = rd_u8(r);
    if (first < 0x80)
        return first;
    size_t len = first == 0x81 ? rd_u8(r) : first == 0x82 ? rd_u16(r) : 0;
    if (len <
        (first == 0x82 ? 0x100u : 0x80u)) /* not the shortest form, or a form that we don't take */
        rd_fail(r, SOTTO_E_VALUE);
    return len;
}

uint8_t der_peek(const struct rd *r)
{
    return rd_more(r) ? *r->at : 0;
}

view der_read(struct rd *r, enum der_tag tag)
{
    if (rd_u8(r) != tag)
        rd_fail(r, SOTTO_E_VALUE);
    size_t len = der_len_read(r);
    return rd_bytes(r, len);
}

struct rd der_enter(struct rd *r, enum der_tag tag)
{
    struct rd inner = rd_of(der_read(r, tag));
    if (!rd_ok(r))
        rd_fail(&inner, r->err);
    return inner;
}

static size_t der_len_size(size_t len)
{
    return len < 0x80 ? 1 : len < 0x100 ? 2 : 3;
}

static void der_len_write(struct wr *w, size_t len)
{
    if (len > DER_LEN_MAX)
        wr_fail(w, SOTTO_E_TOO_LARGE);
    else if (len >= 0x100) {
        wr_u8(w, 0x82);
        wr_u16(w, (uint16_t)len);
    } else {
        if (len >= 0x80)
            wr_u8(w, 0x81);
        wr_u8(w, (uint8_t)len);
    }
}

void der_write(struct wr *w, enum der_tag tag, view content)
{
    wr_u8(w, (uint8_t)tag);
    der_len_write(w, content.len);
    wr_bytes(w, content);
}

size_t der_begin(struct wr *w, enum der_tag tag)
{
    wr_u8(w, (uint8_t)tag);
    return w->out->len;
}

void der_end(struct wr *w, size_t mark)
{
    if (w->err != SOTTO_OK)
        return;
    size_t len = w->out->len - mark;
    der_len_write(
        w, len); /* behind the content first, which makes the room; then turned to the front */
    if (w->err != SOTTO_OK)
        return;
    uint8_t header[3];
    size_t size = der_len_size(len);
    uint8_t *content = w->out->data + mark;
    memcpy(header, content + len, size);
    memmove(content + size, content, len);
    memcpy(content, header, size);
}
