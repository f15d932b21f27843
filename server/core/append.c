/* Each kind of entry that clients append is a row: who may, and what is looked at first. */
#include <assert.h>

#include "core/streams.h"
#include "proto/branch.h"
#include "proto/token_correction.h"

#define KIB(bytes) (((bytes) + 1023) / 1024)

sotto_err append_read(view body, union request_body *ret_body)
{
    return proto_append_read(body, &ret_body->append);
}

sotto_err writer_find(struct step *s, const struct request *request,
                      const uint8_t stream_id[STREAM_ID], struct subscription **ret_sub)
{
    struct subscription *sub = NULL;
    TRY(subscription_find(s, request->from->device, stream_id, &sub));
    if (sub->stream->kind != STREAM_CONVERSATION)
        return step_refuse(s, SOTTO_E_DENIED, 0, "an inbox is written to with inbox_send");
    if (subscription_ended(sub))
        return step_refuse(s, SOTTO_E_DENIED, 0, "this device was removed from the conversation");
    *ret_sub = sub;
    return SOTTO_OK;
}

/* --- who may, by kind --- */

typedef sotto_err find(struct step *s, const struct request *request,
                       const uint8_t stream_id[STREAM_ID], struct subscription **ret_sub);

/* Who was removed, too, as long as it may read. */
static sotto_err reader_find(struct step *s, const struct request *request,
                             const uint8_t stream_id[STREAM_ID], struct subscription **ret_sub)
{
    struct subscription *sub = NULL;
    TRY(subscription_find(s, request->from->device, stream_id, &sub));
    if (sub->stream->kind != STREAM_CONVERSATION)
        return step_refuse(s, SOTTO_E_DENIED, 0, "an inbox is written to with inbox_send");
    *ret_sub = sub;
    return SOTTO_OK;
}

/* Who left and showed the token of the epoch before, too. */
static sotto_err corrector_find(struct step *s, const struct request *request,
                                const uint8_t stream_id[STREAM_ID], struct subscription **ret_sub)
{
    struct subscription *sub = NULL;
    TRY(subscription_find_corrector(s, request->from->device, stream_id, &sub));
    if (!sub->left)
        return writer_find(s, request, stream_id, ret_sub);
    *ret_sub = sub;
    return SOTTO_OK;
}

/* --- what is looked at, by kind --- */

static sotto_err check_epoch(struct step *s, const struct proto_append *append,
                             const struct subscription *sub)
{
    uint64_t epoch = sub->stream->epoch;
    if (append->epoch > epoch || epoch - append->epoch > EPOCHS_BACK)
        return step_refuse(s, SOTTO_E_EPOCH, 0, "the conversation is in epoch %llu",
                           (unsigned long long)epoch);
    return SOTTO_OK;
}

static sotto_err check_readd(struct step *s, const struct proto_append *append,
                             const struct subscription *sub)
{
    (void)append;
    return step_limit(s, RATE_READD, sub->stream->number, sub->device_number, 1,
                      "too many requests to be added again");
}

/* The entry itself may be gone: all have read it. */
static sotto_err check_bad_commit(struct step *s, const struct subscription *sub,
                                  const struct branch *branch)
{
    uint64_t kept_s = s->core->config.limits.retention_s, epoch = 0, at_s = 0;
    if (!subscription_has(sub, branch->bad_seq))
        return step_refuse(s, SOTTO_E_DENIED, 0, "this device did not read the entry in question");
    sotto_err err = commit_find(s, sub->stream, branch->bad_seq, &epoch, &at_s);
    if (err == SOTTO_E_NOTFOUND)
        return step_refuse(s, SOTTO_E_DENIED, 0, "the entry in question is no commit");
    TRY(err);
    if (branch->good_epoch >= epoch)
        return step_refuse(s, SOTTO_E_DENIED, 0,
                           "the last good epoch is not before the commit in question");
    if (kept_s > 0 && at_s + kept_s < step_wall_ms(s) / 1000)
        return step_refuse(s, SOTTO_E_EXPIRED, 0, "the commit in question is too long ago");
    return SOTTO_OK;
}

/* Whoever read the stream before the bad commit may say so, also if that commit removed it. */
static sotto_err check_branch(struct step *s, const struct proto_append *append,
                              const struct subscription *sub)
{
    const struct device *device = sub->device;
    struct branch branch = {0};
    if (branch_read(append->body, &branch) != SOTTO_OK)
        return step_refuse(s, SOTTO_E_DENIED, 0, "this is no branch announcement");
    if (memcmp(branch.stream, sub->stream->id, STREAM_ID) != 0 ||
        memcmp(branch.account_id, device->account->key.account_id, ACCOUNT_ID) != 0 ||
        memcmp(branch.device_id, device->id, DEVICE_ID) != 0)
        return step_refuse(s, SOTTO_E_DENIED, 0,
                           "this announcement is of another stream or device");
    TRY(check_bad_commit(s, sub, &branch));
    return branch_verify(s->core->crypto, &branch, device->public_key);
}

