/* struct { opaque label<V> = "sotto account request"; uint8 version = 1; opaque account_id[32]; opaque account_key[32];
 *          opaque name<V>; opaque server_pin[15]; opaque nonce[32]; opaque signature[64]; } account_request; */
#include "identity/identity_local.h"

#define LABEL VIEW_LIT("sotto account request")
#define REQUEST_MAX                                                                            \
    (1 + 21 + 1 + ACCOUNT_ID + ED25519_PUBLIC + 2 + X509_NAME_MAX + X509_PIN + REQUEST_NONCE + \
     ED25519_SIGNATURE)

sotto_err account_request_read(view bytes, struct account_request *ret_request)
{
    struct rd r = rd_of(bytes);
    struct account_request request = {0};
    record_read_head(&r, LABEL);
    rd_copy(&r, request.account_id, sizeof request.account_id);
    rd_copy(&r, request.account_key, sizeof request.account_key);
    request.name = rd_opaque(&r, X509_NAME_MAX);
    rd_demand(&r, x509_name_valid(request.name));
    rd_copy(&r, request.server_pin, sizeof request.server_pin);
    rd_copy(&r, request.nonce, sizeof request.nonce);
    rd_copy(&r, request.signature, sizeof request.signature);
    TRY(rd_end(&r));
    *ret_request = request;
    return SOTTO_OK;
}

sotto_err account_request_write(const struct account_request *request, sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, LABEL);
    wr_bytes(&w, VIEW_OF(request->account_id));
    wr_bytes(&w, VIEW_OF(request->account_key));
    wr_demand(&w, x509_name_valid(request->name));
    wr_opaque(&w, request->name);
    wr_bytes(&w, VIEW_OF(request->server_pin));
    wr_bytes(&w, VIEW_OF(request->nonce));
    wr_bytes(&w, VIEW_OF(request->signature));
    return wr_end(&w);
}

sotto_err account_request_sign(sotto_crypto *c, const sotto_sign_key *account_key,
                               struct account_request *request)
{
    view public_key = sign_key_public(account_key);
    if (sign_key_id(account_key) != SIGN_ED25519)
        return SOTTO_E_USAGE;
    struct account_request out = *request;
    memcpy(out.account_key, public_key.data, sizeof out.account_key);
    uint8_t bytes[REQUEST_MAX];
    sotto_buf record = BUF_ON(bytes);
    TRY(account_request_write(&out, &record));
    TRY(record_sign(c, account_key, record_signed_part(&record), out.signature));
    *request = out;
    return SOTTO_OK;
}

sotto_err account_request_verify(sotto_crypto *c, const struct account_request *request)
{
    uint8_t bytes[REQUEST_MAX];
    sotto_buf record = BUF_ON(bytes);
    TRY(account_request_write(request, &record));
    return record_verify(c, request->account_key, record_signed_part(&record), request->signature);
}
