/* The kinds of vector files, tried in this order. */
#include "vectors.h"

static const struct format formats[] = {
    /* fits           curve                run */
    {wycheproof_fits, wycheproof_on_curve, wycheproof_run},
    {acvp_fits, NULL, acvp_run},
    {hpke_fits, hpke_on_curve, hpke_run},
    {xwing_fits, xwing_on_curve, xwing_run},
    {cpace_fits, NULL, cpace_run},
    {mls_fits, NULL, mls_run},
};

const struct format *format_find(const json_t *root)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (formats[i].fits(root))
            return &formats[i];
    return NULL;
}

size_t format_guess_cases(const json_t *root)
{
    return json_is_array(root) ? json_array_size(root) : 1;
}
