/* message.h - what every message's test asks: the bytes of a vector read and written again are the same bytes; every
 * truncation and one spare byte are refused; and a refusal leaves the output as it was. Vectors are whole frames in hex, put
 * together by hand from docs/protocol.md. */
#ifndef TEST_PROTO_MESSAGE_H
#define TEST_PROTO_MESSAGE_H

#include "unit.h"

#include "proto/proto.h"

/* Reads a body and writes what was read as a whole frame. */
typedef sotto_err rewrite_fn(view body, uint32_t request, sotto_buf *out);

static inline void message_refused(rewrite_fn *rewrite, view body, sotto_err wanted)
{
    DEFER(buf_clear) sotto_buf out = {0};
    sotto_err err = rewrite(body, 1, &out);
    if (wanted == SOTTO_OK)
        assert_int_not_equal(err, SOTTO_OK);
    else
        assert_int_equal(err, wanted);
    assert_int_equal(out.len, 0);
}

/* The body is the frame without its header. */
static inline void message_refuses(rewrite_fn *rewrite, const char *body_hex, sotto_err wanted)
{
    DEFER(buf_clear) sotto_buf body = unhex(body_hex);
    message_refused(rewrite, buf_view(&body), wanted);
}

static inline void message_refuses_truncations(rewrite_fn *rewrite, view body)
{
    for (size_t len = 0; len < body.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1); /* exactly as long, for the sanitizers */
        assert_non_null(cut);
        memcpy(cut, body.data, len);
        message_refused(rewrite, view_of(cut, len), SOTTO_OK);
        free(cut);
    }
}

static inline void message_refuses_spare_byte(rewrite_fn *rewrite, view body)
{
    DEFER(buf_clear) sotto_buf longer = {0};
    assert_int_equal(buf_append(&longer, body), SOTTO_OK);
    assert_int_equal(buf_append(&longer, VIEW_LIT("\0")), SOTTO_OK);
    message_refused(rewrite, buf_view(&longer), SOTTO_E_TRAILING);
}

static inline void message_holds(rewrite_fn *rewrite, enum proto_kind kind, const char *frame_hex)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(frame_hex);
    DEFER(buf_clear) sotto_buf again = {0};
    struct proto_frame frame = {0};
    assert_int_equal(proto_frame_read(buf_view(&bytes), &frame), SOTTO_OK);
    assert_int_equal(frame.kind, kind);
    assert_int_equal(rewrite(frame.body, frame.request, &again), SOTTO_OK);
    assert_int_equal(again.len, bytes.len);
    assert_memory_equal(again.data, bytes.data, bytes.len);
    message_refuses_truncations(rewrite, frame.body);
    message_refuses_spare_byte(rewrite, frame.body);
}

#endif
