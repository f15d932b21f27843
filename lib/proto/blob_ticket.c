/* struct { opaque ticket<V>; uint64 have; uint64 expires_s; } blob_ticket; */
#include "proto/blob.h"
#include "proto/frame.h"

sotto_err proto_blob_ticket_read(view body, struct proto_blob_ticket *ret_ticket)
{
    struct rd r = rd_of(body);
    struct proto_blob_ticket ticket = {0};
    ticket.ticket = rd_opaque(&r, BLOB_TICKET_MAX);
    ticket.have = rd_u64(&r);
    ticket.expires_s = rd_u64(&r);
    rd_check(&r, frame_check(ticket.ticket.len > 0));
    TRY(rd_end(&r));
    *ret_ticket = ticket;
    return SOTTO_OK;
}

sotto_err proto_blob_ticket_write(uint32_t request, const struct proto_blob_ticket *ticket,
                                  sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_BLOB_TICKET, request);
    wr_check(&w, frame_check(ticket->ticket.len > 0));
    wr_check(&w, ticket->ticket.len > BLOB_TICKET_MAX ? SOTTO_E_TOO_LARGE : SOTTO_OK);
    wr_opaque(&w, ticket->ticket);
    wr_u64(&w, ticket->have);
    wr_u64(&w, ticket->expires_s);
    return wr_end(&w);
}
