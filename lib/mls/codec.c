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

view codec_u16s(struct rd *r)
{
    view list = rd_opaque(r, MLS_TYPES_MAX);
    codec_require(r, list.len % 2 == 0, SOTTO_E_TRUNCATED);
    return rd_ok(r) ? list : (view){0};
}

bool codec_has_u16(view list, uint16_t number)
{
    for (size_t i = 0; i + 1 < list.len; i += 2)
        if ((list.data[i] << 8 | list.data[i + 1]) == number)
            return true;
    return false;
}

uint8_t codec_enum(struct rd *r, uint8_t last, enum mls_check check)
{
    uint8_t number = rd_u8(r);
    codec_check(r, check, number >= 1 && number <= last);
    return rd_ok(r) ? number : 0;
}

void codec_check(struct rd *r, enum mls_check check, bool right)
{
    if (!right && check_on(check))
        rd_refuse(r, check_row(check)->err, (unsigned)check);
}

void codec_require(struct rd *r, bool right, sotto_err err)
{
    if (!right)
        rd_fail(r, err);
}

sotto_err codec_end(const struct rd *r, struct fault *ret_fault)
{
    sotto_err err = rd_end(r);
    if (err != SOTTO_OK && rd_guard(r) != 0 && ret_fault != NULL)
        *ret_fault = (struct fault){.check = (enum mls_check)rd_guard(r)};
    return err;
}
