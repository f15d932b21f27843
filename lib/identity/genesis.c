/* struct { opaque label<V> = "sotto genesis"; uint8 version = 1; uint8 algorithm = 1; opaque account_key[32];
 *          opaque recovery_hash[32]; } genesis; */
#include "identity/identity_local.h"

#define LABEL VIEW_LIT("sotto genesis")

void genesis_parse(struct rd *r, struct genesis *out)
{
    record_read_head(r, LABEL);
    rd_demand(r, rd_u8(r) == IDENTITY_ED25519);
    rd_copy(r, out->account_key, sizeof out->account_key);
    rd_copy(r, out->recovery_hash, sizeof out->recovery_hash);
}

void genesis_put(struct wr *w, const struct genesis *genesis)
{
    record_write_head(w, LABEL);
    wr_u8(w, IDENTITY_ED25519);
    wr_bytes(w, VIEW_OF(genesis->account_key));
    wr_bytes(w, VIEW_OF(genesis->recovery_hash));
}

sotto_err genesis_read(view bytes, struct genesis *ret_genesis)
{
    struct rd r = rd_of(bytes);
    struct genesis genesis = {0};
    genesis_parse(&r, &genesis);
    TRY(rd_end(&r));
    *ret_genesis = genesis;
    return SOTTO_OK;
}

sotto_err genesis_write(const struct genesis *genesis, sotto_buf *out)
{
    struct wr w = wr_to(out);
    genesis_put(&w, genesis);
    return wr_end(&w);
}

sotto_err genesis_id(sotto_crypto *c, const struct genesis *genesis,
                     uint8_t ret_account_id[ACCOUNT_ID])
{
    uint8_t bytes[GENESIS_SIZE], id[ACCOUNT_ID];
    sotto_buf record = BUF_ON(bytes);
    TRY(genesis_write(genesis, &record));
    TRY(hash(c, HASH_SHA256, buf_view(&record), id));
    memcpy(ret_account_id, id, sizeof id);
    return SOTTO_OK;
}
