/* The kinds of vector files, tried in this order. */
#include "vectors.h"

static const struct format formats[] = {
    /* fits           curve                run */
    {wycheproof_fits, wycheproof_on_curve, wycheproof_run},
    {acvp_fits, NULL, acvp_run},
    {hpke_fits, hpke_on_curve, hpke_run},
    {xwing_fits, xwing_on_curve, xwing_run},
    {cpace_fits, NULL, cpace_run},
    {mls_messages_fits, NULL, mls_messages_run},
    {mls_deserialization_fits, NULL, mls_deserialization_run},
    {mls_tree_math_fits, NULL, mls_tree_math_run},
    {mls_basics_fits, mls_curve, mls_basics_run},
    {mls_psk_fits, NULL, mls_psk_run},
    {mls_key_schedule_fits, mls_curve, mls_key_schedule_run},
    {mls_transcript_fits, NULL, mls_transcript_run},
    {mls_secret_tree_fits, NULL, mls_secret_tree_run},
    {mls_protection_fits, mls_curve, mls_protection_run},
    {mls_tree_operations_fits, NULL, mls_tree_operations_run},
    {mls_tree_validation_fits, mls_curve, mls_tree_validation_run},
    {mls_treekem_fits, mls_curve, mls_treekem_run},
    {mls_welcome_fits, mls_curve, mls_welcome_run},
    {mls_passive_fits, mls_curve, mls_passive_run},
    {identity_fits, identity_on_curve, identity_run},
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
