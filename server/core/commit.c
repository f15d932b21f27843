/* A commit begins the next epoch: whoever is first wins, by comparing the epoch that the header makes with the one that the stream is
 * in. Everything is looked at before anything is written; then entry, header, group state, welcomes and subscriptions change in one
 * transaction. */
#include "core/streams.h"
#include "crypto/hash.h"
#include "proto/commit_header.h"
#include "proto/notice.h"

#define KIB(bytes) (((bytes) + 1023) / 1024)

sotto_err commit_body_read(view body, union request_body *ret_body)
{
    return proto_commit_read(body, &ret_body->commit);
}

struct addition {
    struct proto_commit_add item;
    struct device *device;
};

struct bundle {
    const struct proto_commit *commit;
    struct subscription *sub; /* the poster's */
    struct stream *stream;
    struct commit_header header;
    struct stream_row row;
    struct addition add[PROTO_COMMIT_ADDS_MAX];
    size_t add_count, new_devices, new_accounts;
    uint64_t blob_bytes; /* of those that it names */
    struct proto_appended appended;
};

/* --- what is looked at --- */

/* All that will be stored for it, the inboxes' part, too, and what its readers fetch. */
static uint64_t commit_kib(const struct bundle *b)
{
    const struct proto_commit *commit = b->commit;
    return KIB(commit->body.len + commit->delta.len + commit->header.len + commit->add.bytes.len +
               commit->remove.bytes.len + b->blob_bytes);
}

static sotto_err check_bytes(struct step *s, const struct bundle *b)
{
    return step_limit(s, RATE_HANDSHAKE_KIB, b->stream->number, b->sub->device_number,
                      commit_kib(b), "too many bytes of changes of this conversation");
}

/* It is fetched again for each commit that names it. */
static sotto_err check_blob(struct step *s, struct bundle *b, view hash)
{
    uint64_t size = 0;
    TRY(blob_check(s, hash, HANDSHAKE_BLOB_MAX, &size));
    b->blob_bytes += size;
    return SOTTO_OK;
}

static sotto_err check_poster(struct step *s, const struct bundle *b)
{
    const struct device *device = b->sub->device;
    if (memcmp(b->header.stream, b->stream->id, STREAM_ID) != 0 || b->header.op != b->commit->op ||
        memcmp(b->header.device_id, device->id, DEVICE_ID) != 0 ||
        memcmp(b->header.account_id, device->account->key.account_id, ACCOUNT_ID) != 0)
        return step_refuse(s, SOTTO_E_DENIED, 0,
                           "the commit's header names another stream, device or operation");
    return SOTTO_OK;
}

static sotto_err check_chain(struct step *s, const struct bundle *b)
{
    if (b->header.epoch != b->stream->epoch + 1)
        return step_refuse(s, SOTTO_E_EPOCH, 0, "the conversation is in epoch %llu",
                           (unsigned long long)b->stream->epoch);
    if (memcmp(b->header.previous_hash, b->row.header_hash, IDENTITY_HASH) != 0)
        return step_refuse(s, SOTTO_E_CONFLICT, 0,
                           "the commit's header does not follow the one before");
    return SOTTO_OK;
}

static sotto_err check_hash(struct step *s, const struct bundle *b)
{
    uint8_t digest[PROTO_HASH];
    if (b->commit->blob.len > 0)
        memcpy(digest, b->commit->blob.data, sizeof digest);
    else
        TRY(hash(s->core->crypto, HASH_SHA256, b->commit->body, digest));
    if (memcmp(digest, b->header.commit_hash, sizeof digest) != 0)
        return step_refuse(s, SOTTO_E_DENIED, 0, "the commit's header is of another commit");
    return SOTTO_OK;
}

/* Not known before its epoch: a later one would shut out all who come with the state. */
static sotto_err check_state_key(struct step *s, const struct bundle *b)
{
    if (b->commit->state_key_epoch > b->header.epoch)
        return step_refuse(s, SOTTO_E_DENIED, 0,
                           "the group state's key is of an epoch that is yet to come");
    return SOTTO_OK;
}

static sotto_err check_header(struct step *s, struct bundle *b)
{
    if (commit_header_read(b->commit->header, &b->header) != SOTTO_OK)
        return step_refuse(s, SOTTO_E_DENIED, 0, "this is no commit header");
    TRY(check_poster(s, b));
    TRY(stream_row_get(s, b->stream, &b->row));
    TRY(check_chain(s, b));
    TRY(check_hash(s, b));
    TRY(check_state_key(s, b));
    return commit_header_verify(s->core->crypto, &b->header, b->sub->device->public_key);
}

