/* socketio.h - Socket.IO, protocol 5: what stands in an Engine.IO message. Pure; without attachments, so binary events are refused.
 * JSON is checked whole, but what an event carries is not touched: it is handed on as the bytes that came.
 * Views borrow from the input. https://github.com/socketio/socket.io-protocol */
#ifndef SOCKETIO_SOCKETIO_H
#define SOCKETIO_SOCKETIO_H

#include "base/base.h"
#include "base/buf.h"

#define SOCKETIO_NAME 64 /* bytes of an event's name, at most */

enum socketio_type {
    SOCKETIO_CONNECT,
    SOCKETIO_DISCONNECT,
    SOCKETIO_EVENT,
    SOCKETIO_ACK,
    SOCKETIO_CONNECT_ERROR
};

struct socketio_packet {
    enum socketio_type type;
    view space; /* the namespace; "/" if none is named */
    bool has_id;
    uint64_t id; /* below 10^15: every JSON reader has it exactly */
    view
        data; /* JSON: an object of CONNECT and CONNECT_ERROR (or empty), an array of EVENT and ACK */
    view arguments; /* of an EVENT: what stands behind the name, each with the comma before it */
    char event[SOCKETIO_NAME + 1]; /* of an EVENT: its name */
};

/* VALUE: not a packet. UNSUPPORTED: a binary one. TOO_LARGE: a number that no 64 bits hold, or a name over SOCKETIO_NAME. */
SOTTO_MUST_USE sotto_err socketio_read(view text, struct socketio_packet *ret_packet);

/* Appends a packet of the namespace "/", or of `space`, with data as it is; id NULL: none. */
SOTTO_MUST_USE sotto_err socketio_write(enum socketio_type type, view space, const uint64_t *id,
                                        view data, sotto_buf *out);
/* Appends an EVENT: a name that needs no escapes, and arguments as they stand in struct socketio_packet. */
SOTTO_MUST_USE sotto_err socketio_event_write(const char *event, view arguments, sotto_buf *out);

/* Appends the text of an EVENT's argument (0: the first behind the name), or of a member of it if `member` is not NULL.
 * NOTFOUND: there is none, or it is not a string. */
SOTTO_MUST_USE sotto_err socketio_string(view data, size_t argument, const char *member,
                                         sotto_buf *out);

#endif
