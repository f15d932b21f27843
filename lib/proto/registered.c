/* struct { opaque chain<V><V>; } registered; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_registered_read(view body, struct proto_registered *ret_registered)
{
    struct rd r = rd_of(body);
    struct proto_registered registered = {0};
    struct proto_list chain = {0};
    frame_list_read(&r, ACCOUNT_CHAIN_MAX, frame_certificate_item, &chain);
    rd_check(&r, frame_check(chain.count >= 2));
    TRY(rd_end(&r));
    struct rd items = rd_of(chain.bytes);
    while (rd_more(&items))
        registered.chain[registered.chain_count++] = rd_opaque(&items, X509_MAX);
    *ret_registered = registered;
    return SOTTO_OK;
}

sotto_err proto_registered_write(uint32_t request, const struct proto_registered *registered,
                                 sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_REGISTERED, request);
    size_t count = registered->chain_count;
    wr_check(&w, count <= ACCOUNT_CHAIN_MAX ? SOTTO_OK : SOTTO_E_TOO_LARGE);
    wr_check(&w, frame_check(count >= 2));
    size_t mark = wr_vector_begin(&w);
    for (size_t i = 0; i < size_min(count, ACCOUNT_CHAIN_MAX); i++)
        frame_certificate_write(&w, registered->chain[i]);
    wr_vector_end(&w, mark);
    return wr_end(&w);
}
