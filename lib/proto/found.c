/* struct { uint16 index; uint8 status; opaque name<V>; opaque genesis<V>; opaque rotations<V><V>; opaque device_list<V>;
 *          opaque certificates<V><V>; opaque chain<V><V>; } found_account;
 * struct { uint8 more; found_account accounts<V>; } found; */
#include "proto/account.h"
#include "proto/frame.h"

static sotto_err check(const struct proto_found_account *account)
{
    bool empty = account->name.len == 0 && account->genesis.len == 0 &&
                 account->rotations.count == 0 && account->device_list.len == 0 &&
                 account->certificates.count == 0 && account->chain.count == 0;
    bool whole = account->name.len > 0 && account->genesis.len > 0 &&
                 account->device_list.len > 0 && account->chain.count >= 2;
    return frame_check(account->index < LOOKUP_MAX && (account->status == FOUND_NOBODY    ? empty
                                                       : account->status == FOUND_ACCOUNT ? whole
                                                                                          : false));
}

void proto_found_account_read(struct rd *r, struct proto_found_account *out)
{
    *out = (struct proto_found_account){0};
    out->index = rd_u16(r);
    out->status = rd_u8(r);
    out->name = rd_opaque(r, X509_NAME_MAX);
    out->genesis = rd_opaque(r, ACCOUNT_RECORD_MAX);
    frame_list_read(r, ACCOUNT_ROTATIONS_MAX, frame_record_item, &out->rotations);
    out->device_list = rd_opaque(r, ACCOUNT_RECORD_MAX);
    frame_list_read(r, ACCOUNT_DEVICES_MAX, frame_certificate_item, &out->certificates);
    frame_list_read(r, ACCOUNT_CHAIN_MAX, frame_certificate_item, &out->chain);
    rd_check(r, check(out));
}

static sotto_err check_sizes(const struct proto_found_account *account)
{
    bool fit = account->name.len <= X509_NAME_MAX && account->genesis.len <= ACCOUNT_RECORD_MAX &&
               account->device_list.len <= ACCOUNT_RECORD_MAX;
    return fit ? check(account) : SOTTO_E_TOO_LARGE;
}

void proto_found_account_write(struct wr *w, const struct proto_found_account *account)
{
    wr_check(w, check_sizes(account));
    wr_u16(w, account->index);
    wr_u8(w, account->status);
    wr_opaque(w, account->name);
    wr_opaque(w, account->genesis);
    frame_list_write(w, &account->rotations, ACCOUNT_ROTATIONS_MAX, frame_record_item);
    wr_opaque(w, account->device_list);
    frame_list_write(w, &account->certificates, ACCOUNT_DEVICES_MAX, frame_certificate_item);
    frame_list_write(w, &account->chain, ACCOUNT_CHAIN_MAX, frame_certificate_item);
}

static void item(struct rd *r)
{
    struct proto_found_account account;
    proto_found_account_read(r, &account);
}

sotto_err proto_found_read(view body, struct proto_found *ret_found)
{
    struct rd r = rd_of(body);
    struct proto_found found = {0};
    found.more = frame_flag(&r);
    frame_list_read(&r, LOOKUP_MAX, item, &found.accounts);
    TRY(rd_end(&r));
    *ret_found = found;
    return SOTTO_OK;
}

sotto_err proto_found_write(uint32_t request, const struct proto_found *found, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_FOUND, request);
    wr_u8(&w, found->more);
    frame_list_write(&w, &found->accounts, LOOKUP_MAX, item);
    return wr_end(&w);
}
