/* struct { opaque label<V> = "sotto notice"; uint8 version = 1; opaque stream[16]; uint64 seq; opaque device_id[16];
 *          opaque account_id[32]; opaque signature[64]; } notice; */
#include "proto/notice.h"

#include "crypto/record.h"
#include "proto/frame.h"

#define LABEL VIEW_LIT("sotto notice")

sotto_err notice_read(view bytes, struct notice *ret_notice)
{
    struct rd r = rd_of(bytes);
    struct notice notice = {0};
    record_read_head(&r, LABEL);
    rd_copy(&r, notice.stream, sizeof notice.stream);
    notice.seq = rd_u64(&r);
    rd_check(&r, frame_check(notice.seq > 0));
    rd_copy(&r, notice.device_id, sizeof notice.device_id);
    rd_copy(&r, notice.account_id, sizeof notice.account_id);
    rd_copy(&r, notice.signature, sizeof notice.signature);
    TRY(rd_end(&r));
    *ret_notice = notice;
    return SOTTO_OK;
}

sotto_err notice_write(const struct notice *notice, sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, LABEL);
    wr_bytes(&w, VIEW_OF(notice->stream));
    wr_u64(&w, notice->seq);
    wr_check(&w, frame_check(notice->seq > 0));
    wr_bytes(&w, VIEW_OF(notice->device_id));
    wr_bytes(&w, VIEW_OF(notice->account_id));
    wr_bytes(&w, VIEW_OF(notice->signature));
    return wr_end(&w);
}

sotto_err notice_sign(sotto_crypto *c, const sotto_sign_key *server_key, struct notice *notice)
{
    uint8_t bytes[NOTICE_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(notice_write(notice, &record));
    return record_sign(c, server_key, record_signed_part(&record), notice->signature);
}

sotto_err notice_verify(sotto_crypto *c, const struct notice *notice,
                        const uint8_t server_key[ED25519_PUBLIC])
{
    uint8_t bytes[NOTICE_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(notice_write(notice, &record));
    return record_verify(c, server_key, record_signed_part(&record), notice->signature);
}
