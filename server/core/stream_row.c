#include "core/streams.h"

sotto_err stream_row_read(view value, struct stream_row *ret_row)
{
    struct rd r = rd_of(value);
    struct stream_row row = {0};
    rd_copy(&r, row.id, sizeof row.id);
    row.kind = rd_u8(&r);
    row.epoch = rd_u64(&r);
    row.head = rd_u64(&r);
    row.first = rd_u64(&r);
    row.lost_to = rd_u64(&r);
    row.bytes = rd_u64(&r);
    row.passed = rd_u64(&r);
    row.gone = rd_u64(&r);
    rd_copy(&r, row.token_hash, sizeof row.token_hash);
    rd_copy(&r, row.previous_token_hash, sizeof row.previous_token_hash);
    row.previous_until_s = rd_u64(&r);
    rd_copy(&r, row.header_hash, sizeof row.header_hash);
    row.state_key_epoch = rd_u64(&r);
    row.snapshot_epoch = rd_u64(&r);
    row.forsaken_s = rd_u64(&r);
    TRY(rd_end(&r));
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err stream_row_write(const struct stream_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_bytes(&w, VIEW_OF(row->id));
    wr_u8(&w, row->kind);
    wr_u64(&w, row->epoch);
    wr_u64(&w, row->head);
    wr_u64(&w, row->first);
    wr_u64(&w, row->lost_to);
    wr_u64(&w, row->bytes);
    wr_u64(&w, row->passed);
    wr_u64(&w, row->gone);
    wr_bytes(&w, VIEW_OF(row->token_hash));
    wr_bytes(&w, VIEW_OF(row->previous_token_hash));
    wr_u64(&w, row->previous_until_s);
    wr_bytes(&w, VIEW_OF(row->header_hash));
    wr_u64(&w, row->state_key_epoch);
    wr_u64(&w, row->snapshot_epoch);
    wr_u64(&w, row->forsaken_s);
    return wr_end(&w);
}

sotto_err subscription_row_read(view value, struct subscription_row *ret_row)
{
    struct rd r = rd_of(value);
    struct subscription_row row = {0};
    row.cursor = rd_u64(&r);
    row.from = rd_u64(&r);
    row.until = rd_u64(&r);
    row.until_s = rd_u64(&r);
    row.lost_to = rd_u64(&r);
    row.account = rd_u64(&r);
    row.out = rd_u64(&r);
    row.back = rd_u64(&r);
    uint8_t left = rd_u8(&r);
    row.corrects = rd_u64(&r);
    if (left > 1)
        rd_fail(&r, SOTTO_E_VALUE);
    row.left = left == 1;
    TRY(rd_end(&r));
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err subscription_row_write(const struct subscription_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u64(&w, row->cursor);
    wr_u64(&w, row->from);
    wr_u64(&w, row->until);
    wr_u64(&w, row->until_s);
    wr_u64(&w, row->lost_to);
    wr_u64(&w, row->account);
    wr_u64(&w, row->out);
    wr_u64(&w, row->back);
    wr_u8(&w, row->left);
    wr_u64(&w, row->corrects);
    return wr_end(&w);
}

sotto_err header_row_read(view value, struct header_row *ret_row)
{
    struct rd r = rd_of(value);
    struct header_row row = {0};
    row.seq = rd_u64(&r);
    row.at_s = rd_u64(&r);
    row.header = rd_opaque(&r, PROTO_INLINE_MAX);
    TRY(rd_end(&r));
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err header_row_write(const struct header_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u64(&w, row->seq);
    wr_u64(&w, row->at_s);
    wr_opaque(&w, row->header);
    return wr_end(&w);
}

sotto_err logged_read(view bytes, struct logged *ret_logged)
{
    struct rd r = rd_of(bytes);
    struct logged logged = {0};
    logged.at_ms = rd_u64(&r);
    logged.kind = rd_u8(&r);
    logged.body = rd_opaque(&r, PROTO_BODY_MAX);
    TRY(rd_end(&r));
    *ret_logged = logged;
    return SOTTO_OK;
}

sotto_err state_row_read(view value, struct state_row *ret_row)
{
    struct rd r = rd_of(value);
    struct state_row row = {0};
    row.state_key_epoch = rd_u64(&r);
    row.body = rd_opaque(&r, PROTO_INLINE_MAX);
    row.blob = rd_opaque(&r, PROTO_HASH);
    TRY(rd_end(&r));
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err state_row_write(const struct state_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u64(&w, row->state_key_epoch);
    wr_opaque(&w, row->body);
    wr_opaque(&w, row->blob);
    return wr_end(&w);
}
