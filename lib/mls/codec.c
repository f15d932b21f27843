#include "mls/codec.h"

view codec_list(struct rd *r, size_t max, void (*item)(struct rd *))
{
    struct rd items = rd_vector(r, max);
    const struct rd start = items;
    while (rd_more(&items))
        item(&items);
    rd_join(r, &items);
    return rd_ok(r) ? rd_since(&items, &start) : (view){0};
}

static void u16_item(struct rd *r)
{
    (void)rd_u16(r);
}

view codec_u16s(struct rd *r)
{
    return codec_list(r, MLS_TYPES_MAX, u16_item);
}

bool codec_has_u16(view list, uint16_t number)
{
    for (size_t i = 0; i + 1 < list.len; i += 2)
        if ((list.data[i] << 8 | list.data[i + 1]) == number)
            return true;
    return false;
}

uint8_t codec_enum(struct rd *r, uint8_t last)
{
    uint8_t number = rd_u8(r);
    codec_require(r, number >= 1 && number <= last, SOTTO_E_VALUE);
    return rd_ok(r) ? number : 0;
}

void codec_require(struct rd *r, bool right, sotto_err err)
{
    if (!right)
        rd_fail(r, err);
}
