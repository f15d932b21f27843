/* Frames as wslay reads them, and the same however the stream is cut into pieces.
 * Input: one byte for our role and the size of the pieces, one for the largest message (odd: text is taken too), then the stream.
 *
 * We refuse more than wslay's frame reader does, and nothing else: reserved bits, text and unknown opcodes, a mask that is missing or
 * should not be there, a continuation of nothing, a message inside a message, and messages over the limit. */
#include "fuzz.h"

#include <wslay/wslay.h>

#include "base/buf.h"
#include "proto/ws.h"

/* What reading a stream gave: each frame as fin, opcode, length and payload, then the verdict. */
struct outcome {
    sotto_buf frames;
    size_t used; /* bytes of whole frames */
    sotto_err err;
};

static void keep(sotto_buf *frames, bool fin, uint8_t opcode, view payload)
{
    const uint8_t head[6] = {fin,
                             opcode,
                             (uint8_t)(payload.len >> 24),
                             (uint8_t)(payload.len >> 16),
                             (uint8_t)(payload.len >> 8),
                             (uint8_t)payload.len};
    HOLDS(buf_append(frames, VIEW_OF(head)) == SOTTO_OK);
    HOLDS(buf_append(frames, payload) == SOTTO_OK);
}

/* Takes the frames that are whole in what has come of the stream so far. */
static void take_frames(struct ws_reader *reader, view come, struct outcome *out)
{
    for (;;) {
        struct ws_frame frame;
        size_t rest = come.len - out->used, len = 0, need = 0;
        uint8_t *copy = fuzz_copy(view_of(come.data + out->used, rest));
        out->err = ws_frame_read(reader, copy, rest, &frame, &len, &need);
        if (out->err == SOTTO_OK && len > 0) {
            HOLDS(len <= rest && frame.payload.data + frame.payload.len == copy + len);
            keep(&out->frames, frame.fin, frame.opcode, frame.payload);
            out->used += len;
        } else if (out->err == SOTTO_OK) {
            HOLDS(need > rest &&
                  need <= WS_HEADER_MAX + WS_CONTROL_MAX + (size_t)reader->message_max);
        }
        free(copy);
        if (out->err != SOTTO_OK || len == 0)
            return;
    }
}

static struct outcome read_ours(struct ws_reader reader, view stream, size_t step)
{
    struct outcome out = {0};
    for (size_t have = size_min(step, stream.len);; have = size_min(have + step, stream.len)) {
        take_frames(&reader, view_of(stream.data, have), &out);
        if (out.err != SOTTO_OK || have == stream.len)
            return out;
    }
}

static ssize_t give_wslay(uint8_t *to, size_t len, int flags, void *user)
{
    view *rest = user;
    (void)flags;
    view taken = fuzz_bytes(rest, len);
    if (taken.len == 0)
        return -1; /* nothing is there yet */
    memcpy(to, taken.data, taken.len);
    return (ssize_t)taken.len;
}

/* Whether we refuse this frame for one of the reasons that wslay does not know. */
static bool we_are_stricter(const struct ws_reader *reader, const struct wslay_frame_iocb *frame)
{
    bool control = frame->opcode >= 8;
    bool data = frame->opcode == 2 || (frame->opcode == 1 && reader->text);
    bool known = frame->opcode == 0 || data || (frame->opcode >= 8 && frame->opcode <= 10);
    bool order = frame->opcode == 0 ? reader->fragmented : !data || !reader->fragmented;
    bool masked = (frame->mask != 0) == (reader->role == WS_SERVER);
    bool fits = control || reader->message_len + frame->payload_length <= reader->message_max;
    return frame->rsv != 0 || !known || !order || !masked || !fits;
}

static void advance(struct ws_reader *reader, const struct wslay_frame_iocb *frame)
{
    if (frame->opcode >= 8)
        return;
    reader->fragmented = !frame->fin;
    reader->message_len = frame->fin ? 0 : reader->message_len + (uint32_t)frame->payload_length;
}

/* One frame of wslay's: 1 it is whole, 0 bytes are missing, -1 it is refused. */
static int take_wslay(wslay_frame_context_ptr context, struct wslay_frame_iocb *frame,
                      sotto_buf *payload)
{
    buf_reset(payload);
    do {
        ssize_t got = wslay_frame_recv(context, frame);
        if (got == WSLAY_ERR_WANT_READ)
            return 0;
        if (got < 0)
            return -1;
        HOLDS(buf_append(payload, view_of(frame->data, frame->data_length)) == SOTTO_OK);
    } while (payload->len < frame->payload_length);
    return 1;
}

static struct outcome read_wslay(struct ws_reader reader, view stream)
{
    struct outcome out = {0};
    sotto_buf payload = {0};
    struct wslay_frame_iocb frame;
    wslay_frame_context_ptr context = NULL;
    const struct wslay_frame_callbacks callbacks = {.recv_callback = give_wslay};
    HOLDS(wslay_frame_context_init(&context, &callbacks, &stream) == 0);
    int state;
    for (;;) {
        memset(&frame, 0, sizeof frame);
        state = take_wslay(context, &frame, &payload);
        if (state != 1)
            break;
        if (we_are_stricter(&reader, &frame)) {
            state = -1;
            break;
        }
        keep(&out.frames, frame.fin != 0, frame.opcode, buf_view(&payload));
        advance(&reader, &frame);
    }
    out.err = state < 0 ? SOTTO_E_WEBSOCKET : SOTTO_OK;
    wslay_frame_context_free(context);
    buf_clear(&payload);
    return out;
}

/* wslay sees a frame's header only with the first byte of its payload; where the stream ends inside a frame, we may have refused what
 * it still waits for. */
static void agree(const struct outcome *ours, const struct outcome *theirs)
{
    HOLDS(view_equal(buf_view(&ours->frames), buf_view(&theirs->frames)));
    if (theirs->err != SOTTO_OK)
        HOLDS(ours->err != SOTTO_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view stream = view_of(data, size);
    uint8_t choice = fuzz_u8(&stream), limit = fuzz_u8(&stream);
    struct ws_reader reader = {.role = choice & 1 ? WS_SERVER : WS_CLIENT,
                               .text = limit & 1,
                               .message_max = (uint32_t)limit * 300};
    struct outcome whole = read_ours(reader, stream, stream.len + 1);
    size_t step = (1 + (size_t)(choice >> 1)) * (1 + stream.len / 2048); /* bounds the time */
    struct outcome pieces = read_ours(reader, stream, step);
    struct outcome theirs = read_wslay(reader, stream);
    HOLDS(whole.err == pieces.err && whole.used == pieces.used);
    HOLDS(view_equal(buf_view(&whole.frames), buf_view(&pieces.frames)));
    agree(&whole, &theirs);
    buf_clear(&whole.frames);
    buf_clear(&pieces.frames);
    buf_clear(&theirs.frames);
    return 0;
}
