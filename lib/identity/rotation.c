/* struct { opaque label<V> = "sotto rotation"; uint8 version = 1; opaque account_id[32]; uint32 n; opaque account_key[32];
 *          opaque recovery_key[32]; opaque next_recovery_hash[32]; opaque signature[64]; } rotation; */
#include "identity/identity_local.h"

#define LABEL VIEW_LIT("sotto rotation")

/* A statement has no place for more. */
static bool n_sound(uint32_t n)
{
    return n >= 1 && n <= ROTATIONS_MAX;
}

void rotation_parse(struct rd *r, struct rotation *out)
{
    record_read_head(r, LABEL);
    rd_copy(r, out->account_id, sizeof out->account_id);
    out->n = rd_u32(r);
    rd_demand(r, n_sound(out->n));
    rd_copy(r, out->account_key, sizeof out->account_key);
    rd_copy(r, out->recovery_key, sizeof out->recovery_key);
    rd_copy(r, out->next_recovery_hash, sizeof out->next_recovery_hash);
    rd_copy(r, out->signature, sizeof out->signature);
}

void rotation_put(struct wr *w, const struct rotation *rotation)
{
    record_write_head(w, LABEL);
    wr_bytes(w, VIEW_OF(rotation->account_id));
    wr_u32(w, rotation->n);
    wr_demand(w, n_sound(rotation->n));
    wr_bytes(w, VIEW_OF(rotation->account_key));
    wr_bytes(w, VIEW_OF(rotation->recovery_key));
    wr_bytes(w, VIEW_OF(rotation->next_recovery_hash));
    wr_bytes(w, VIEW_OF(rotation->signature));
}

sotto_err rotation_read(view bytes, struct rotation *ret_rotation)
{
    struct rd r = rd_of(bytes);
    struct rotation rotation = {0};
    rotation_parse(&r, &rotation);
    TRY(rd_end(&r));
    *ret_rotation = rotation;
    return SOTTO_OK;
}

sotto_err rotation_write(const struct rotation *rotation, sotto_buf *out)
{
    struct wr w = wr_to(out);
    rotation_put(&w, rotation);
    return wr_end(&w);
}

sotto_err rotation_sign(sotto_crypto *c, const sotto_sign_key *recovery_key,
                        struct rotation *rotation)
{
    view public_key = sign_key_public(recovery_key);
    if (sign_key_id(recovery_key) != SIGN_ED25519)
        return SOTTO_E_USAGE;
    struct rotation out = *rotation;
    memcpy(out.recovery_key, public_key.data, sizeof out.recovery_key);
    uint8_t bytes[ROTATION_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(rotation_write(&out, &record));
    TRY(record_sign(c, recovery_key, record_signed_part(&record), out.signature));
    *rotation = out;
    return SOTTO_OK;
}

sotto_err rotation_verify(sotto_crypto *c, const struct rotation *rotation,
                          const uint8_t account_id[ACCOUNT_ID], uint32_t n_before,
                          const uint8_t recovery_hash[IDENTITY_HASH])
{
    uint8_t revealed[IDENTITY_HASH], bytes[ROTATION_SIZE];
    sotto_buf record = BUF_ON(bytes);
    if (!view_equal(VIEW_OF(rotation->account_id), view_of(account_id, ACCOUNT_ID)))
        return SOTTO_E_SIGNATURE;
    if (rotation->n == 0 || rotation->n - 1 != n_before)
        return SOTTO_E_CONFLICT;
    TRY(hash(c, HASH_SHA256, VIEW_OF(rotation->recovery_key), revealed));
    if (!view_equal(VIEW_OF(revealed), view_of(recovery_hash, IDENTITY_HASH)))
        return SOTTO_E_SIGNATURE;
    TRY(rotation_write(rotation, &record));
    TRY(record_verify(c, rotation->recovery_key, record_signed_part(&record), rotation->signature));
    return sign_public_check(c, SIGN_ED25519, VIEW_OF(rotation->account_key));
}
