/* The sealed group state: a snapshot, and what each commit after it changed. */
#include "core/streams.h"

#define KIB(bytes) (((bytes) + 1023) / 1024)

sotto_err state_put_read(view body, union request_body *ret_body)
{
    return proto_state_put_read(body, &ret_body->state_put);
}

static struct row_key state_key(uint64_t stream, uint64_t epoch, uint8_t kind)
{
    struct row_key key = row_key_two(stream, epoch);
    key.bytes[key.len++] = kind;
    return key;
}

/* The blob that a piece stands in is released with it. */
static sotto_err piece_delete(struct step *s, uint64_t stream, uint64_t epoch, uint8_t kind)
{
    struct row_key key = state_key(stream, epoch, kind);
    struct state_row row = {0};
    uint8_t blob[PROTO_HASH];
    view value;
    sotto_err err = row_get(s, STORE_STATE, row_key_view(&key), &value);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    TRY(row_verdict(s, state_row_read(value, &row) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    size_t blob_len = row.blob.len;
    if (blob_len > 0)
        memcpy(blob, row.blob.data, sizeof blob);
    TRY(row_delete(s, STORE_STATE, row_key_view(&key)));
    return blob_refer(s, view_of(blob, blob_len), false);
}

/* All that the stream has of epochs up to this one, apart from its snapshot: the deltas of DELTAS_KEPT epochs at most, and the snapshot
 * before. */
static sotto_err older_delete(struct step *s, uint64_t stream, uint64_t epoch)
{
    struct row_key prefix = row_key_u64(stream), keep = state_key(stream, epoch, STATE_SNAPSHOT);
    struct row_key after = {0};
    view key, value;
    sotto_err err;
    while ((err = row_next(s, STORE_STATE, row_key_view(&prefix), row_key_view(&after), &key,
                           &value)) == SOTTO_OK) {
        struct rd r = rd_of(key);
        rd_u64(&r);
        uint64_t of = rd_u64(&r);
        uint8_t kind = rd_u8(&r);
        TRY(row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
        if (of > epoch)
            return SOTTO_OK;
        after = state_key(stream, of, kind);
        if (!view_equal(row_key_view(&after), row_key_view(&keep)))
            TRY(piece_delete(s, stream, of, kind));
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

sotto_err state_erase(struct step *s, uint64_t stream)
{
    return older_delete(s, stream, UINT64_MAX);
}

sotto_err state_keep(struct step *s, const struct stream *stream, struct stream_row *stream_row,
                     uint64_t epoch, uint8_t kind, const struct state_row *row)
{
    DEFER(buf_clear) sotto_buf value = {0};
    struct row_key key = state_key(stream->number, epoch, kind);
    TRY(blob_refer(s, row->blob, true));
    TRY(piece_delete(s, stream->number, epoch, kind));
    TRY(state_row_write(row, &value));
    TRY(row_put(s, STORE_STATE, row_key_view(&key), buf_view(&value)));
    if (kind == STATE_DELTA)
        return SOTTO_OK;
    stream_row->snapshot_epoch = epoch;
    return older_delete(s, stream->number, epoch);
}

sotto_err state_trim(struct step *s, const struct stream *stream)
{
    if (stream->epoch < DELTAS_KEPT)
        return SOTTO_OK;
    return piece_delete(s, stream->number, stream->epoch - DELTAS_KEPT, STATE_DELTA);
}

static sotto_err put(struct step *s, const struct stream *stream, const struct proto_state_put *put)
{
    const struct state_row row = {put->state_key_epoch, put->body, put->blob};
    struct stream_row stream_row = {0};
    TRY(stream_row_get(s, stream, &stream_row));
    stream_row.state_key_epoch = put->state_key_epoch;
    TRY(state_keep(s, stream, &stream_row, put->epoch, put->kind, &row));
    return stream_row_put(s, stream, &stream_row);
}

/* A snapshot's blob counts for nothing here: it takes the place of the one before, is sent to nobody who does not ask for it, and its bytes
 * are in the quota of who uploaded it. The largest one would be a quarter of what there is for commits. */
static uint64_t put_kib(const struct proto_state_put *put, uint64_t blob_bytes)
{
    return 1 + KIB(put->body.len + (put->kind == STATE_DELTA ? blob_bytes : 0));
}

static sotto_err check_put(struct step *s, const struct subscription *sub,
                           const struct proto_state_put *put, uint64_t *ret_kib)
{
    uint64_t blob_bytes = 0;
    TRY(check_space(s));
    if (sub->stream->kind != STREAM_CONVERSATION || subscription_ended(sub))
        return step_refuse(s, SOTTO_E_DENIED, 0, "only members keep the state of a conversation");
    if (put->epoch != sub->stream->epoch)
        return step_refuse(s, SOTTO_E_EPOCH, 0, "the conversation is in epoch %llu",
                           (unsigned long long)sub->stream->epoch);
    if (put->state_key_epoch > put->epoch)
        return step_refuse(s, SOTTO_E_DENIED, 0,
                           "the group state's key is of an epoch that is yet to come");
    TRY(blob_check(s, put->blob,
                   put->kind == STATE_SNAPSHOT ? SNAPSHOT_BLOB_MAX : HANDSHAKE_BLOB_MAX,
                   &blob_bytes));
    TRY(step_limit(s, RATE_HANDSHAKE_KIB, sub->stream->number, sub->device_number,
                   put_kib(put, blob_bytes), "too many bytes of changes of this conversation"));
    *ret_kib = put_kib(put, blob_bytes);
    return SOTTO_OK;
}

sotto_err state_put_on(struct step *s, const struct request *request)
{
    const struct proto_state_put *wanted = &request->body.state_put;
    const struct subscription *sub = request->subscription;
    uint64_t kib = 0;
    TRY(check_put(s, sub, wanted, &kib));
    TRY(step_break(s, put(s, sub->stream, wanted)));
    step_take(s, RATE_HANDSHAKE_KIB, sub->stream->number, sub->device_number, kib);
    request_answer_ok(s, request);
    return SOTTO_OK;
}
