/* struct { opaque account_id[32]; opaque devices<V>; } key_packages_claim; */
#include "proto/account.h"
#include "proto/frame.h"

#define DEVICES_BYTES_MAX (ACCOUNT_DEVICES_MAX * X509_DEVICE_ID)

static sotto_err check(const struct proto_key_packages_claim *claim)
{
    if (claim->devices.len > DEVICES_BYTES_MAX)
        return SOTTO_E_TOO_LARGE;
    return frame_check(claim->devices.len % X509_DEVICE_ID == 0);
}

sotto_err proto_key_packages_claim_read(view body, struct proto_key_packages_claim *ret_claim)
{
    struct rd r = rd_of(body);
    struct proto_key_packages_claim claim = {0};
    rd_copy(&r, claim.account_id, sizeof claim.account_id);
    claim.devices = rd_opaque(&r, DEVICES_BYTES_MAX);
    rd_check(&r, check(&claim));
    TRY(rd_end(&r));
    *ret_claim = claim;
    return SOTTO_OK;
}

sotto_err proto_key_packages_claim_write(uint32_t request,
                                         const struct proto_key_packages_claim *claim,
                                         sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_KEY_PACKAGES_CLAIM, request);
    wr_bytes(&w, VIEW_OF(claim->account_id));
    wr_opaque(&w, claim->devices);
    wr_check(&w, check(claim));
    return wr_end(&w);
}
