/* A packet (the specification's "Packet encoding"), without attachments:
 *     <type> [<namespace>,] [<id>] [<JSON>] */
#include "socketio/socketio.h"

#include <jansson.h>
#include <stdio.h>

#define ID_DIGITS    15
#define BINARY_EVENT 5
#define BINARY_ACK   6
#define DECODE       JSON_ALLOW_NUL /* what an event carries may have any character */

/* ---- JSON */

static sotto_err json_read(view text, size_t flags, json_t **ret_json, size_t *ret_used)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)text.data, text.len, flags | DECODE, &error);
    if (json == NULL)
        return json_error_code(&error) == json_error_numeric_overflow ? SOTTO_E_TOO_LARGE
               : json_error_code(&error) == json_error_out_of_memory  ? SOTTO_E_NOMEM
                                                                      : SOTTO_E_VALUE;
    *ret_json = json;
    *ret_used = (size_t)error.position;
    return SOTTO_OK;
}

static view blanks_skip(view text)
{
    while (text.len > 0 && text.data[0] != 0 && strchr(" \t\r\n", text.data[0]) != NULL)
        text = view_of(text.data + 1, text.len - 1);
    return text;
}

/* `data` is an array whose first item is a string: the name, and what follows it up to the bracket. */
static sotto_err event_cut(struct socketio_packet *packet, const json_t *array)
{
    DEFER(json_decrefp) json_t *name = NULL;
    const json_t *first = json_array_get(array, 0);
    size_t used, len = json_string_length(first);
    if (!json_is_string(first) || len == 0 || memchr(json_string_value(first), 0, len) != NULL)
        return SOTTO_E_VALUE;
    if (len > SOCKETIO_NAME)
        return SOTTO_E_TOO_LARGE;
    memcpy(packet->event, json_string_value(first), len + 1);
    view rest = blanks_skip(packet->data);
    rest = view_of(rest.data + 1, rest.len - 1); /* the bracket */
    TRY(json_read(rest, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &name, &used));
    rest = blanks_skip(view_of(rest.data + used, rest.len - used));
    while (rest.data[rest.len - 1] != ']')
        rest.len--;
    packet->arguments = view_of(rest.data, rest.len - 1);
    return SOTTO_OK;
}

static sotto_err data_check(struct socketio_packet *packet)
{
    DEFER(json_decrefp) json_t *json = NULL;
    size_t used;
    bool array = packet->type == SOCKETIO_EVENT || packet->type == SOCKETIO_ACK;
    if (packet->data.len == 0)
        return array ? SOTTO_E_VALUE : SOTTO_OK;
    TRY(json_read(packet->data, 0, &json, &used));
    if (packet->type == SOCKETIO_DISCONNECT || json_is_array(json) != array)
        return SOTTO_E_VALUE;
    return packet->type == SOCKETIO_EVENT ? event_cut(packet, json) : SOTTO_OK;
}

/* ---- packets */

static view space_take(view *text)
{
    if (text->len == 0 || text->data[0] != '/')
        return VIEW_LIT("/");
    const uint8_t *comma = memchr(text->data, ',', text->len);
    const view space = {text->data, comma != NULL ? (size_t)(comma - text->data) : text->len};
    size_t used = comma != NULL ? space.len + 1 : space.len;
    *text = view_of(text->data + used, text->len - used);
    return space;
}

/* Nothing in it separates what it stands in from other things. */
static bool space_holds(view space)
{
    for (size_t i = 0; i < space.len; i++)
        if (space.data[i] < ' ')
            return false;
    return true;
}

/* False: too long, or not in its shortest form. */
static bool id_take(view *text, struct socketio_packet *packet)
{
    size_t len = 0;
    while (len < text->len && text->data[len] >= '0' && text->data[len] <= '9')
        len++;
    if (len > ID_DIGITS || (len > 1 && text->data[0] == '0'))
        return false;
    for (size_t i = 0; i < len; i++)
        packet->id = packet->id * 10 + (uint64_t)(text->data[i] - '0');
    packet->has_id = len > 0;
    *text = view_of(text->data + len, text->len - len);
    return true;
}

static bool id_fits(const struct socketio_packet *packet)
{
    if (packet->type == SOCKETIO_ACK)
        return packet->has_id;
    return !packet->has_id || packet->type == SOCKETIO_EVENT;
}

sotto_err socketio_read(view text, struct socketio_packet *ret_packet)
{
    struct socketio_packet packet = {0};
    if (text.len == 0 || text.data[0] < '0' || text.data[0] > '0' + BINARY_ACK)
        return SOTTO_E_VALUE;
    if (text.data[0] >= '0' + BINARY_EVENT)
        return SOTTO_E_UNSUPPORTED;
    packet.type = (enum socketio_type)(text.data[0] - '0');
    text = view_of(text.data + 1, text.len - 1);
    packet.space = space_take(&text);
    if (!space_holds(packet.space) || !id_take(&text, &packet) || !id_fits(&packet))
        return SOTTO_E_VALUE;
    packet.data = text;
    TRY(data_check(&packet));
    *ret_packet = packet;
    return SOTTO_OK;
}

sotto_err socketio_write(enum socketio_type type, view space, const uint64_t *id, view data,
                         sotto_buf *out)
{
    char digits[24] = "";
    const uint8_t kind[] = {(uint8_t)('0' + type)};
    bool named = space.len > 0 && !view_equal(space, VIEW_LIT("/"));
    if (id != NULL)
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)*id);
    TRY(buf_reserve(out, sizeof digits + space.len + data.len + 2));
    TRY(buf_append(out, VIEW_OF(kind)));
    if (named) {
        TRY(buf_append(out, space));
        TRY(buf_append(out, VIEW_LIT(",")));
    }
    TRY(buf_append(out, view_str(digits)));
    return buf_append(out, data);
}

sotto_err socketio_event_write(const char *event, view arguments, sotto_buf *out)
{
    TRY(buf_reserve(out, strlen(event) + arguments.len + 5));
    TRY(buf_append(out, VIEW_LIT("2[\"")));
    TRY(buf_append(out, view_str(event)));
    TRY(buf_append(out, VIEW_LIT("\"")));
    TRY(buf_append(out, arguments));
    return buf_append(out, VIEW_LIT("]"));
}

sotto_err socketio_string(view data, size_t argument, const char *member, sotto_buf *out)
{
    DEFER(json_decrefp) json_t *array = NULL;
    size_t used;
    TRY(json_read(data, 0, &array, &used));
    const json_t *value = json_array_get(array, argument + 1);
    if (member != NULL)
        value = json_object_get(value, member);
    if (!json_is_string(value))
        return SOTTO_E_NOTFOUND;
    return buf_append(out, view_of(json_string_value(value), json_string_length(value)));
}
