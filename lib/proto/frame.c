#include "proto/frame.h"

#include "base/text.h"

const char *proto_kind_name(uint16_t kind)
{
    switch (kind) {
#define KIND_NAME(name, number, from, text, what) \
    case number:                                  \
        return text;
        PROTO_KINDS(KIND_NAME)
#undef KIND_NAME
    default:
        return NULL;
    }
}

sotto_err proto_frame_read(view bytes, struct proto_frame *ret_frame)
{
    if (bytes.len > PROTO_FRAME_MAX)
        return SOTTO_E_TOO_LARGE;
    struct rd r = rd_of(bytes);
    struct proto_frame frame = {0};
    frame.kind = rd_u16(&r);
    frame.request = rd_u32(&r);
    frame.body = rd_rest(&r);
    TRY(rd_end(&r));
    *ret_frame = frame;
    return SOTTO_OK;
}

struct wr frame_begin(sotto_buf *out, enum proto_kind kind, uint32_t request)
{
    struct wr w = wr_to(out);
    wr_u16(&w, (uint16_t)kind);
    wr_u32(&w, request);
    return w;
}

sotto_err frame_check_software(view software)
{
    if (software.len > HELLO_SOFTWARE_MAX)
        return SOTTO_E_TOO_LARGE;
    for (size_t i = 0; i < software.len; i++)
        if (software.data[i] < ' ' || software.data[i] > '~')
            return SOTTO_E_VALUE;
    return SOTTO_OK;
}

static bool is_suite_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

sotto_err frame_check_suite(view suite)
{
    if (suite.len > PROTO_SUITE_MAX)
        return SOTTO_E_TOO_LARGE;
    for (size_t i = 0; i < suite.len; i++)
        if (!is_suite_char(suite.data[i]))
            return SOTTO_E_VALUE;
    return SOTTO_OK;
}

sotto_err frame_check_room(uint8_t kind, view suite)
{
    bool session = kind == ROOM_SESSION && suite.len == 0;
    bool lab = kind == ROOM_LAB && suite.len > 0;
    return frame_check(session || lab);
}

sotto_err frame_check_slot(uint32_t slot)
{
    return frame_check(slot > 0);
}

static sotto_err frame_check_error(const struct proto_error *error)
{
    if (error->detail.len > PROTO_DETAIL_MAX)
        return SOTTO_E_TOO_LARGE;
    return frame_check(error->code != SOTTO_OK && utf8_valid(error->detail));
}

sotto_err frame_error_read(view body, struct proto_error *ret_error)
{
    struct rd r = rd_of(body);
    struct proto_error error = {0};
    error.code = rd_u16(&r);
    error.retry_ms = rd_u32(&r);
    error.detail = rd_opaque(&r, PROTO_DETAIL_MAX);
    rd_check(&r, frame_check_error(&error));
    TRY(rd_end(&r));
    *ret_error = error;
    return SOTTO_OK;
}

sotto_err frame_error_write(enum proto_kind kind, uint32_t request, const struct proto_error *error,
                            sotto_buf *out)
{
    struct wr w = frame_begin(out, kind, request);
    wr_u16(&w, error->code);
    wr_u32(&w, error->retry_ms);
    wr_opaque(&w, error->detail);
    wr_check(&w, frame_check_error(error));
    return wr_end(&w);
}

sotto_err frame_slot_read(view body, uint32_t *ret_slot)
{
    struct rd r = rd_of(body);
    uint32_t slot = rd_u32(&r);
    rd_check(&r, frame_check_slot(slot));
    TRY(rd_end(&r));
    *ret_slot = slot;
    return SOTTO_OK;
}

sotto_err frame_slot_write(enum proto_kind kind, uint32_t request, uint32_t slot, sotto_buf *out)
{
    struct wr w = frame_begin(out, kind, request);
    wr_u32(&w, slot);
    wr_check(&w, frame_check_slot(slot));
    return wr_end(&w);
}

bool frame_flag(struct rd *r)
{
    uint8_t flag = rd_u8(r);
    rd_check(r, frame_check(flag <= 1));
    return flag == 1;
}

void frame_list_read(struct rd *r, size_t max, frame_item *item, struct proto_list *out)
{
    struct rd items = rd_vector(r, PROTO_FRAME_MAX);
    const struct rd start = items;
    struct proto_list list = {0};
    while (rd_more(&items)) {
        item(&items);
        rd_check(&items, list.count < max ? SOTTO_OK : SOTTO_E_TOO_LARGE);
        list.count++;
    }
    list.bytes = rd_since(&items, &start);
    rd_join(r, &items);
    *out = list;
}

void frame_list_write(struct wr *w, const struct proto_list *list, size_t max, frame_item *item)
{
    struct rd items = rd_of(list->bytes);
    size_t count = 0;
    for (; rd_more(&items); count++)
        item(&items);
    wr_check(w, rd_end(&items));
    wr_check(w, frame_check(count == list->count));
    wr_check(w, count <= max ? SOTTO_OK : SOTTO_E_TOO_LARGE);
    wr_opaque(w, list->bytes);
}

sotto_err frame_empty_read(view body)
{
    struct rd r = rd_of(body);
    return rd_end(&r);
}

sotto_err frame_empty_write(enum proto_kind kind, uint32_t request, sotto_buf *out)
{
    struct wr w = frame_begin(out, kind, request);
    return wr_end(&w);
}

sotto_err frame_stream_read(view body, uint8_t ret_stream[PROTO_STREAM_ID])
{
    struct rd r = rd_of(body);
    view stream = rd_bytes(&r, PROTO_STREAM_ID);
    TRY(rd_end(&r));
    memcpy(ret_stream, stream.data, PROTO_STREAM_ID);
    return SOTTO_OK;
}

sotto_err frame_stream_write(enum proto_kind kind, uint32_t request,
                             const uint8_t stream[PROTO_STREAM_ID], sotto_buf *out)
{
    struct wr w = frame_begin(out, kind, request);
    wr_bytes(&w, view_of(stream, PROTO_STREAM_ID));
    return wr_end(&w);
}
