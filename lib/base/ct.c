#include "base/ct.h"

#include <string.h>

bool ct_equal(view a, view b)
{
    if (a.len != b.len)
        return false;
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
    uint8_t verdict = difference;
    CT_PUBLIC(&verdict, 1);
    return verdict == 0;
}

bool ct_is_zero(const uint8_t *data, size_t len)
{
    volatile uint8_t bits = 0;
    for (size_t i = 0; i < len; i++)
        bits = (uint8_t)(bits | data[i]);
    uint8_t verdict = bits;
    CT_PUBLIC(&verdict, 1);
    return verdict == 0;
}

void ct_wipe(void *data, size_t len)
{
    if (len > 0)
        explicit_bzero(data, len);
}
