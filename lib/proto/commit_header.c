/* struct { opaque label<V> = "sotto commit header"; uint8 version = 1; opaque stream[16]; uint64 epoch; opaque previous_hash[32];
 *          opaque commit_hash[32]; uint64 op; opaque device_id[16]; opaque account_id[32]; opaque signature[64]; } commit_header; */
#include "proto/commit_header.h"

#include "crypto/hash.h"
#include "crypto/record.h"
#include "proto/frame.h"

#define LABEL VIEW_LIT("sotto commit header")

sotto_err commit_header_read(view bytes, struct commit_header *ret_header)
{
    struct rd r = rd_of(bytes);
    struct commit_header header = {0};
    record_read_head(&r, LABEL);
    rd_copy(&r, header.stream, sizeof header.stream);
    header.epoch = rd_u64(&r);
    rd_check(&r, frame_check(header.epoch > 0));
    rd_copy(&r, header.previous_hash, sizeof header.previous_hash);
    rd_copy(&r, header.commit_hash, sizeof header.commit_hash);
    header.op = rd_u64(&r);
    rd_copy(&r, header.device_id, sizeof header.device_id);
    rd_copy(&r, header.account_id, sizeof header.account_id);
    rd_copy(&r, header.signature, sizeof header.signature);
    TRY(rd_end(&r));
    *ret_header = header;
    return SOTTO_OK;
}

sotto_err commit_header_write(const struct commit_header *header, sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, LABEL);
    wr_bytes(&w, VIEW_OF(header->stream));
    wr_u64(&w, header->epoch);
    wr_check(&w, frame_check(header->epoch > 0));
    wr_bytes(&w, VIEW_OF(header->previous_hash));
    wr_bytes(&w, VIEW_OF(header->commit_hash));
    wr_u64(&w, header->op);
    wr_bytes(&w, VIEW_OF(header->device_id));
    wr_bytes(&w, VIEW_OF(header->account_id));
    wr_bytes(&w, VIEW_OF(header->signature));
    return wr_end(&w);
}

sotto_err commit_header_sign(sotto_crypto *c, const sotto_sign_key *device_key,
                             struct commit_header *header)
{
    uint8_t bytes[COMMIT_HEADER_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(commit_header_write(header, &record));
    return record_sign(c, device_key, record_signed_part(&record), header->signature);
}

sotto_err commit_header_verify(sotto_crypto *c, const struct commit_header *header,
                               const uint8_t device_key[ED25519_PUBLIC])
{
    uint8_t bytes[COMMIT_HEADER_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(commit_header_write(header, &record));
    return record_verify(c, device_key, record_signed_part(&record), header->signature);
}

sotto_err commit_header_hash(sotto_crypto *c, const struct commit_header *header,
                             uint8_t ret_hash[COMMIT_HEADER_HASH])
{
    uint8_t bytes[COMMIT_HEADER_SIZE], digest[COMMIT_HEADER_HASH];
    sotto_buf record = BUF_ON(bytes);
    TRY(commit_header_write(header, &record));
    TRY(hash(c, HASH_SHA256, buf_view(&record), digest));
    memcpy(ret_hash, digest, sizeof digest);
    return SOTTO_OK;
}
