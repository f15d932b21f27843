/* struct { opaque signature[64]; } account_remove; */
#include "crypto/record.h"
#include "proto/account.h"
#include "proto/frame.h"

#define SIGNED_LABEL "sotto account remove"

sotto_err proto_account_remove_read(view body, struct proto_account_remove *ret_remove)
{
    struct rd r = rd_of(body);
    struct proto_account_remove remove = {0};
    rd_copy(&r, remove.signature, sizeof remove.signature);
    TRY(rd_end(&r));
    *ret_remove = remove;
    return SOTTO_OK;
}

sotto_err proto_account_remove_write(uint32_t request, const struct proto_account_remove *remove,
                                     sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ACCOUNT_REMOVE, request);
    wr_bytes(&w, VIEW_OF(remove->signature));
    return wr_end(&w);
}

sotto_err proto_account_remove_signed(const uint8_t server_pin[X509_PIN],
                                      const uint8_t account_id[X509_ACCOUNT_ID],
                                      const uint8_t nonce[HELLO_NONCE], sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, VIEW_LIT(SIGNED_LABEL));
    wr_bytes(&w, view_of(server_pin, X509_PIN));
    wr_bytes(&w, view_of(account_id, X509_ACCOUNT_ID));
    wr_bytes(&w, view_of(nonce, HELLO_NONCE));
    return wr_end(&w);
}
