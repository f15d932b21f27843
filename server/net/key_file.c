#include "net/key_file.h"

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"

static sotto_err check_of(sotto_crypto *c, view content, uint8_t ret_check[KEY_FILE_CHECK])
{
    uint8_t digest[HASH_MAX];
    TRY(hash(c, HASH_SHA256, content, digest));
    memcpy(ret_check, digest, KEY_FILE_CHECK);
    return SOTTO_OK;
}

sotto_err key_file_write(sotto_crypto *c, const char *label, const struct secret *seed,
                         sotto_buf *out)
{
    if (seed->len != KEY_FILE_SEED || strlen(label) > KEY_FILE_LABEL)
        return SOTTO_E_USAGE;
    uint8_t check[KEY_FILE_CHECK];
    size_t start = out->len;
    struct wr w = wr_to(out);
    wr_opaque(&w, view_str(label));
    wr_bytes(&w, secret_view(seed));
    if (w.err == SOTTO_OK)
        w.err = check_of(c, (view){out->data + start, out->len - start}, check);
    wr_bytes(&w, VIEW_OF(check));
    return wr_end(&w);
}

sotto_err key_file_read(sotto_crypto *c, const char *label, view content, struct secret *ret_seed)
{
    if (content.len < KEY_FILE_CHECK)
        return SOTTO_E_KEY;
    uint8_t check[KEY_FILE_CHECK];
    const view body = {content.data, content.len - KEY_FILE_CHECK};
    TRY(check_of(c, body, check));
    struct rd r = rd_of(body);
    const view said = rd_opaque(&r, KEY_FILE_LABEL);
    const view seed = rd_bytes(&r, KEY_FILE_SEED);
    bool whole = rd_end(&r) == SOTTO_OK && view_equal(said, view_str(label));
    if (!whole || !view_equal((view){content.data + body.len, KEY_FILE_CHECK}, VIEW_OF(check)))
        return SOTTO_E_KEY;
    return secret_set(ret_seed, seed);
}