static bool is_added(const struct bundle *b, const struct device *device)
{
    for (size_t i = 0; i < b->add_count; i++)
        if (b->add[i].device == device)
            return true;
    return false;
}

static sotto_err check_addition(struct step *s, struct bundle *b, struct addition *add)
{
    sotto_err err = device_find(s, add->item.account_id, add->item.device_id, &add->device);
    if (err == SOTTO_E_NOTFOUND)
        return step_refuse(s, err, 0, "a device that is to be added is not known here");
    TRY(err);
    if (is_added(b, add->device))
        return step_refuse(s, SOTTO_E_DENIED, 0, "a device is added twice");
    if (b->add_count == 0 ||
        !view_equal(add->item.welcome_blob, b->add[b->add_count - 1].item.welcome_blob))
        TRY(check_blob(s, b, add->item.welcome_blob)); /* one for all counts once */
    return inbox_check(s, add->device);
}

static bool account_is_added(const struct bundle *b, uint64_t account)
{
    for (size_t i = 0; i < b->add_count; i++)
        if (b->add[i].device->account->number == account)
            return true;
    return false;
}

/* What is in the conversation already, and stays, takes no room. */
static sotto_err check_room(struct step *s, struct bundle *b, const struct device *device)
{
    const struct subscription *sub = subscription_of(b->stream, device->number);
    uint64_t account = device->account->number;
    b->new_devices += sub == NULL || subscription_ended(sub);
    if (account_reads(b->stream, account) || account_is_added(b, account))
        return SOTTO_OK;
    b->new_accounts++;
    return conversations_check(s, account);
}

static sotto_err check_additions(struct step *s, struct bundle *b)
{
    struct rd r = rd_of(b->commit->add.bytes);
    while (rd_more(&r)) {
        struct addition *add = &b->add[b->add_count];
        add->item = proto_commit_add_next(&r);
        TRY(check_addition(s, b, add));
        TRY(check_room(s, b, add->device));
        b->add_count++;
    }
    return stream_check_size(s, b->stream, b->new_devices, b->new_accounts);
}

static sotto_err check_all(struct step *s, struct bundle *b)
{
    TRY(check_space(s));
    TRY(step_limit(s, RATE_COMMIT, b->stream->number, b->sub->device_number, 1,
                   "too many changes of this conversation"));
    TRY(check_header(s, b));
    TRY(check_blob(s, b, b->commit->blob));
    TRY(check_blob(s, b, b->commit->delta_blob));
    TRY(check_additions(s, b));
    return check_bytes(s, b);
}

/* --- what is written --- */

static sotto_err entry_append(struct step *s, struct bundle *b)
{
    sotto_buf *body = &s->core->streams->entry;
    const struct proto_commit_entry entry = {b->commit->header, b->commit->body, b->commit->blob};
    buf_reset(body);
    TRY(proto_commit_entry_write(&entry, body));
    TRY(stream_append(s, b->stream, ENTRY_COMMIT, buf_view(body), b->sub, &b->appended));
    return blob_keep(s, b->commit->blob);
}

static sotto_err header_put(struct step *s, struct bundle *b)
{
    DEFER(buf_clear) sotto_buf value = {0};
    uint64_t epoch = b->stream->epoch;
    struct row_key key = row_key_two(b->stream->number, epoch);
    const struct header_row row = {b->appended.seq, b->appended.at_ms / 1000, b->commit->header};
    TRY(header_row_write(&row, &value));
    TRY(row_put(s, STORE_HEADER, row_key_view(&key), buf_view(&value)));
    if (epoch > HEADERS_KEPT) {
        key = row_key_two(b->stream->number, epoch - HEADERS_KEPT);
        TRY(row_delete(s, STORE_HEADER, row_key_view(&key)));
    }
    return commit_header_hash(s->core->crypto, &b->header, b->row.header_hash);
}

static sotto_err delta_put(struct step *s, struct bundle *b)
{
    const struct proto_commit *commit = b->commit;
    const struct state_row row = {commit->state_key_epoch, commit->delta, commit->delta_blob};
    if (commit->delta.len == 0 && commit->delta_blob.len == 0)
        return SOTTO_OK;
    return state_keep(s, b->stream, &b->row, b->stream->epoch, STATE_DELTA, &row);
}