static sotto_err check_token(struct step *s, const struct proto_append *append,
                             const struct subscription *sub)
{
    const struct device *device = sub->device;
    struct token_correction correction = {0};
    if (token_correction_read(append->body, &correction) != SOTTO_OK)
        return step_refuse(s, SOTTO_E_DENIED, 0, "this is no correction of an access token");
    if (memcmp(correction.stream, sub->stream->id, STREAM_ID) != 0 ||
        memcmp(correction.account_id, device->account->key.account_id, ACCOUNT_ID) != 0 ||
        memcmp(correction.device_id, device->id, DEVICE_ID) != 0 || correction.op != append->op)
        return step_refuse(s, SOTTO_E_DENIED, 0,
                           "this correction is of another stream, device or operation");
    if (correction.epoch != sub->stream->epoch)
        return step_refuse(s, SOTTO_E_EPOCH, 0, "the conversation is in epoch %llu",
                           (unsigned long long)sub->stream->epoch);
    return token_correction_verify(s->core->crypto, &correction, device->public_key);
}

/* --- what follows, by kind --- */

static sotto_err done_readd(struct step *s, const struct proto_append *append,
                            const struct subscription *sub)
{
    (void)append;
    step_take(s, RATE_READD, sub->stream->number, sub->device_number, 1);
    return SOTTO_OK;
}

static sotto_err done_token(struct step *s, const struct proto_append *append,
                            const struct subscription *sub)
{
    struct token_correction correction = {0};
    struct stream_row row = {0};
    TRY(token_correction_read(append->body, &correction));
    TRY(stream_row_get(s, sub->stream, &row));
    memcpy(row.token_hash, correction.token_hash, STREAM_TOKEN);
    return stream_row_put(s, sub->stream, &row);
}

typedef sotto_err look(struct step *s, const struct proto_append *append,
                       const struct subscription *sub);

static const struct kind_row {
    find *find;     /* those who may */
    bool handshake; /* is never lost, so what may come in is limited */
    look *check;
    look *done; /* NULL: nothing follows */
} kinds[] = {
    [ENTRY_APPLICATION] = {writer_find, false, check_epoch, NULL},
    [ENTRY_PROPOSAL] = {writer_find, true, check_epoch, NULL},
    [ENTRY_READD] = {reader_find, true, check_readd, done_readd},
    [ENTRY_BRANCH] = {reader_find, true, check_branch, NULL},
    [ENTRY_TOKEN] = {corrector_find, true, check_token, done_token},
};

static sotto_err check_rates(struct step *s, const struct subscription *sub,
                             const struct kind_row *kind, size_t bytes)
{
    uint64_t device = sub->device_number;
    TRY(step_limit(s, RATE_SEND, device, 0, 1, "too many messages"));
    TRY(step_limit(s, RATE_SEND_KIB, device, 0, KIB(bytes), "too many bytes"));
    if (!kind->handshake)
        return SOTTO_OK;
    return step_limit(s, RATE_HANDSHAKE_KIB, sub->stream->number, device, KIB(bytes),
                      "too many changes of this conversation");
}

static void take_rates(struct step *s, const struct subscription *sub, const struct kind_row *kind,
                       size_t bytes)
{
    uint64_t device = sub->device_number;
    step_take(s, RATE_SEND, device, 0, 1);
    step_take(s, RATE_SEND_KIB, device, 0, KIB(bytes));
    if (kind->handshake)
        step_take(s, RATE_HANDSHAKE_KIB, sub->stream->number, device, KIB(bytes));
}

static sotto_err append(struct step *s, const struct request *request,
                        struct proto_appended *ret_appended)
{
    const struct proto_append *append = &request->body.append;
    const struct kind_row *kind = &kinds[append->kind];
    struct subscription *sub = NULL;
    TRY(check_space(s));
    TRY(kind->find(s, request, append->stream, &sub));
    assert(sub != NULL);
    TRY(kind->check(s, append, sub));
    TRY(check_rates(s, sub, kind, append->body.len));
    TRY(stream_append(s, sub->stream, append->kind, append->body, sub, ret_appended));
    take_rates(s, sub, kind, append->body.len);
    return kind->done != NULL ? step_break(s, kind->done(s, append, sub)) : SOTTO_OK;
}

sotto_err append_on(struct step *s, const struct request *request)
{
    return operation_run(s, request, request->body.append.op, append);
}
