/* struct { opaque rotation<V>; opaque device_list<V>; opaque certificates<V><V>; } rotate; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_rotate_read(view body, struct proto_rotate *ret_rotate)
{
    struct rd r = rd_of(body);
    struct proto_rotate rotate = {0};
    rotate.rotation = frame_record_read(&r);
    rotate.device_list = frame_record_read(&r);
    frame_list_read(&r, ACCOUNT_DEVICES_MAX, frame_certificate_item, &rotate.certificates);
    TRY(rd_end(&r));
    *ret_rotate = rotate;
    return SOTTO_OK;
}

sotto_err proto_rotate_write(uint32_t request, const struct proto_rotate *rotate, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ROTATE, request);
    frame_record_write(&w, rotate->rotation);
    frame_record_write(&w, rotate->device_list);
    frame_list_write(&w, &rotate->certificates, ACCOUNT_DEVICES_MAX, frame_certificate_item);
    return wr_end(&w);
}
