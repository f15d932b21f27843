/* struct { uint8 by; opaque what<V>; } wanted;  struct { wanted wanted<V>; } lookup; */
#include "proto/account.h"
#include "proto/frame.h"

static sotto_err check(const struct proto_wanted *wanted)
{
    if (wanted->by == LOOKUP_ID)
        return frame_check(wanted->what.len == X509_ACCOUNT_ID);
    return frame_check(wanted->by == LOOKUP_NAME && wanted->what.len > 0);
}

void proto_wanted_read(struct rd *r, struct proto_wanted *out)
{
    out->by = rd_u8(r);
    out->what = rd_opaque(r, X509_NAME_MAX);
    rd_check(r, check(out));
}

void proto_wanted_write(struct wr *w, const struct proto_wanted *wanted)
{
    wr_u8(w, wanted->by);
    wr_opaque(w, wanted->what);
    wr_check(w, wanted->what.len <= X509_NAME_MAX ? check(wanted) : SOTTO_E_TOO_LARGE);
}

static void item(struct rd *r)
{
    struct proto_wanted wanted;
    proto_wanted_read(r, &wanted);
}

sotto_err proto_lookup_read(view body, struct proto_list *ret_wanted)
{
    struct rd r = rd_of(body);
    struct proto_list wanted = {0};
    frame_list_read(&r, LOOKUP_MAX, item, &wanted);
    rd_check(&r, frame_check(wanted.count > 0));
    TRY(rd_end(&r));
    *ret_wanted = wanted;
    return SOTTO_OK;
}

sotto_err proto_lookup_write(uint32_t request, const struct proto_list *wanted, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_LOOKUP, request);
    frame_list_write(&w, wanted, LOOKUP_MAX, item);
    wr_check(&w, frame_check(wanted->count > 0));
    return wr_end(&w);
}
