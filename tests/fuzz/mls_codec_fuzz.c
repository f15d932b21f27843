/* Each structure of MLS: the first byte picks a row of structures.h, the rest is its bytes. What is read is written as the same
 * bytes, a structure that could be read can't when a byte is added or missing, and a second decoder says the same of all. */
#include <stdlib.h>

#include "tests/fuzz/mls_reference.h"
#include "tests/unit/mls/structures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sotto_err recode_cut(const struct structure *structure, view bytes, size_t len)
{
    sotto_buf out = {0};
    sotto_err err = structure->recode(view_of(bytes.data, len), &out);
    buf_clear(&out);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] >= COUNT_OF(structures))
        return 0;
    const struct structure *structure = &structures[data[0]];
    const view bytes = {data + 1, size - 1};
    sotto_buf out = {0};
    bool right = structure->recode(bytes, &out) == SOTTO_OK;
    if (right != mls_reference_is(structure->name, bytes.data, bytes.len))
        abort();
    if (right) {
        if (!view_equal(buf_view(&out), bytes))
            abort(); /* another encoding of the same */
        if (bytes.len > 0 && recode_cut(structure, bytes, bytes.len - 1) == SOTTO_OK)
            abort();
    } else if (out.len != 0) {
        abort();
    }
    buf_clear(&out);
    return 0;
}
