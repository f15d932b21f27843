/* blob_ticket.h - what lets somebody send or fetch one blob over HTTP: the core gives it out to who asks signed in, and a loop believes
 * it without asking the core. Good for one blob, one direction and some time, and for this run of the server alone. */
#ifndef CORE_BLOB_TICKET_H
#define CORE_BLOB_TICKET_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "proto/blob.h"

#define BLOB_TICKET_KEY   32 /* bytes */
#define BLOB_TICKET_BYTES 89

enum blob_op { BLOB_PUT = 1, BLOB_GET = 2 };

/* struct { uint8 op; opaque hash[32]; uint64 size; uint64 account; uint64 expires_s; opaque tag[32]; } blob_ticket;
 * tag: HMAC-SHA256 over struct { opaque label<V> = "sotto blob 1"; and all that stands before the tag; } */
struct blob_ticket {
    uint8_t op; /* enum blob_op */
    uint8_t hash[PROTO_HASH];
    uint64_t size;
    uint64_t account; /* number of who asked */
    uint64_t expires_s;
};

/* MAC: not from this run of the server, or changed since. EXPIRED: at this time of day. VALUE, TRUNCATED, TRAILING: not a ticket. */
SOTTO_MUST_USE sotto_err blob_ticket_read(sotto_crypto *c, const struct secret *key, view bytes,
                                          uint64_t now_s, struct blob_ticket *ret_ticket);
/* Appends. */
SOTTO_MUST_USE sotto_err blob_ticket_write(sotto_crypto *c, const struct secret *key,
                                           const struct blob_ticket *ticket, sotto_buf *out);

#endif
