/* A packet of Socket.IO. What an event carries lies inside of its data, behind the name that a reader of JSON finds there; written
 * under another name it is an event again, with the same arguments. */
#include "fuzz.h"

#include <jansson.h>

#include "socketio/socketio.h"

static void name_agrees(const struct socketio_packet *packet)
{
    json_t *array =
        json_loadb((const char *)packet->data.data, packet->data.len, JSON_ALLOW_NUL, NULL);
    HOLDS(array != NULL);
    HOLDS(strcmp(json_string_value(json_array_get(array, 0)), packet->event) == 0);
    json_decref(array);
}

static void renamed_agrees(const struct socketio_packet *packet)
{
    sotto_buf out = {0};
    struct socketio_packet again;
    HOLDS(socketio_event_write("renamed", packet->arguments, &out) == SOTTO_OK);
    HOLDS(socketio_read(buf_view(&out), &again) == SOTTO_OK);
    HOLDS(strcmp(again.event, "renamed") == 0 && again.type == SOCKETIO_EVENT && !again.has_id);
    HOLDS(view_equal(again.arguments, packet->arguments));
    buf_clear(&out);
}

static void written_agrees(const struct socketio_packet *packet)
{
    sotto_buf out = {0};
    struct socketio_packet again;
    HOLDS(socketio_write(packet->type, packet->space, packet->has_id ? &packet->id : NULL,
                         packet->data, &out) == SOTTO_OK);
    HOLDS(socketio_read(buf_view(&out), &again) == SOTTO_OK);
    HOLDS(again.type == packet->type && again.has_id == packet->has_id && again.id == packet->id);
    HOLDS(view_equal(again.space, packet->space) && view_equal(again.data, packet->data));
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(view_of(data, size));
    struct socketio_packet packet;
    if (socketio_read(view_of(copy, size), &packet) == SOTTO_OK) {
        HOLDS(memchr(copy, 0x1e, size) == NULL);
        written_agrees(&packet);
        if (packet.type == SOCKETIO_EVENT) {
            name_agrees(&packet);
            renamed_agrees(&packet);
        }
    }
    free(copy);
    return 0;
}
