/* struct { opaque label<V> = "sotto token"; uint8 version = 1; opaque stream[16]; uint64 epoch; opaque token_hash[32]; uint64 op;
 *          opaque device_id[16]; opaque account_id[32]; opaque signature[64]; } token_correction; */
#include "proto/token_correction.h"

#include "crypto/record.h"
#include "proto/frame.h"

#define LABEL VIEW_LIT("sotto token")

sotto_err token_correction_read(view bytes, struct token_correction *ret_correction)
{
    struct rd r = rd_of(bytes);
    struct token_correction correction = {0};
    record_read_head(&r, LABEL);
    rd_copy(&r, correction.stream, sizeof correction.stream);
    correction.epoch = rd_u64(&r);
    rd_copy(&r, correction.token_hash, sizeof correction.token_hash);
    correction.op = rd_u64(&r);
    rd_copy(&r, correction.device_id, sizeof correction.device_id);
    rd_copy(&r, correction.account_id, sizeof correction.account_id);
    rd_copy(&r, correction.signature, sizeof correction.signature);
    TRY(rd_end(&r));
    *ret_correction = correction;
    return SOTTO_OK;
}

sotto_err token_correction_write(const struct token_correction *correction, sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, LABEL);
    wr_bytes(&w, VIEW_OF(correction->stream));
    wr_u64(&w, correction->epoch);
    wr_bytes(&w, VIEW_OF(correction->token_hash));
    wr_u64(&w, correction->op);
    wr_bytes(&w, VIEW_OF(correction->device_id));
    wr_bytes(&w, VIEW_OF(correction->account_id));
    wr_bytes(&w, VIEW_OF(correction->signature));
    return wr_end(&w);
}

sotto_err token_correction_sign(sotto_crypto *c, const sotto_sign_key *device_key,
                                struct token_correction *correction)
{
    uint8_t bytes[TOKEN_CORRECTION_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(token_correction_write(correction, &record));
    return record_sign(c, device_key, record_signed_part(&record), correction->signature);
}

sotto_err token_correction_verify(sotto_crypto *c, const struct token_correction *correction,
                                  const uint8_t device_key[ED25519_PUBLIC])
{
    uint8_t bytes[TOKEN_CORRECTION_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(token_correction_write(correction, &record));
    return record_verify(c, device_key, record_signed_part(&record), correction->signature);
}
