/* struct { opaque device_list<V>; opaque certificates<V><V>; } devices_put; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_devices_put_read(view body, struct proto_devices_put *ret_put)
{
    struct rd r = rd_of(body);
    struct proto_devices_put put = {0};
    put.device_list = frame_record_read(&r);
    frame_list_read(&r, ACCOUNT_DEVICES_MAX, frame_certificate_item, &put.certificates);
    TRY(rd_end(&r));
    *ret_put = put;
    return SOTTO_OK;
}

sotto_err proto_devices_put_write(uint32_t request, const struct proto_devices_put *put,
                                  sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_DEVICES_PUT, request);
    frame_record_write(&w, put->device_list);
    frame_list_write(&w, &put->certificates, ACCOUNT_DEVICES_MAX, frame_certificate_item);
    return wr_end(&w);
}
