#include "base/wr.h"

#include "base/ct.h"

#define VARINT_LIMIT ((size_t)1 << 30)
#define LONG_HEADER  4 /* bytes of the header of a vector of 16 KiB and more */

struct wr wr_to(sotto_buf *out)
{
    return (struct wr){.out = out, .start = out->len};
}

void wr_fail(struct wr *w, sotto_err err)
{
    if (w->err == SOTTO_OK)
        w->err = err;
}

static void wr_number(struct wr *w, uint64_t number, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = size; i-- > 0; number >>= 8)
        bytes[i] = (uint8_t)number;
    wr_bytes(w, view_of(bytes, size));
}

void wr_u8(struct wr *w, uint8_t number)
{
    wr_number(w, number, 1);
}

void wr_u16(struct wr *w, uint16_t number)
{
    wr_number(w, number, 2);
}

void wr_u32(struct wr *w, uint32_t number)
{
    wr_number(w, number, 4);
}

void wr_u64(struct wr *w, uint64_t number)
{
    wr_number(w, number, 8);
}

static size_t varint_size(size_t number)
{
    return number < 0x40 ? 1 : number < 0x4000 ? 2 : 4;
}

/* The header's number: the length with the size's two prefix bits in front (RFC 9420 2.1.2). */
static uint64_t varint_header(size_t number, size_t size)
{
    uint64_t prefix = size == 1 ? 0 : size == 2 ? 1 : 2;
    return prefix << (8 * size - 2) | number;
}

void wr_varint(struct wr *w, size_t number)
{
    if (number >= VARINT_LIMIT) {
        wr_fail(w, SOTTO_E_TOO_LARGE);
        return;
    }
    size_t size = varint_size(number);
    wr_number(w, varint_header(number, size), size);
}

void wr_bytes(struct wr *w, view bytes)
{
    if (w->err == SOTTO_OK)
        w->err = buf_append(w->out, bytes);
}

void wr_opaque(struct wr *w, view bytes)
{
    wr_varint(w, bytes.len);
    wr_bytes(w, bytes);
}

void wr_optional(struct wr *w, bool present)
{
    wr_u8(w, present ? 1 : 0);
}

static void header_put(uint8_t *place, size_t len, size_t size)
{
    uint64_t header = varint_header(len, size);
    for (size_t i = size; i-- > 0; header >>= 8)
        place[i] = (uint8_t)header;
}

size_t wr_vector_begin(struct wr *w)
{
    return w->out->len;
}

void wr_vector_end(struct wr *w, size_t mark)
{
    if (w->err != SOTTO_OK)
        return;
    size_t len = w->out->len - mark;
    wr_varint(w, len); /* at the end first, so that there is room; then turned to the front */
    if (w->err != SOTTO_OK)
        return;
    size_t size = varint_size(len);
    uint8_t *content = w->out->data + mark;
    memmove(content + size, content, len);
    header_put(content, len, size);
}

size_t wr_long_vector_begin(struct wr *w)
{
    wr_number(w, 0, LONG_HEADER);
    return w->out->len;
}

void wr_long_vector_end(struct wr *w, size_t mark)
{
    if (w->err != SOTTO_OK)
        return;
    size_t len = w->out->len - mark, size = varint_size(len), spare = LONG_HEADER - size;
    uint8_t *content = w->out->data + mark;
    if (len >= VARINT_LIMIT) {
        wr_fail(w, SOTTO_E_TOO_LARGE);
        return;
    }
    header_put(content - LONG_HEADER, len, size);
    if (spare == 0)
        return;
    memmove(content - spare, content, len);
    w->out->len -= spare;
    ct_wipe(w->out->data + w->out->len, spare);
}

sotto_err wr_end(struct wr *w)
{
    if (w->err != SOTTO_OK && w->out->len > w->start) {
        ct_wipe(w->out->data + w->start, w->out->len - w->start);
        w->out->len = w->start;
    }
    return w->err;
}
