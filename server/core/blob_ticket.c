#include "core/blob_ticket.h"

#include "base/ct.h"
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"

#define TAG 32 /* bytes */

static sotto_err tag_make(sotto_crypto *c, const struct secret *key, view fields,
                          uint8_t ret_tag[HASH_MAX])
{
    const view parts[] = {VIEW_LIT("\x0csotto blob 1"), fields};
    return hmac(c, HASH_SHA256, secret_view(key), parts, COUNT_OF(parts), ret_tag);
}

/* The tag is looked at first: of a forged ticket nothing is believed, and nothing told. */
static sotto_err tag_check(sotto_crypto *c, const struct secret *key, view bytes)
{
    uint8_t tag[HASH_MAX];
    size_t len = bytes.len - TAG;
    TRY(tag_make(c, key, view_of(bytes.data, len), tag));
    return ct_equal(view_of(tag, TAG), view_of(bytes.data + len, TAG)) ? SOTTO_OK : SOTTO_E_MAC;
}

sotto_err blob_ticket_read(sotto_crypto *c, const struct secret *key, view bytes, uint64_t now_s,
                           struct blob_ticket *ret_ticket)
{
    struct rd r = rd_of(bytes);
    struct blob_ticket ticket = {0};
    uint8_t tag[TAG];
    ticket.op = rd_u8(&r);
    rd_copy(&r, ticket.hash, sizeof ticket.hash);
    ticket.size = rd_u64(&r);
    ticket.account = rd_u64(&r);
    ticket.expires_s = rd_u64(&r);
    rd_copy(&r, tag, sizeof tag);
    TRY(rd_end(&r));
    TRY(tag_check(c, key, bytes));
    if (ticket.op != BLOB_PUT && ticket.op != BLOB_GET)
        return SOTTO_E_VALUE;
    if (ticket.expires_s <= now_s)
        return SOTTO_E_EXPIRED;
    *ret_ticket = ticket;
    return SOTTO_OK;
}

sotto_err blob_ticket_write(sotto_crypto *c, const struct secret *key,
                            const struct blob_ticket *ticket, sotto_buf *out)
{
    uint8_t bytes[BLOB_TICKET_BYTES], tag[HASH_MAX];
    sotto_buf whole = BUF_ON(bytes);
    struct wr w = wr_to(&whole);
    wr_u8(&w, ticket->op);
    wr_bytes(&w, VIEW_OF(ticket->hash));
    wr_u64(&w, ticket->size);
    wr_u64(&w, ticket->account);
    wr_u64(&w, ticket->expires_s);
    TRY(wr_end(&w));
    TRY(tag_make(c, key, buf_view(&whole), tag));
    TRY(buf_append(&whole, view_of(tag, TAG)));
    return buf_append(out, buf_view(&whole));
}
