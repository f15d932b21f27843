/* The vectors of RFC 9420 (mlswg/mls-implementations) and its passive clients: those that need a whole group,
 * which is not there yet. They are recognised, so that they are counted; the other formats are rows before this one. */
#include "vectors.h"

#include "crypto/suite.h"

bool mls_fits(const json_t *root)
{
    return field_has(json_array_get(root, 0), "cipher_suite");
}

void mls_run(struct vectors *v, const json_t *root)
{
    count_left_out(v, json_array_size(root), "MLS groups are not there yet");
}
