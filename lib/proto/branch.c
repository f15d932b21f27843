/* struct { opaque label<V> = "sotto branch"; uint8 version = 1; opaque stream[16]; uint64 bad_seq; uint64 good_epoch;
 *          opaque new_stream[16]; opaque group_info_hash[32]; opaque account_id[32]; opaque device_id[16]; opaque signature[64]; } branch; */
#include "proto/branch.h"

#include "crypto/record.h"
#include "proto/frame.h"

#define LABEL VIEW_LIT("sotto branch")

static sotto_err branch_check(const struct branch *branch)
{
    return frame_check(branch->bad_seq > 0 &&
                       !view_equal(VIEW_OF(branch->stream), VIEW_OF(branch->new_stream)));
}

sotto_err branch_read(view bytes, struct branch *ret_branch)
{
    struct rd r = rd_of(bytes);
    struct branch branch = {0};
    record_read_head(&r, LABEL);
    rd_copy(&r, branch.stream, sizeof branch.stream);
    branch.bad_seq = rd_u64(&r);
    branch.good_epoch = rd_u64(&r);
    rd_copy(&r, branch.new_stream, sizeof branch.new_stream);
    rd_copy(&r, branch.group_info_hash, sizeof branch.group_info_hash);
    rd_copy(&r, branch.account_id, sizeof branch.account_id);
    rd_copy(&r, branch.device_id, sizeof branch.device_id);
    rd_copy(&r, branch.signature, sizeof branch.signature);
    rd_check(&r, branch_check(&branch));
    TRY(rd_end(&r));
    *ret_branch = branch;
    return SOTTO_OK;
}

sotto_err branch_write(const struct branch *branch, sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, LABEL);
    wr_bytes(&w, VIEW_OF(branch->stream));
    wr_u64(&w, branch->bad_seq);
    wr_u64(&w, branch->good_epoch);
    wr_bytes(&w, VIEW_OF(branch->new_stream));
    wr_bytes(&w, VIEW_OF(branch->group_info_hash));
    wr_bytes(&w, VIEW_OF(branch->account_id));
    wr_bytes(&w, VIEW_OF(branch->device_id));
    wr_check(&w, branch_check(branch));
    wr_bytes(&w, VIEW_OF(branch->signature));
    return wr_end(&w);
}

sotto_err branch_sign(sotto_crypto *c, const sotto_sign_key *device_key, struct branch *branch)
{
    uint8_t bytes[BRANCH_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(branch_write(branch, &record));
    return record_sign(c, device_key, record_signed_part(&record), branch->signature);
}

sotto_err branch_verify(sotto_crypto *c, const struct branch *branch,
                        const uint8_t device_key[ED25519_PUBLIC])
{
    uint8_t bytes[BRANCH_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(branch_write(branch, &record));
    return record_verify(c, device_key, record_signed_part(&record), branch->signature);
}
