/* frame.h - what the message files share: how a frame begins, what may stand in the texts, and the shapes that several
 * messages have in common. Private to lib/proto.
 * Each check fails the reader or the writer with the same error, so that nothing is written that would not be read. */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "proto/stream.h"

/* A writer that has written a frame's header. */
struct wr frame_begin(sotto_buf *out, enum proto_kind kind, uint32_t request);

/* VALUE: not printable ASCII. TOO_LARGE: over HELLO_SOFTWARE_MAX. */
sotto_err frame_check_software(view software);

/* VALUE: another character than a lower-case letter, digit or '-'. TOO_LARGE: over PROTO_SUITE_MAX. May be empty. */
sotto_err frame_check_suite(view suite);

/* VALUE: neither kind of room, a lab room without a suite, or a session with one. */
sotto_err frame_check_room(uint8_t kind, view suite);

/* VALUE: 0. */
sotto_err frame_check_slot(uint32_t slot);

/* VALUE: fails the condition. */
static inline sotto_err frame_check(bool holds)
{
    return holds ? SOTTO_OK : SOTTO_E_VALUE;
}

/* Operations count from 1. */
static inline sotto_err frame_check_op(uint64_t op)
{
    return frame_check(op > 0);
}

/* Empty, or the hash of a blob. */
static inline sotto_err frame_check_blob(view blob)
{
    return frame_check(blob.len == 0 || blob.len == PROTO_HASH);
}

/* Bytes that stand here, or in a blob. */
static inline sotto_err frame_check_either(view body, view blob)
{
    TRY(frame_check_blob(blob));
    return frame_check((body.len == 0) != (blob.len == 0));
}

static inline void rd_check(struct rd *r, sotto_err verdict)
{
    if (verdict != SOTTO_OK)
        rd_fail(r, verdict);
}

static inline void wr_check(struct wr *w, sotto_err verdict)
{
    if (verdict != SOTTO_OK)
        wr_fail(w, verdict);
}

/* VALUE: not 0 or 1. */
bool frame_flag(struct rd *r);

/* Vectors of items, each read by `item`, which fails the reader where one is not right. TOO_LARGE: more than `max` of them. */
typedef void frame_item(struct rd *r);
void frame_list_read(struct rd *r, size_t max, frame_item *item, struct proto_list *out);
void frame_list_write(struct wr *w, const struct proto_list *list, size_t max, frame_item *item);

/* account_shape.c: what the frames about accounts have in common. A record or certificate is not empty. */
sotto_err frame_check_mail(view mail);
view frame_record_read(struct rd *r);
void frame_record_write(struct wr *w, view record);
void frame_record_item(struct rd *r);
void frame_certificate_write(struct wr *w, view certificate);
void frame_certificate_item(struct rd *r);

/* The body of a message that has none. */
SOTTO_MUST_USE sotto_err frame_empty_read(view body);
SOTTO_MUST_USE sotto_err frame_empty_write(enum proto_kind kind, uint32_t request, sotto_buf *out);

/* struct { uint16 code; uint32 retry_ms; opaque detail<V>; }: error, bye */
SOTTO_MUST_USE sotto_err frame_error_read(view body, struct proto_error *ret_error);
SOTTO_MUST_USE sotto_err frame_error_write(enum proto_kind kind, uint32_t request,
                                           const struct proto_error *error, sotto_buf *out);

/* struct { uint32 slot; }: room_peer, room_confirm */
SOTTO_MUST_USE sotto_err frame_slot_read(view body, uint32_t *ret_slot);
SOTTO_MUST_USE sotto_err frame_slot_write(enum proto_kind kind, uint32_t request, uint32_t slot,
                                          sotto_buf *out);

/* struct { opaque stream[16]; }: streams, unsubscribe */
SOTTO_MUST_USE sotto_err frame_stream_read(view body, uint8_t ret_stream[PROTO_STREAM_ID]);
SOTTO_MUST_USE sotto_err frame_stream_write(enum proto_kind kind, uint32_t request,
                                            const uint8_t stream[PROTO_STREAM_ID], sotto_buf *out);

#endif
