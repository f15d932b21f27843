/* struct { opaque device_id[16]; uint8 status; opaque package<V>; } claimed_package;
 * struct { claimed_package packages<V>; } claimed; */
#include "proto/account.h"
#include "proto/frame.h"

static sotto_err check(const struct proto_claimed_package *package)
{
    if (package->package.len > KEY_PACKAGE_MAX)
        return SOTTO_E_TOO_LARGE;
    return frame_check(package->status <= CLAIMED_LAST_RESORT &&
                       (package->status == CLAIMED_NONE) == (package->package.len == 0));
}

void proto_claimed_package_read(struct rd *r, struct proto_claimed_package *out)
{
    *out = (struct proto_claimed_package){0};
    rd_copy(r, out->device_id, sizeof out->device_id);
    out->status = rd_u8(r);
    out->package = rd_opaque(r, KEY_PACKAGE_MAX);
    rd_check(r, check(out));
}

void proto_claimed_package_write(struct wr *w, const struct proto_claimed_package *package)
{
    wr_check(w, check(package));
    wr_bytes(w, VIEW_OF(package->device_id));
    wr_u8(w, package->status);
    wr_opaque(w, package->package);
}

static void item(struct rd *r)
{
    struct proto_claimed_package package;
    proto_claimed_package_read(r, &package);
}

sotto_err proto_claimed_read(view body, struct proto_list *ret_packages)
{
    struct rd r = rd_of(body);
    struct proto_list packages = {0};
    frame_list_read(&r, ACCOUNT_DEVICES_MAX, item, &packages);
    TRY(rd_end(&r));
    *ret_packages = packages;
    return SOTTO_OK;
}

sotto_err proto_claimed_write(uint32_t request, const struct proto_list *packages, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_CLAIMED, request);
    frame_list_write(&w, packages, ACCOUNT_DEVICES_MAX, item);
    return wr_end(&w);
}
