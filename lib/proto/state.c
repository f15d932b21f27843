/* struct { uint64 epoch; opaque body<V>; opaque blob<V>; } state_delta;
 * struct { uint64 epoch; uint64 state_key_epoch; uint64 snapshot_epoch; opaque snapshot<V>; opaque snapshot_blob<V>;
 *          state_delta deltas<V>; uint8 more; } state; */
#include "proto/frame.h"

static sotto_err check_delta(const struct proto_state_delta *item)
{
    if (item->body.len > PROTO_INLINE_MAX)
        return SOTTO_E_TOO_LARGE;
    return frame_check_either(item->body, item->blob);
}

struct proto_state_delta proto_state_delta_next(struct rd *r)
{
    struct proto_state_delta item = {0};
    item.epoch = rd_u64(r);
    item.body = rd_opaque(r, PROTO_INLINE_MAX);
    item.blob = rd_opaque(r, PROTO_HASH);
    rd_check(r, check_delta(&item));
    return item;
}

sotto_err proto_state_delta_add(const struct proto_state_delta *item, sotto_buf *list)
{
    struct wr w = wr_to(list);
    wr_check(&w, check_delta(item));
    wr_u64(&w, item->epoch);
    wr_opaque(&w, item->body);
    wr_opaque(&w, item->blob);
    return wr_end(&w);
}

static void item(struct rd *r)
{
    (void)proto_state_delta_next(r);
}

static sotto_err check_state(const struct proto_state *state)
{
    if (state->snapshot.len > PROTO_INLINE_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check_blob(state->snapshot_blob));
    return frame_check((state->snapshot.len == 0 || state->snapshot_blob.len == 0) &&
                       state->more <= 1);
}

sotto_err proto_state_read(view body, struct proto_state *ret_state)
{
    struct rd r = rd_of(body);
    struct proto_state state = {0};
    state.epoch = rd_u64(&r);
    state.state_key_epoch = rd_u64(&r);
    state.snapshot_epoch = rd_u64(&r);
    state.snapshot = rd_opaque(&r, PROTO_INLINE_MAX);
    state.snapshot_blob = rd_opaque(&r, PROTO_HASH);
    frame_list_read(&r, SIZE_MAX, item, &state.deltas);
    state.more = rd_u8(&r);
    rd_check(&r, check_state(&state));
    TRY(rd_end(&r));
    *ret_state = state;
    return SOTTO_OK;
}

sotto_err proto_state_write(uint32_t request, const struct proto_state *state, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_STATE, request);
    wr_check(&w, check_state(state));
    wr_u64(&w, state->epoch);
    wr_u64(&w, state->state_key_epoch);
    wr_u64(&w, state->snapshot_epoch);
    wr_opaque(&w, state->snapshot);
    wr_opaque(&w, state->snapshot_blob);
    frame_list_write(&w, &state->deltas, SIZE_MAX, item);
    wr_u8(&w, state->more);
    return wr_end(&w);
}
