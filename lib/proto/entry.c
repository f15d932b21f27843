/* struct { opaque stream[16]; uint64 seq; uint64 at_ms; uint8 kind; opaque body<V>; } entry;
 * and what stands in the bodies that the server makes. */
#include "proto/frame.h"

static sotto_err check_entry(const struct proto_entry *entry)
{
    if (entry->body.len > PROTO_BODY_MAX)
        return SOTTO_E_TOO_LARGE;
    return frame_check(entry->kind > 0 && entry->seq > 0);
}

sotto_err proto_entry_read(view body, struct proto_entry *ret_entry)
{
    struct rd r = rd_of(body);
    struct proto_entry entry = {0};
    rd_copy(&r, entry.stream, sizeof entry.stream);
    entry.seq = rd_u64(&r);
    entry.at_ms = rd_u64(&r);
    entry.kind = rd_u8(&r);
    entry.body = rd_opaque(&r, PROTO_BODY_MAX);
    rd_check(&r, check_entry(&entry));
    TRY(rd_end(&r));
    *ret_entry = entry;
    return SOTTO_OK;
}

sotto_err proto_entry_write(uint32_t request, const struct proto_entry *entry, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ENTRY, request);
    wr_check(&w, check_entry(entry));
    wr_bytes(&w, VIEW_OF(entry->stream));
    wr_u64(&w, entry->seq);
    wr_u64(&w, entry->at_ms);
    wr_u8(&w, entry->kind);
    wr_opaque(&w, entry->body);
    return wr_end(&w);
}

sotto_err proto_commit_entry_read(view bytes, struct proto_commit_entry *ret_commit)
{
    struct rd r = rd_of(bytes);
    struct proto_commit_entry commit = {0};
    commit.header = rd_opaque(&r, PROTO_SIGNED_MAX);
    commit.body = rd_opaque(&r, PROTO_INLINE_MAX);
    commit.blob = rd_opaque(&r, PROTO_HASH);
    rd_check(&r, frame_check_either(commit.body, commit.blob));
    TRY(rd_end(&r));
    *ret_commit = commit;
    return SOTTO_OK;
}

sotto_err proto_commit_entry_write(const struct proto_commit_entry *commit, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_check(&w, frame_check_either(commit->body, commit->blob));
    wr_opaque(&w, commit->header);
    wr_opaque(&w, commit->body);
    wr_opaque(&w, commit->blob);
    return wr_end(&w);
}

sotto_err proto_welcome_entry_read(view bytes, struct proto_welcome_entry *ret_welcome)
{
    struct rd r = rd_of(bytes);
    struct proto_welcome_entry welcome = {0};
    rd_copy(&r, welcome.stream, sizeof welcome.stream);
    welcome.seq = rd_u64(&r);
    welcome.welcome = rd_opaque(&r, PROTO_INLINE_MAX);
    welcome.blob = rd_opaque(&r, PROTO_HASH);
    rd_check(&r, frame_check_either(welcome.welcome, welcome.blob));
    TRY(rd_end(&r));
    *ret_welcome = welcome;
    return SOTTO_OK;
}

sotto_err proto_welcome_entry_write(const struct proto_welcome_entry *welcome, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_check(&w, frame_check_either(welcome->welcome, welcome->blob));
    wr_bytes(&w, VIEW_OF(welcome->stream));
    wr_u64(&w, welcome->seq);
    wr_opaque(&w, welcome->welcome);
    wr_opaque(&w, welcome->blob);
    return wr_end(&w);
}

sotto_err proto_request_entry_read(view bytes, struct proto_request_entry *ret_request)
{
    struct rd r = rd_of(bytes);
    struct proto_request_entry request = {0};
    rd_copy(&r, request.account_id, sizeof request.account_id);
    rd_copy(&r, request.device_id, sizeof request.device_id);
    request.body = rd_opaque(&r, PROTO_INLINE_MAX);
    TRY(rd_end(&r));
    *ret_request = request;
    return SOTTO_OK;
}

sotto_err proto_request_entry_write(const struct proto_request_entry *request, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_bytes(&w, VIEW_OF(request->account_id));
    wr_bytes(&w, VIEW_OF(request->device_id));
    wr_opaque(&w, request->body);
    return wr_end(&w);
}

sotto_err proto_lost_entry_read(view bytes, uint64_t *ret_from)
{
    struct rd r = rd_of(bytes);
    uint64_t from = rd_u64(&r);
    rd_check(&r, frame_check(from > 0));
    TRY(rd_end(&r));
    *ret_from = from;
    return SOTTO_OK;
}

sotto_err proto_lost_entry_write(uint64_t from, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u64(&w, from);
    wr_check(&w, frame_check(from > 0));
    return wr_end(&w);
}
