#include "net/hello.h"

#include <sotto/version.h>

static bool knows_version(const struct proto_hello *hello, uint16_t version)
{
    for (size_t i = 0; i < hello->version_count; i++)
        if (hello->versions[i] == version)
            return true;
    return false;
}

static sotto_err hello_sign(sotto_crypto *c, const sotto_sign_key *key,
                            const struct proto_hello *hello, const uint8_t exporter[HELLO_EXPORTER],
                            struct proto_hello_ok *ok)
{
    DEFER(buf_clear) sotto_buf message = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    TRY(proto_hello_signed(ok->nonce, exporter, hello->challenge, &message));
    TRY(sign(c, key, buf_view(&message), &signature));
    if (signature.len != sizeof ok->signature)
        return SOTTO_E_CRYPTO;
    memcpy(ok->signature, signature.data, sizeof ok->signature);
    return SOTTO_OK;
}

sotto_err hello_answer(sotto_crypto *c, const sotto_sign_key *key, const struct identity *identity,
                       uint32_t frame_max, view hello, const uint8_t exporter[HELLO_EXPORTER],
                       const uint8_t nonce[HELLO_NONCE], sotto_buf *out)
{
    struct proto_frame frame;
    TRY(proto_frame_read(hello, &frame));
    if (frame.kind != PROTO_HELLO)
        return SOTTO_E_UNEXPECTED;
    struct proto_hello said;
    TRY(proto_hello_read(frame.body, &said));
    if (!knows_version(&said, PROTO_VERSION))
        return SOTTO_E_VERSION;
    struct proto_hello_ok ok = {
        .version = PROTO_VERSION,
        .frame_max = frame_max,
        .software = VIEW_LIT("sottod " SOTTO_VERSION),
    };
    ok.chain[ok.chain_count++] = buf_view(&identity->server_cert);
    if (identity->intermediate_cert.len > 0)
        ok.chain[ok.chain_count++] = buf_view(&identity->intermediate_cert);
    ok.chain[ok.chain_count++] = buf_view(&identity->root_cert);
    memcpy(ok.nonce, nonce, sizeof ok.nonce);
    TRY(hello_sign(c, key, &said, exporter, &ok));
    return proto_hello_ok_write(frame.request, &ok, out);
}
