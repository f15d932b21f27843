/* blob.h - the frames about blobs: what is too large for a frame, kept by its SHA-256 (docs/protocol.md). The bytes themselves go over
 * HTTP; here one gets the ticket for that. Errors of all readers and writers: as in proto.h. */
#ifndef PROTO_BLOB_H
#define PROTO_BLOB_H

#include "proto/stream.h"

#define BLOB_TICKET_MAX 256                 /* bytes */
#define BLOB_SIZE_MAX   (UINT64_C(1) << 48) /* bytes, so that sums of sizes don't overflow */

/* struct { opaque hash[32]; uint64 size; } blob_put;  size: of the whole, 1 to BLOB_SIZE_MAX.
 * Refused with QUOTA (one blob, or all of the account, would be too large), FULL (uploads that were begun), RATE, DISK_FULL,
 * CONFLICT (it is here, of another size), UNSUPPORTED (this server keeps none). */
struct proto_blob_put {
    uint8_t hash[PROTO_HASH];
    uint64_t size;
};
SOTTO_MUST_USE sotto_err proto_blob_put_read(view body, struct proto_blob_put *ret_put);
SOTTO_MUST_USE sotto_err proto_blob_put_write(uint32_t request, const struct proto_blob_put *put,
                                              sotto_buf *out);

/* struct { opaque ticket<V>; uint64 have; uint64 expires_s; } blob_ticket; */
struct proto_blob_ticket {
    view ticket;        /* 1 to BLOB_TICKET_MAX bytes, the server's own */
    uint64_t have;      /* bytes that are here: the size, or 0 if it is not whole */
    uint64_t expires_s; /* of the ticket */
};
SOTTO_MUST_USE sotto_err proto_blob_ticket_read(view body, struct proto_blob_ticket *ret_ticket);
SOTTO_MUST_USE sotto_err proto_blob_ticket_write(uint32_t request,
                                                 const struct proto_blob_ticket *ticket,
                                                 sotto_buf *out);

/* struct { opaque hash[32]; } blob_get;  Refused with NOTFOUND, UNSUPPORTED. */
struct proto_blob_get {
    uint8_t hash[PROTO_HASH];
};
SOTTO_MUST_USE sotto_err proto_blob_get_read(view body, struct proto_blob_get *ret_get);
SOTTO_MUST_USE sotto_err proto_blob_get_write(uint32_t request, const struct proto_blob_get *get,
                                              sotto_buf *out);

#endif
