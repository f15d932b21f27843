/* struct { uint16 versions<V>; opaque challenge[32]; opaque software<V>; } hello; */
#include "proto/frame.h"

static void versions_read(struct rd *r, struct proto_hello *out)
{
    struct rd versions = rd_vector(r, HELLO_VERSIONS_MAX * sizeof(uint16_t));
    while (rd_more(&versions))
        out->versions[out->version_count++] = rd_u16(&versions);
    rd_join(r, &versions);
    rd_check(r, frame_check(out->version_count > 0));
}

static void versions_write(struct wr *w, const struct proto_hello *hello)
{
    if (hello->version_count == 0 || hello->version_count > HELLO_VERSIONS_MAX) {
        wr_fail(w, hello->version_count == 0 ? SOTTO_E_VALUE : SOTTO_E_TOO_LARGE);
        return;
    }
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < hello->version_count; i++)
        wr_u16(w, hello->versions[i]);
    wr_vector_end(w, mark);
}

sotto_err proto_hello_read(view body, struct proto_hello *ret_hello)
{
    struct rd r = rd_of(body);
    struct proto_hello hello = {0};
    versions_read(&r, &hello);
    rd_copy(&r, hello.challenge, sizeof hello.challenge);
    hello.software = rd_opaque(&r, HELLO_SOFTWARE_MAX);
    rd_check(&r, frame_check_software(hello.software));
    TRY(rd_end(&r));
    *ret_hello = hello;
    return SOTTO_OK;
}

sotto_err proto_hello_write(uint32_t request, const struct proto_hello *hello, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_HELLO, request);
    versions_write(&w, hello);
    wr_bytes(&w, VIEW_OF(hello->challenge));
    wr_opaque(&w, hello->software);
    wr_check(&w, frame_check_software(hello->software));
    return wr_end(&w);
}
