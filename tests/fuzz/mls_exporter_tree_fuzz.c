/* Secrets exported from a tree that is written and read again in between: each component's is the one that the draft names, and
 * comes once. An odd first byte: the rest is a tree as someone wrote it; what can be read is written as the same bytes,
 * and works. */
#include "base/rd.h"
#include "fuzz.h"
#include "mls/exporter_tree.h"

#define EXPORTS 24

static sotto_crypto *crypto;
static const struct mls_suite *suite;
static const struct secret root = {.len = 32, .data = {7}};

static struct secret expected(uint16_t component_id)
{
    struct secret secret = root;
    for (unsigned bit = 16; bit-- > 0;)
        HOLDS(expand_secret(crypto, suite, &secret, VIEW_LIT("tree"),
                            (component_id >> bit & 1) != 0 ? VIEW_LIT("right") : VIEW_LIT("left"),
                            suite->hash_len, &secret) == SOTTO_OK);
    return secret;
}

static sotto_buf written(const struct exporter_tree *tree)
{
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    exporter_tree_write(&w, tree);
    HOLDS(wr_end(&w) == SOTTO_OK);
    return out;
}

static bool read_tree(view bytes, struct exporter_tree **ret_tree)
{
    struct rd r = rd_of(bytes);
    DEFER(exporter_tree_freep) struct exporter_tree *tree = NULL;
    exporter_tree_read(&r, suite, &tree);
    if (rd_end(&r) != SOTTO_OK)
        return false;
    *ret_tree = MOVE(tree);
    return true;
}

static void read_again(struct exporter_tree **tree)
{
    struct exporter_tree *again = NULL;
    sotto_buf bytes = written(*tree);
    HOLDS(read_tree(buf_view(&bytes), &again));
    exporter_tree_free(*tree);
    *tree = again;
    buf_clear(&bytes);
}

static void exports(view input)
{
    static uint16_t gone[EXPORTS];
    size_t count = 0;
    struct exporter_tree *tree = NULL;
    HOLDS(exporter_tree_new(suite, &root, &tree) == SOTTO_OK);
    while (input.len > 0 && count < EXPORTS) {
        uint16_t id = (uint16_t)(fuzz_u8(&input) << 8);
        id |= fuzz_u8(&input);
        struct secret got = {0}, want = expected(id);
        bool before = false;
        for (size_t i = 0; i < count; i++)
            before = before || gone[i] == id;
        sotto_err err = exporter_tree_export(crypto, tree, id, &got);
        HOLDS(err == (before ? SOTTO_E_EXPIRED : SOTTO_OK));
        HOLDS(before || secret_equal(&got, &want));
        gone[count++] = id;
        if (id % 4 == 0)
            read_again(&tree);
    }
    exporter_tree_free(tree);
}

static void reading(view input)
{
    struct exporter_tree *tree = NULL;
    uint8_t *copy = fuzz_copy(input);
    if (read_tree(view_of(copy, input.len), &tree)) {
        sotto_buf bytes = written(tree);
        HOLDS(view_equal(buf_view(&bytes), input));
        for (uint32_t id = 0; id <= UINT16_MAX;
             id += 4369) { /* 16 of them, the first and the last too */
            struct secret secret = {0};
            sotto_err err = exporter_tree_export(crypto, tree, (uint16_t)id, &secret);
            HOLDS(err == SOTTO_OK || err == SOTTO_E_EXPIRED || err == SOTTO_E_FULL);
            HOLDS(err == SOTTO_E_FULL ||
                  exporter_tree_export(crypto, tree, (uint16_t)id, &secret) == SOTTO_E_EXPIRED);
        }
        read_again(&tree);
        buf_clear(&bytes);
    }
    exporter_tree_free(tree);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view input = {data, size};
    if (crypto == NULL)
        HOLDS(crypto_new(&crypto) == SOTTO_OK);
    suite = mls_suite_find(1);
    if (fuzz_u8(&input) % 2 == 0)
        exports(input);
    else
        reading(input);
    return 0;
}
