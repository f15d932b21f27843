#include <assert.h>

#include "core/streams.h"

#define LIST_BYTES (PROTO_FRAME_MAX - 512) /* of one answer: snapshot and deltas */

sotto_err state_get_read(view body, union request_body *ret_body)
{
    return proto_state_get_read(body, &ret_body->state_get);
}

static sotto_err refuse(struct step *s)
{
    return step_refuse(s, SOTTO_E_NOTFOUND, 0, "there is no such stream, or the token is wrong");
}

static sotto_err find_by_token(struct step *s, const struct device *device,
                               const struct proto_state_get *get, struct stream **ret_stream)
{
    struct stream_row row = {0};
    struct stream *stream = NULL;
    bool matches = false, before;
    uint64_t number;
    TRY(step_limit(s, RATE_SUBSCRIBE, device->number, 0, 1, "too many subscriptions"));
    step_take(s, RATE_SUBSCRIBE, device->number, 0, 1);
    sotto_err err = stream_number_find(s, get->stream, &number);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? refuse(s) : err;
    TRY(stream_get(s, number, &stream));
    TRY(stream_row_get(s, stream, &row));
    if (stream->kind == STREAM_CONVERSATION)
        TRY(stream_token_matches(s, &row, get->token, &matches, &before));
    *ret_stream = stream;
    return matches ? SOTTO_OK : refuse(s);
}

static sotto_err find(struct step *s, const struct request *request, struct stream **ret_stream)
{
    const struct proto_state_get *get = &request->body.state_get;
    struct subscription *sub = NULL;
    if (get->token.len > 0)
        return find_by_token(s, request->from->device, get, ret_stream);
    TRY(writer_find(s, request, get->stream, &sub));
    *ret_stream = sub->stream;
    return SOTTO_OK;
}

/* Snapshot and deltas are collected in one buffer, the snapshot first. */
static sotto_err snapshot_add(struct step *s, const struct stream *stream,
                              const struct stream_row *row, sotto_buf *bytes,
                              struct proto_state *state)
{
    struct row_key key = row_key_two(stream->number, row->snapshot_epoch);
    struct state_row stored = {0};
    view value;
    key.bytes[key.len++] = STATE_SNAPSHOT;
    sotto_err err = row_get(s, STORE_STATE, row_key_view(&key), &value);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    TRY(row_verdict(s, state_row_read(value, &stored) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    TRY(buf_append(bytes, stored.body));
    TRY(buf_append(bytes, stored.blob));
    state->snapshot.len = stored.body.len;
    state->snapshot_blob.len = stored.blob.len;
    return SOTTO_OK;
}

static sotto_err delta_read(struct step *s, view key, view value, struct proto_state_delta *ret)
{
    struct state_row row = {0};
    struct rd r = rd_of(key);
    rd_u64(&r);
    uint64_t epoch = rd_u64(&r);
    uint8_t kind = rd_u8(&r);
    bool right = rd_end(&r) == SOTTO_OK && state_row_read(value, &row) == SOTTO_OK;
    TRY(row_verdict(s, right ? SOTTO_OK : SOTTO_E_DAMAGED));
    *ret = (struct proto_state_delta){epoch, row.body, row.blob};
    return kind == STATE_DELTA ? SOTTO_OK : SOTTO_E_NOTFOUND;
}

static sotto_err deltas_add(struct step *s, const struct stream *stream, uint64_t from,
                            sotto_buf *bytes, struct proto_state *state)
{
    struct row_key prefix = row_key_u64(stream->number), after = row_key_two(stream->number, from);
    view key, value;
    sotto_err err;
    while ((err = row_next(s, STORE_STATE, row_key_view(&prefix), row_key_view(&after), &key,
                           &value)) == SOTTO_OK) {
        struct proto_state_delta delta = {0};
        after.len = size_min(key.len, sizeof after.bytes);
        memcpy(after.bytes, key.data, after.len);
        err = delta_read(s, key, value, &delta);
        if (err == SOTTO_E_NOTFOUND)
            continue;
        TRY(err);
        if (bytes->len + delta.body.len + 64 > LIST_BYTES) {
            state->more = 1;
            return SOTTO_OK;
        }
        TRY(proto_state_delta_add(&delta, bytes));
        state->deltas.count++;
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static void parts_set(const sotto_buf *bytes, struct proto_state *state)
{
    size_t blob_at = state->snapshot.len, deltas_at = blob_at + state->snapshot_blob.len;
    state->snapshot = view_of(bytes->data, state->snapshot.len);
    state->snapshot_blob = view_of(bytes->data + blob_at, state->snapshot_blob.len);
    state->deltas.bytes = view_of(bytes->data + deltas_at, bytes->len - deltas_at);
}

sotto_err state_get_on(struct step *s, const struct request *request)
{
    sotto_buf *bytes = &s->core->streams->entry;
    struct stream *stream = NULL;
    struct stream_row row = {0};
    uint64_t from = request->body.state_get.from_epoch;
    TRY(find(s, request, &stream));
    assert(stream != NULL);
    TRY(stream_row_get(s, stream, &row));
    struct proto_state state = {.epoch = stream->epoch,
                                .state_key_epoch = row.state_key_epoch,
                                .snapshot_epoch = row.snapshot_epoch};
    buf_reset(bytes);
    TRY(buf_reserve(bytes, 1));
    if (from == 0)
        TRY(snapshot_add(s, stream, &row, bytes, &state));
    TRY(deltas_add(s, stream, from > row.snapshot_epoch ? from : row.snapshot_epoch + 1, bytes,
                   &state));
    parts_set(bytes, &state);
    TRY(fx_reserve(s->fx, STEP_EFFECTS, STEP_BYTES + PROTO_HEADER + 64 + bytes->len));
    size_t at = s->fx->bytes.len;
    fx_must(proto_state_write(request->id, &state, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}
