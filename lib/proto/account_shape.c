#include "proto/account.h"
#include "proto/frame.h"

/* Printable ASCII around one '@'. */
sotto_err frame_check_mail(view mail)
{
    size_t at = 0;
    if (mail.len > ACCOUNT_MAIL_MAX)
        return SOTTO_E_TOO_LARGE;
    for (size_t i = 0; i < mail.len; i++) {
        if (mail.data[i] <= ' ' || mail.data[i] > '~' || (mail.data[i] == '@' && at > 0))
            return SOTTO_E_VALUE;
        at = mail.data[i] == '@' ? i : at;
    }
    return frame_check(at > 0 && at + 1 < mail.len);
}

view frame_record_read(struct rd *r)
{
    view record = rd_opaque(r, ACCOUNT_RECORD_MAX);
    rd_check(r, frame_check(record.len > 0));
    return record;
}

void frame_record_write(struct wr *w, view record)
{
    wr_check(w, record.len <= ACCOUNT_RECORD_MAX ? SOTTO_OK : SOTTO_E_TOO_LARGE);
    wr_check(w, frame_check(record.len > 0));
    wr_opaque(w, record);
}

void frame_record_item(struct rd *r)
{
    (void)frame_record_read(r);
}

void frame_certificate_write(struct wr *w, view certificate)
{
    wr_check(w, certificate.len <= X509_MAX ? SOTTO_OK : SOTTO_E_TOO_LARGE);
    wr_check(w, frame_check(certificate.len > 0));
    wr_opaque(w, certificate);
}

void frame_certificate_item(struct rd *r)
{
    view certificate = rd_opaque(r, X509_MAX);
    rd_check(r, frame_check(certificate.len > 0));
}
