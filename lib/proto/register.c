/* struct { uint8 how; opaque secret<V>; opaque mail<V>; opaque genesis<V>; opaque request<V>; opaque device_list<V>;
 *          opaque certificate<V>; } register; */
#include "proto/account.h"
#include "proto/frame.h"

#define TOKEN 32

/* What belongs to how one registers. */
static sotto_err check_secret(const struct proto_register *reg)
{
    switch (reg->how) {
    case REGISTER_OPEN:
        return frame_check(reg->secret.len == 0 && reg->mail.len == 0);
    case REGISTER_LINK:
        return frame_check(reg->secret.len == TOKEN && reg->mail.len == 0);
    case REGISTER_PASSWORD:
        TRY(frame_check(reg->secret.len == PASSWORD_TEXT));
        return frame_check_mail(reg->mail);
    default:
        return SOTTO_E_VALUE;
    }
}

static sotto_err check(const struct proto_register *reg)
{
    TRY(frame_check(reg->genesis.len > 0 && reg->request.len > 0));
    TRY(frame_check(reg->device_list.len > 0 && reg->certificate.len > 0));
    return check_secret(reg);
}

sotto_err proto_register_read(view body, struct proto_register *ret_register)
{
    struct rd r = rd_of(body);
    struct proto_register reg = {0};
    reg.how = rd_u8(&r);
    reg.secret = rd_opaque(&r, ACCOUNT_SECRET_MAX);
    reg.mail = rd_opaque(&r, ACCOUNT_MAIL_MAX);
    reg.genesis = rd_opaque(&r, ACCOUNT_RECORD_MAX);
    reg.request = rd_opaque(&r, ACCOUNT_RECORD_MAX);
    reg.device_list = rd_opaque(&r, ACCOUNT_RECORD_MAX);
    reg.certificate = rd_opaque(&r, X509_MAX);
    rd_check(&r, check(&reg));
    TRY(rd_end(&r));
    *ret_register = reg;
    return SOTTO_OK;
}

sotto_err proto_register_write(uint32_t request, const struct proto_register *reg, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_REGISTER, request);
    wr_u8(&w, reg->how);
    wr_opaque(&w, reg->secret);
    wr_opaque(&w, reg->mail);
    frame_record_write(&w, reg->genesis);
    frame_record_write(&w, reg->request);
    frame_record_write(&w, reg->device_list);
    frame_certificate_write(&w, reg->certificate);
    wr_check(&w, check(reg));
    return wr_end(&w);
}
