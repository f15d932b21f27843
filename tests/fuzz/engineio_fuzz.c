/* Packets, payloads, OPEN and queries. What is read is written again as the same bytes; a payload is its packets. The first byte
 * chooses how the rest is read. */
#include "fuzz.h"

#include "socketio/engineio.h"

static void packet(view text)
{
    struct engineio_packet packet;
    sotto_buf again = {0};
    sotto_err err = engineio_packet_read(text, &packet);
    if (err == SOTTO_OK) {
        HOLDS(engineio_packet_write(packet.type, packet.data, &again) == SOTTO_OK);
        HOLDS(view_equal(buf_view(&again), text));
    }
    buf_clear(&again);
}

static void payload(view text)
{
    struct engineio_packet packet;
    sotto_buf again = {0};
    view rest = text;
    sotto_err err = SOTTO_OK;
    while (rest.len > 0 && err == SOTTO_OK) {
        view before = rest;
        err = engineio_payload_next(&rest, &packet);
        HOLDS(err == SOTTO_OK ? rest.len < before.len : rest.len == before.len);
        if (err == SOTTO_OK)
            HOLDS(engineio_payload_add(packet.type, packet.data, &again) == SOTTO_OK);
    }
    if (err == SOTTO_OK)
        HOLDS(view_equal(buf_view(&again), text));
    buf_clear(&again);
}

static void opened(view text)
{
    struct engineio_open open, same;
    sotto_buf again = {0};
    if (engineio_open_read(text, &open) != SOTTO_OK)
        return;
    for (const char *at = open.sid; *at != 0; at++)
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ')
            return; /* ours never look like that */
    HOLDS(engineio_open_write(&open, &again) == SOTTO_OK);
    HOLDS(engineio_open_read(buf_view(&again), &same) == SOTTO_OK);
    HOLDS(strcmp(open.sid, same.sid) == 0 && open.upgrade == same.upgrade &&
          open.ping_ms == same.ping_ms && open.pong_ms == same.pong_ms &&
          open.payload_max == same.payload_max);
    buf_clear(&again);
}

static void query(view text)
{
    struct engineio_query query;
    if (engineio_query_read(text, &query) != SOTTO_OK)
        return;
    HOLDS(query.version <= 9);
    HOLDS(query.sid.len == 0 ||
          (query.sid.data >= text.data && query.sid.data + query.sid.len <= text.data + text.len));
    if (engineio_room_valid(query.room))
        HOLDS(query.room.len > 0 && query.room.len <= ENGINEIO_ROOM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(view) = {packet, payload, opened, query};
    view input = view_of(data, size);
    unsigned choice = fuzz_u8(&input) % COUNT_OF(readers);
    uint8_t *copy = fuzz_copy(input);
    readers[choice](view_of(copy, input.len));
    free(copy);
    return 0;
}
