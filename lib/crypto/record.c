#include "crypto/record.h"

void record_read_head(struct rd *r, view label)
{
    view got = rd_opaque(r, RECORD_LABEL_MAX);
    uint8_t version = rd_u8(r);
    if (!view_equal(got, label))
        rd_fail(r, SOTTO_E_VALUE);
    if (version != RECORD_VERSION)
        rd_fail(r, SOTTO_E_VERSION);
}

void record_write_head(struct wr *w, view label)
{
    wr_opaque(w, label);
    wr_u8(w, RECORD_VERSION);
}

sotto_err record_sign(sotto_crypto *c, const sotto_sign_key *key, view record,
                      uint8_t ret_signature[ED25519_SIGNATURE])
{
    if (sign_key_id(key) != SIGN_ED25519)
        return SOTTO_E_USAGE;
    uint8_t bytes[ED25519_SIGNATURE];
    sotto_buf signature = BUF_ON(bytes);
    TRY(sign(c, key, record, &signature));
    memcpy(ret_signature, bytes, sizeof bytes);
    return SOTTO_OK;
}

sotto_err record_verify(sotto_crypto *c, const uint8_t public_key[ED25519_PUBLIC], view record,
                        const uint8_t signature[ED25519_SIGNATURE])
{
    sotto_err err = verify(c, SIGN_ED25519, view_of(public_key, ED25519_PUBLIC), record,
                           view_of(signature, ED25519_SIGNATURE));
    return err == SOTTO_E_KEY ? SOTTO_E_SIGNATURE : err;
}
