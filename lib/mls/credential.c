#include "mls/credential.h"

/* struct { opaque cert_data<V>; } Certificate; */
void credential_certificate_read(struct rd *r, view *out)
{
    *out = rd_opaque(r, MLS_CREDENTIAL_MAX);
    codec_check(r, CHECK_FORM_CERTIFICATES, out->len > 0);
}

static void certificate_item(struct rd *r)
{
    view certificate;
    credential_certificate_read(r, &certificate);
}

/* struct {
 *     CredentialType credential_type;
 *     select (Credential.credential_type) {
 *         case basic: opaque identity<V>;
 *         case x509:  Certificate certificates<V>;
 *     };
 * } Credential;                                                                              RFC 9420 5.3 */
void credential_read(struct rd *r, struct credential *out)
{
    *out = (struct credential){.credential_type = rd_u16(r)};
    switch (out->credential_type) {
    case CREDENTIAL_BASIC:
        out->identity = rd_opaque(r, MLS_CREDENTIAL_MAX);
        break;
    case CREDENTIAL_X509:
        out->certificates = codec_list(r, MLS_CREDENTIAL_MAX, certificate_item);
        codec_check(r, CHECK_FORM_CERTIFICATES, out->certificates.len > 0);
        break;
    default:
        codec_check(r, CHECK_FORM_CREDENTIAL_TYPE, false);
    }
}

void credential_write(struct wr *w, const struct credential *credential)
{
    wr_u16(w, credential->credential_type);
    switch (credential->credential_type) {
    case CREDENTIAL_BASIC:
        wr_opaque(w, credential->identity);
        break;
    case CREDENTIAL_X509:
        wr_opaque(w, credential->certificates);
        break;
    default:
        wr_fail(w, SOTTO_E_VALUE);
    }
}
