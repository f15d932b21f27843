/* struct { opaque account_id[32]; opaque device_id[16]; opaque welcome<V>; opaque welcome_blob<V>; } commit_add;
 * struct { opaque account_id[32]; opaque device_id[16]; } commit_remove;
 * struct { uint64 op; opaque stream[16]; opaque header<V>; opaque body<V>; opaque blob<V>; opaque delta<V>; opaque delta_blob<V>;
 *          uint64 state_key_epoch; commit_add add<V>; commit_remove remove<V>; opaque token_hash[32]; } commit; */
#include "proto/frame.h"

static sotto_err check_add(const struct proto_commit_add *add)
{
    if (add->welcome.len > PROTO_INLINE_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check_blob(add->welcome_blob));
    return frame_check(add->welcome.len == 0 || add->welcome_blob.len == 0);
}

struct proto_commit_add proto_commit_add_next(struct rd *r)
{
    struct proto_commit_add add = {0};
    rd_copy(r, add.account_id, sizeof add.account_id);
    rd_copy(r, add.device_id, sizeof add.device_id);
    add.welcome = rd_opaque(r, PROTO_INLINE_MAX);
    add.welcome_blob = rd_opaque(r, PROTO_HASH);
    rd_check(r, check_add(&add));
    return add;
}

sotto_err proto_commit_add_add(const struct proto_commit_add *item, sotto_buf *list)
{
    struct wr w = wr_to(list);
    wr_check(&w, check_add(item));
    wr_bytes(&w, VIEW_OF(item->account_id));
    wr_bytes(&w, VIEW_OF(item->device_id));
    wr_opaque(&w, item->welcome);
    wr_opaque(&w, item->welcome_blob);
    return wr_end(&w);
}

struct proto_commit_remove proto_commit_remove_next(struct rd *r)
{
    struct proto_commit_remove remove = {0};
    rd_copy(r, remove.account_id, sizeof remove.account_id);
    rd_copy(r, remove.device_id, sizeof remove.device_id);
    return remove;
}

sotto_err proto_commit_remove_add(const struct proto_commit_remove *item, sotto_buf *list)
{
    struct wr w = wr_to(list);
    wr_bytes(&w, VIEW_OF(item->account_id));
    wr_bytes(&w, VIEW_OF(item->device_id));
    return wr_end(&w);
}

static void add_item(struct rd *r)
{
    (void)proto_commit_add_next(r);
}

static void remove_item(struct rd *r)
{
    (void)proto_commit_remove_next(r);
}

static sotto_err check_commit(const struct proto_commit *commit)
{
    if (commit->header.len > PROTO_SIGNED_MAX || commit->body.len > PROTO_INLINE_MAX ||
        commit->delta.len > PROTO_INLINE_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check_op(commit->op));
    TRY(frame_check_either(commit->body, commit->blob));
    TRY(frame_check_blob(commit->delta_blob));
    return frame_check(commit->header.len > 0 &&
                       (commit->delta.len == 0 || commit->delta_blob.len == 0));
}

sotto_err proto_commit_read(view body, struct proto_commit *ret_commit)
{
    struct rd r = rd_of(body);
    struct proto_commit commit = {0};
    commit.op = rd_u64(&r);
    rd_copy(&r, commit.stream, sizeof commit.stream);
    commit.header = rd_opaque(&r, PROTO_SIGNED_MAX);
    commit.body = rd_opaque(&r, PROTO_INLINE_MAX);
    commit.blob = rd_opaque(&r, PROTO_HASH);
    commit.delta = rd_opaque(&r, PROTO_INLINE_MAX);
    commit.delta_blob = rd_opaque(&r, PROTO_HASH);
    commit.state_key_epoch = rd_u64(&r);
    frame_list_read(&r, PROTO_COMMIT_ADDS_MAX, add_item, &commit.add);
    frame_list_read(&r, SIZE_MAX, remove_item, &commit.remove);
    rd_copy(&r, commit.token_hash, sizeof commit.token_hash);
    rd_check(&r, check_commit(&commit));
    TRY(rd_end(&r));
    *ret_commit = commit;
    return SOTTO_OK;
}

sotto_err proto_commit_write(uint32_t request, const struct proto_commit *commit, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_COMMIT, request);
    wr_check(&w, check_commit(commit));
    wr_u64(&w, commit->op);
    wr_bytes(&w, VIEW_OF(commit->stream));
    wr_opaque(&w, commit->header);
    wr_opaque(&w, commit->body);
    wr_opaque(&w, commit->blob);
    wr_opaque(&w, commit->delta);
    wr_opaque(&w, commit->delta_blob);
    wr_u64(&w, commit->state_key_epoch);
    frame_list_write(&w, &commit->add, PROTO_COMMIT_ADDS_MAX, add_item);
    frame_list_write(&w, &commit->remove, SIZE_MAX, remove_item);
    wr_bytes(&w, VIEW_OF(commit->token_hash));
    return wr_end(&w);
}
