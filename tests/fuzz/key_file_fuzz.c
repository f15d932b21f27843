/* What is accepted is exactly what would be written for that seed. */
#include <assert.h>

#include "net/key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sotto_crypto *c;
    if (c == NULL && crypto_new(&c) != SOTTO_OK)
        return 0;
    DEFER(secret_clear) struct secret seed = {0};
    DEFER(buf_clear) sotto_buf again = {0};
    if (key_file_read(c, "sotto root key 1", (view){data, size}, &seed) != SOTTO_OK) {
        assert(seed.len == 0);
        return 0;
    }
    assert(key_file_write(c, "sotto root key 1", &seed, &again) == SOTTO_OK);
    assert(view_equal(buf_view(&again), (view){data, size}));
    return 0;
}
