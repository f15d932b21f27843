#include "socketio/engineio.h"

#include <jansson.h>
#include <stdio.h>

#include "base/text.h"

#define OPEN_MAX 256 /* bytes of an OPEN's data that we write */

/* ---- packets */

sotto_err engineio_packet_read(view text, struct engineio_packet *ret_packet)
{
    if (text.len > 0 && text.data[0] == 'b')
        return SOTTO_E_UNSUPPORTED;
    if (text.len == 0 || text.data[0] < '0' || text.data[0] > '0' + ENGINEIO_NOOP ||
        !utf8_valid(text))
        return SOTTO_E_VALUE;
    ret_packet->type = (enum engineio_type)(text.data[0] - '0');
    ret_packet->data = view_of(text.data + 1, text.len - 1);
    return SOTTO_OK;
}

sotto_err engineio_packet_write(enum engineio_type type, view data, sotto_buf *out)
{
    uint8_t *place;
    TRY(buf_extend(out, 1 + data.len, &place));
    place[0] = (uint8_t)('0' + type);
    if (data.len > 0)
        memcpy(place + 1, data.data, data.len);
    return SOTTO_OK;
}

sotto_err engineio_payload_next(view *payload, struct engineio_packet *ret_packet)
{
    const uint8_t *end =
        payload->len > 0 ? memchr(payload->data, ENGINEIO_SEPARATOR, payload->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - payload->data) : payload->len;
    size_t used = end != NULL ? len + 1 : len;
    if (end != NULL && used == payload->len) /* a separator, and nothing behind it */
        return SOTTO_E_VALUE;
    TRY(engineio_packet_read(view_of(payload->data, len), ret_packet));
    *payload = view_of(payload->data + used, payload->len - used);
    return SOTTO_OK;
}

sotto_err engineio_payload_add(enum engineio_type type, view data, sotto_buf *out)
{
    static const uint8_t separator[] = {ENGINEIO_SEPARATOR};
    TRY(buf_reserve(out, data.len + 2));
    if (out->len > 0)
        TRY(buf_append(out, VIEW_OF(separator)));
    return engineio_packet_write(type, data, out);
}

/* ---- OPEN */

static bool number_get(const json_t *object, const char *name, uint64_t *ret_number)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_number = (uint64_t)json_integer_value(value);
    return true;
}

static bool upgrades_get(const json_t *object, bool *ret_upgrade)
{
    const json_t *list = json_object_get(object, "upgrades"), *item;
    size_t i;
    if (!json_is_array(list))
        return false;
    *ret_upgrade = false;
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);
        *ret_upgrade = *ret_upgrade || (name != NULL && strcmp(name, "websocket") == 0);
    }
    return true;
}

static bool open_get(const json_t *object, struct engineio_open *open)
{
    const char *sid = json_string_value(json_object_get(object, "sid"));
    if (sid == NULL || strlen(sid) > ENGINEIO_SID || !upgrades_get(object, &open->upgrade))
        return false;
    snprintf(open->sid, sizeof open->sid, "%s", sid);
    return number_get(object, "pingInterval", &open->ping_ms) &&
           number_get(object, "pingTimeout", &open->pong_ms) &&
           number_get(object, "maxPayload", &open->payload_max);
}

sotto_err engineio_open_read(view data, struct engineio_open *ret_open)
{
    struct engineio_open open = {0};
    json_t *object = json_loadb((const char *)data.data, data.len, 0, NULL);
    bool good = object != NULL && open_get(object, &open);
    json_decref(object);
    if (!good)
        return SOTTO_E_VALUE;
    *ret_open = open;
    return SOTTO_OK;
}

sotto_err engineio_open_write(const struct engineio_open *open, sotto_buf *out)
{
    char text[OPEN_MAX];
    int len =
        snprintf(text, sizeof text,
                 "{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%llu,\"pingTimeout\":%llu,"
                 "\"maxPayload\":%llu}",
                 open->sid, open->upgrade ? "\"websocket\"" : "", (unsigned long long)open->ping_ms,
                 (unsigned long long)open->pong_ms, (unsigned long long)open->payload_max);
    return buf_append(out, view_of(text, (size_t)len));
}

/* ---- the query */

/* The next piece of `text` up to `end`, which is taken too; all of it if there is none. */
static view piece_take(view *text, char end)
{
    const uint8_t *at = text->len > 0 ? memchr(text->data, end, text->len) : NULL;
    const view piece = {text->data, at != NULL ? (size_t)(at - text->data) : text->len};
    size_t used = at != NULL ? piece.len + 1 : piece.len;
    *text = view_of(text->data + used, text->len - used);
    return piece;
}

struct pairs {
    view version, transport, sid, room, jsonp; /* data is NULL: not there */
};

static sotto_err pair_keep(struct pairs *pairs, view name, view value)
{
    const struct {
        view name, *place;
    } known[] = {{VIEW_LIT("EIO"), &pairs->version},
                 {VIEW_LIT("transport"), &pairs->transport},
                 {VIEW_LIT("sid"), &pairs->sid},
                 {VIEW_LIT("room"), &pairs->room},
                 {VIEW_LIT("j"), &pairs->jsonp}};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!view_equal(name, known[i].name))
            continue;
        if (known[i].place->data != NULL)
            return SOTTO_E_VALUE;
        *known[i].place = value;
    }
    return SOTTO_OK;
}

static unsigned version_of(view text)
{
    return text.len == 1 && text.data[0] >= '1' && text.data[0] <= '9'
               ? (unsigned)(text.data[0] - '0')
               : 0;
}

static enum engineio_transport transport_of(view text)
{
    if (view_equal(text, VIEW_LIT("polling")))
        return ENGINEIO_POLLING;
    return view_equal(text, VIEW_LIT("websocket")) ? ENGINEIO_WEBSOCKET : 0;
}

sotto_err engineio_query_read(view target, struct engineio_query *ret_query)
{
    struct pairs pairs = {0};
    const view path = piece_take(&target, '?');
    if (!view_equal(path, VIEW_LIT(ENGINEIO_PATH)) && !view_equal(path, VIEW_LIT("/socket.io")))
        return SOTTO_E_NOTFOUND;
    while (target.len > 0) {
        view value = piece_take(&target, '&');
        const view name = piece_take(&value, '=');
        TRY(pair_keep(&pairs, name, value));
    }
    *ret_query = (struct engineio_query){.version = version_of(pairs.version),
                                         .transport = transport_of(pairs.transport),
                                         .sid = pairs.sid,
                                         .room = pairs.room,
                                         .jsonp = pairs.jsonp.data != NULL};
    return SOTTO_OK;
}

bool engineio_room_valid(view name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
            return false;
    }
    return name.len > 0 && name.len <= ENGINEIO_ROOM;
}
