/* A frame that is read and written again is the same bytes, and no shorter body of the same kind would have been read. */
#include "fuzz.h"

#include "proto/proto.h"

/* Reads a body as its kind says and writes what was read. KIND: no such message. */
static sotto_err rewrite(const struct proto_frame *f, view body, sotto_buf *out)
{
    union {
        struct proto_hello hello;
        struct proto_hello_ok hello_ok;
        struct proto_error error;
        struct proto_room_open open;
        struct proto_room_opened opened;
        struct proto_room_join join;
        struct proto_room_joined joined;
        struct proto_room_data data;
        struct proto_room_end_msg end;
        uint32_t slot;
    } m;
    switch (f->kind) {
    case PROTO_HELLO:
        TRY(proto_hello_read(body, &m.hello));
        return proto_hello_write(f->request, &m.hello, out);
    case PROTO_HELLO_OK:
        TRY(proto_hello_ok_read(body, &m.hello_ok));
        return proto_hello_ok_write(f->request, &m.hello_ok, out);
    case PROTO_ERROR:
        TRY(proto_error_read(body, &m.error));
        return proto_error_write(f->request, &m.error, out);
    case PROTO_OK:
        TRY(proto_ok_read(body));
        return proto_ok_write(f->request, out);
    case PROTO_BYE:
        TRY(proto_bye_read(body, &m.error));
        return proto_bye_write(&m.error, out);
    case PROTO_ROOM_OPEN:
        TRY(proto_room_open_read(body, &m.open));
        return proto_room_open_write(f->request, &m.open, out);
    case PROTO_ROOM_OPENED:
        TRY(proto_room_opened_read(body, &m.opened));
        return proto_room_opened_write(f->request, &m.opened, out);
    case PROTO_ROOM_JOIN:
        TRY(proto_room_join_read(body, &m.join));
        return proto_room_join_write(f->request, &m.join, out);
    case PROTO_ROOM_JOINED:
        TRY(proto_room_joined_read(body, &m.joined));
        return proto_room_joined_write(f->request, &m.joined, out);
    case PROTO_ROOM_PEER:
        TRY(proto_room_peer_read(body, &m.slot));
        return proto_room_peer_write(m.slot, out);
    case PROTO_ROOM_SEND:
        TRY(proto_room_data_read(body, &m.data));
        return proto_room_send_write(f->request, &m.data, out);
    case PROTO_ROOM_DATA:
        TRY(proto_room_data_read(body, &m.data));
        return proto_room_data_write(&m.data, out);
    case PROTO_ROOM_CONFIRM:
        TRY(proto_room_confirm_read(body, &m.slot));
        return proto_room_confirm_write(f->request, m.slot, out);
    case PROTO_ROOM_CLOSE:
        TRY(proto_room_close_read(body, &m.end));
        return proto_room_close_write(f->request, &m.end, out);
    case PROTO_ROOM_CLOSED:
        TRY(proto_room_closed_read(body, &m.end));
        return proto_room_closed_write(&m.end, out);
    default:
        return SOTTO_E_KIND;
    }
}

/* These carry no request's id, so their writers take none. */
static bool is_pushed(uint16_t kind)
{
    return kind == PROTO_BYE || kind == PROTO_ROOM_PEER || kind == PROTO_ROOM_DATA ||
           kind == PROTO_ROOM_CLOSED;
}

static void check_truncations(const struct proto_frame *f)
{
    sotto_buf out = {0};
    for (size_t len = 0; len < f->body.len; len += 1 + len / 64) {
        uint8_t *cut = fuzz_copy(view_of(f->body.data, len));
        HOLDS(rewrite(f, view_of(cut, len), &out) != SOTTO_OK);
        HOLDS(out.len == 0);
        free(cut);
    }
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proto_frame f = {0};
    if (proto_frame_read(view_of(data, size), &f) != SOTTO_OK)
        return 0;
    HOLDS(f.body.len + PROTO_HEADER == size);
    sotto_buf out = {0};
    sotto_err err = rewrite(&f, f.body, &out);
    HOLDS((err == SOTTO_E_KIND) == (proto_kind_name(f.kind) == NULL));
    if (err == SOTTO_OK) {
        size_t from = is_pushed(f.kind) && f.request != 0 ? PROTO_HEADER : 0;
        HOLDS(out.len == size);
        HOLDS(memcmp(out.data + from, data + from, size - from) == 0);
        check_truncations(&f);
    } else {
        HOLDS(out.len == 0);
    }
    buf_clear(&out);
    return 0;
}
