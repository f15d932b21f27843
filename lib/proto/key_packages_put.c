/* struct { uint8 last_resort; opaque packages<V><V>; } key_packages_put; */
#include "proto/account.h"
#include "proto/frame.h"

static void item(struct rd *r)
{
    view package = rd_opaque(r, KEY_PACKAGE_MAX);
    rd_check(r, frame_check(package.len > 0));
}

static sotto_err check(const struct proto_key_packages_put *put)
{
    return frame_check(put->packages.count > 0 && (!put->last_resort || put->packages.count == 1));
}

sotto_err proto_key_packages_put_read(view body, struct proto_key_packages_put *ret_put)
{
    struct rd r = rd_of(body);
    struct proto_key_packages_put put = {0};
    put.last_resort = frame_flag(&r);
    frame_list_read(&r, KEY_PACKAGES_MAX, item, &put.packages);
    rd_check(&r, check(&put));
    TRY(rd_end(&r));
    *ret_put = put;
    return SOTTO_OK;
}

sotto_err proto_key_packages_put_write(uint32_t request, const struct proto_key_packages_put *put,
                                       sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_KEY_PACKAGES_PUT, request);
    wr_u8(&w, put->last_resort);
    frame_list_write(&w, &put->packages, KEY_PACKAGES_MAX, item);
    wr_check(&w, check(put));
    return wr_end(&w);
}
