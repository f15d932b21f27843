/* struct { uint8 more; opaque headers<V><V>; } header_list; */
#include "proto/frame.h"

static sotto_err check_header(view header)
{
    return header.len > PROTO_SIGNED_MAX ? SOTTO_E_TOO_LARGE : frame_check(header.len > 0);
}

view proto_header_next(struct rd *r)
{
    view header = rd_opaque(r, PROTO_SIGNED_MAX);
    rd_check(r, check_header(header));
    return header;
}

sotto_err proto_header_add(view header, sotto_buf *list)
{
    struct wr w = wr_to(list);
    wr_check(&w, check_header(header));
    wr_opaque(&w, header);
    return wr_end(&w);
}

static void item(struct rd *r)
{
    (void)proto_header_next(r);
}

sotto_err proto_header_list_read(view body, struct proto_header_list *ret_list)
{
    struct rd r = rd_of(body);
    struct proto_header_list list = {0};
    list.more = rd_u8(&r);
    frame_list_read(&r, SIZE_MAX, item, &list.headers);
    rd_check(&r, frame_check(list.more <= 1));
    TRY(rd_end(&r));
    *ret_list = list;
    return SOTTO_OK;
}

sotto_err proto_header_list_write(uint32_t request, const struct proto_header_list *list,
                                  sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_HEADER_LIST, request);
    wr_u8(&w, list->more);
    frame_list_write(&w, &list->headers, SIZE_MAX, item);
    wr_check(&w, frame_check(list->more <= 1));
    return wr_end(&w);
}