static sotto_err welcome_send(struct step *s, const struct bundle *b, const struct addition *add)
{
    sotto_buf *body = &s->core->streams->entry;
    struct proto_welcome_entry welcome = {
        .seq = b->appended.seq, .welcome = add->item.welcome, .blob = add->item.welcome_blob};
    if (welcome.welcome.len == 0 && welcome.blob.len == 0)
        return SOTTO_OK;
    memcpy(welcome.stream, b->stream->id, STREAM_ID);
    buf_reset(body);
    TRY(proto_welcome_entry_write(&welcome, body));
    TRY(inbox_append(s, add->device, ENTRY_WELCOME, buf_view(body)));
    return blob_keep(s, welcome.blob);
}

static sotto_err additions_do(struct step *s, const struct bundle *b)
{
    for (size_t i = 0; i < b->add_count; i++) {
        TRY(subscription_add(s, b->stream, b->add[i].device));
        TRY(welcome_send(s, b, &b->add[i]));
    }
    return SOTTO_OK;
}

/* Without a key of ours (the tests' smallest server) there is nothing that a client could check. */
static sotto_err notice_send(struct step *s, const struct bundle *b, struct device *device)
{
    uint8_t bytes[NOTICE_SIZE];
    sotto_buf body = BUF_ON(bytes);
    struct notice notice = {.seq = b->appended.seq};
    if (s->core->config.server_key == NULL)
        return SOTTO_OK;
    memcpy(notice.stream, b->stream->id, STREAM_ID);
    memcpy(notice.device_id, device->id, DEVICE_ID);
    memcpy(notice.account_id, device->account->key.account_id, ACCOUNT_ID);
    TRY(notice_sign(s->core->crypto, s->core->config.server_key, &notice));
    TRY(notice_write(&notice, &body));
    sotto_err err = inbox_append(s, device, ENTRY_NOTICE, buf_view(&body));
    return err == SOTTO_E_QUOTA ? SOTTO_OK : err; /* it has more waiting than it will read */
}

/* A device that is added again in the same commit goes on; one that exists no more has been unsubscribed when it went. */
static sotto_err removal_do(struct step *s, const struct bundle *b,
                            const struct proto_commit_remove *remove)
{
    struct account *account = NULL;
    struct device *device = NULL;
    sotto_err err = account_find(s, remove->account_id, &account);
    if (err == SOTTO_OK)
        err = device_find_of(s, account, remove->device_id, &device);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    struct subscription *sub = subscription_of(b->stream, device->number);
    if (sub == NULL || is_added(b, device))
        return SOTTO_OK;
    bool reads = !subscription_ended(sub);
    TRY(subscription_end(s, sub));
    return reads ? notice_send(s, b, device) : SOTTO_OK;
}

static sotto_err removals_do(struct step *s, const struct bundle *b)
{
    struct rd r = rd_of(b->commit->remove.bytes);
    while (rd_more(&r)) {
        struct proto_commit_remove remove = proto_commit_remove_next(&r);
        TRY(removal_do(s, b, &remove));
    }
    return SOTTO_OK;
}

static sotto_err do_all(struct step *s, struct bundle *b)
{
    TRY(entry_append(s, b));
    b->stream->epoch++;
    TRY(header_put(s, b));
    TRY(state_trim(s, b->stream));
    b->row.state_key_epoch = b->commit->state_key_epoch;
    TRY(delta_put(s, b));
    stream_token_set(s, &b->row, b->commit->token_hash);
    TRY(stream_row_put(s, b->stream, &b->row));
    TRY(removals_do(s, b));
    return additions_do(s, b);
}

static void take_rates(struct step *s, const struct bundle *b)
{
    uint64_t stream = b->stream->number, device = b->sub->device_number;
    step_take(s, RATE_COMMIT, stream, device, 1);
    step_take(s, RATE_HANDSHAKE_KIB, stream, device, commit_kib(b));
}

static sotto_err commit(struct step *s, const struct request *request,
                        struct proto_appended *ret_appended)
{
    struct bundle b = {.commit = &request->body.commit};
    TRY(writer_find(s, request, b.commit->stream, &b.sub));
    b.stream = b.sub->stream;
    TRY(check_all(s, &b));
    TRY(step_break(s, do_all(s, &b)));
    take_rates(s, &b);
    ret_appended->seq = b.appended.seq;
    ret_appended->at_ms = b.appended.at_ms;
    return SOTTO_OK;
}

sotto_err commit_on(struct step *s, const struct request *request)
{
    return operation_run(s, request, request->body.commit.op, commit);
}
