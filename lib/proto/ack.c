/* struct { opaque stream[16]; uint64 seq; } ack_item;  struct { ack_item acks<V>; } ack;
 * acks: 1 to PROTO_ACKS_MAX of them */
#include "proto/frame.h"

struct proto_ack_item proto_ack_next(struct rd *r)
{
    struct proto_ack_item item = {0};
    rd_copy(r, item.stream, sizeof item.stream);
    item.seq = rd_u64(r);
    return item;
}

sotto_err proto_ack_add(const struct proto_ack_item *item, sotto_buf *list)
{
    struct wr w = wr_to(list);
    wr_bytes(&w, VIEW_OF(item->stream));
    wr_u64(&w, item->seq);
    return wr_end(&w);
}

static void item(struct rd *r)
{
    (void)proto_ack_next(r);
}

sotto_err proto_ack_read(view body, struct proto_list *ret_acks)
{
    struct rd r = rd_of(body);
    struct proto_list acks = {0};
    frame_list_read(&r, PROTO_ACKS_MAX, item, &acks);
    rd_check(&r, frame_check(acks.count > 0));
    TRY(rd_end(&r));
    *ret_acks = acks;
    return SOTTO_OK;
}

sotto_err proto_ack_write(uint32_t request, const struct proto_list *acks, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ACK, request);
    frame_list_write(&w, acks, PROTO_ACKS_MAX, item);
    wr_check(&w, frame_check(acks->count > 0));
    return wr_end(&w);
}
