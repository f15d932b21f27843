/* The private part of a KeyPackage, as a store gives it back. What is taken is written again with the same keys, and its public keys
 * are those of the KeyPackage in it. */
#include "fuzz.h"
#include "mls/key_package_private.h"

static sotto_crypto *c;

static void check_again(const struct key_package_private *p)
{
    sotto_buf written = {0};
    struct key_package_private again = {0};
    struct wr w = wr_to(&written);
    key_package_private_write(&w, p->init_key, p->leaf_key, p->sign_key, buf_view(&p->encoded));
    HOLDS(wr_end(&w) == SOTTO_OK);
    HOLDS(key_package_private_read(c, buf_view(&written), &again) == SOTTO_OK);
    HOLDS(view_equal(kem_key_public(again.init_key), p->package.init_key));
    HOLDS(view_equal(kem_key_public(again.leaf_key), p->package.leaf_node.encryption_key));
    HOLDS(view_equal(sign_key_public(again.sign_key), p->package.leaf_node.signature_key));
    key_package_private_clear(&again);
    buf_clear(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (c == NULL)
        HOLDS(crypto_new(&c) == SOTTO_OK);
    uint8_t *bytes = fuzz_copy(view_of(data, size));
    struct key_package_private p = {0};
    if (key_package_private_read(c, view_of(bytes, size), &p) == SOTTO_OK)
        check_again(&p);
    else
        HOLDS(p.init_key == NULL && p.encoded.data == NULL);
    key_package_private_clear(&p);
    free(bytes);
    return 0;
}
