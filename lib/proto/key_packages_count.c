/* struct {} key_packages_count; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_key_packages_count_read(view body)
{
    return frame_empty_read(body);
}

sotto_err proto_key_packages_count_write(uint32_t request, sotto_buf *out)
{
    return frame_empty_write(PROTO_KEY_PACKAGES_COUNT, request, out);
}
