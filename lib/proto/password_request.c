/* struct { opaque mail<V>; } password_request; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_password_request_read(view body, view *ret_mail)
{
    struct rd r = rd_of(body);
    view mail = rd_opaque(&r, ACCOUNT_MAIL_MAX);
    rd_check(&r, frame_check_mail(mail));
    TRY(rd_end(&r));
    *ret_mail = mail;
    return SOTTO_OK;
}

sotto_err proto_password_request_write(uint32_t request, view mail, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_PASSWORD_REQUEST, request);
    wr_opaque(&w, mail);
    wr_check(&w, frame_check_mail(mail));
    return wr_end(&w);
}
