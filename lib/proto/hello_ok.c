/* struct { uint16 version; opaque nonce[32]; opaque chain<V><V>; opaque signature[64]; uint32 frame_max;
 *          opaque software<V>; } hello_ok; */
#include "proto/frame.h"

#define CHAIN_MIN 2 /* server key and root */
#define CHAIN_BYTES_MAX \
    (HELLO_CHAIN_MAX * (HELLO_CERTIFICATE_MAX + 4)) /* each behind at most 4 bytes of length */
#define SIGNED_LABEL "sotto hello 1"

static sotto_err check_certificate(view certificate)
{
    if (certificate.len > HELLO_CERTIFICATE_MAX)
        return SOTTO_E_TOO_LARGE;
    return frame_check(certificate.len > 0);
}

static sotto_err check_chain_count(size_t count)
{
    if (count > HELLO_CHAIN_MAX)
        return SOTTO_E_TOO_LARGE;
    return frame_check(count >= CHAIN_MIN);
}

static void chain_read(struct rd *r, struct proto_hello_ok *out)
{
    struct rd chain = rd_vector(r, CHAIN_BYTES_MAX);
    while (rd_more(&chain)) {
        view certificate = rd_opaque(&chain, HELLO_CERTIFICATE_MAX);
        rd_check(&chain, check_certificate(certificate));
        rd_check(&chain, out->chain_count < HELLO_CHAIN_MAX ? SOTTO_OK : SOTTO_E_TOO_LARGE);
        if (rd_ok(&chain))
            out->chain[out->chain_count++] = certificate;
    }
    rd_join(r, &chain);
    rd_check(r, check_chain_count(out->chain_count));
}

static void chain_write(struct wr *w, const struct proto_hello_ok *ok)
{
    if (check_chain_count(ok->chain_count) != SOTTO_OK) {
        wr_check(w, check_chain_count(ok->chain_count));
        return;
    }
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < ok->chain_count; i++) {
        wr_check(w, check_certificate(ok->chain[i]));
        wr_opaque(w, ok->chain[i]);
    }
    wr_vector_end(w, mark);
}

sotto_err proto_hello_ok_read(view body, struct proto_hello_ok *ret_ok)
{
    struct rd r = rd_of(body);
    struct proto_hello_ok ok = {0};
    ok.version = rd_u16(&r);
    rd_copy(&r, ok.nonce, sizeof ok.nonce);
    chain_read(&r, &ok);
    rd_copy(&r, ok.signature, sizeof ok.signature);
    ok.frame_max = rd_u32(&r);
    ok.software = rd_opaque(&r, HELLO_SOFTWARE_MAX);
    rd_check(&r, frame_check(ok.frame_max >= PROTO_HEADER));
    rd_check(&r, frame_check_software(ok.software));
    TRY(rd_end(&r));
    *ret_ok = ok;
    return SOTTO_OK;
}

sotto_err proto_hello_ok_write(uint32_t request, const struct proto_hello_ok *ok, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_HELLO_OK, request);
    wr_u16(&w, ok->version);
    wr_bytes(&w, VIEW_OF(ok->nonce));
    chain_write(&w, ok);
    wr_bytes(&w, VIEW_OF(ok->signature));
    wr_u32(&w, ok->frame_max);
    wr_opaque(&w, ok->software);
    wr_check(&w, frame_check(ok->frame_max >= PROTO_HEADER));
    wr_check(&w, frame_check_software(ok->software));
    return wr_end(&w);
}

sotto_err proto_hello_signed(const uint8_t nonce[HELLO_NONCE],
                             const uint8_t exporter[HELLO_EXPORTER],
                             const uint8_t challenge[HELLO_CHALLENGE], sotto_buf *out)
{
    buf_reset(out);
    struct wr w = wr_to(out);
    wr_opaque(&w, VIEW_LIT(SIGNED_LABEL));
    wr_bytes(&w, view_of(nonce, HELLO_NONCE));
    wr_bytes(&w, view_of(exporter, HELLO_EXPORTER));
    wr_bytes(&w, view_of(challenge, HELLO_CHALLENGE));
    return wr_end(&w);
}
