/* struct { uint32 count; uint8 last_resort; } key_packages; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_key_packages_read(view body, struct proto_key_packages *ret_packages)
{
    struct rd r = rd_of(body);
    struct proto_key_packages packages = {0};
    packages.count = rd_u32(&r);
    packages.last_resort = frame_flag(&r);
    TRY(rd_end(&r));
    *ret_packages = packages;
    return SOTTO_OK;
}

sotto_err proto_key_packages_write(uint32_t request, const struct proto_key_packages *packages,
                                   sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_KEY_PACKAGES, request);
    wr_u32(&w, packages->count);
    wr_u8(&w, packages->last_resort);
    return wr_end(&w);
}
