/* The vectors of RFC 9420 (mlswg/mls-implementations) and its passive clients: recognised, so that they are counted,
 * but the protocol that they test is not there yet. Each of its formats will be a row of its own in formats.c. */
#include "vectors.h"

#include "crypto/suite.h"

bool mls_fits(const json_t *root)
{
    static const char *const keys[] = {
        "cipher_suite",   /* most of them */
        "n_leaves",       /* tree-math */
        "vlbytes_header", /* deserialization */
        "mls_welcome",    /* messages */
        "tree_before",    /* tree-operations */
    };
    const json_t *first = json_array_get(root, 0);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (field_has(first, keys[i]))
            return true;
    return false;
}

void mls_run(struct vectors *v, const json_t *root)
{
    count_left_out(v, json_array_size(root), "MLS is not there yet");
}
