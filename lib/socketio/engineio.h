/* engineio.h - Engine.IO, protocol 4: packets, the payloads that carry several of them over polling, the packet that opens a
 * session, and the query that stands in the target of each request. Pure; text alone, since binary packets have no use here.
 * Views borrow from the input. https://github.com/socketio/engine.io-protocol */
#ifndef SOCKETIO_ENGINEIO_H
#define SOCKETIO_ENGINEIO_H

#include "base/base.h"
#include "base/buf.h"

#define ENGINEIO_PATH "/socket.io/"
#define ENGINEIO_SEPARATOR \
    0x1e /* between the packets of a payload; in none of them, since JSON has it escaped */
#define ENGINEIO_SID  32 /* characters of a session's name, as we give them */
#define ENGINEIO_ROOM 64 /* characters of a room's name, at most */

enum engineio_type {
    ENGINEIO_OPEN,
    ENGINEIO_CLOSE,
    ENGINEIO_PING,
    ENGINEIO_PONG,
    ENGINEIO_MESSAGE,
    ENGINEIO_UPGRADE,
    ENGINEIO_NOOP
};

struct engineio_packet {
    enum engineio_type type;
    view data;
};

/* One packet, as a WebSocket message has it. VALUE: no such type, or not UTF-8. UNSUPPORTED: binary. */
SOTTO_MUST_USE sotto_err engineio_packet_read(view text, struct engineio_packet *ret_packet);
/* Appends one. */
SOTTO_MUST_USE sotto_err engineio_packet_write(enum engineio_type type, view data, sotto_buf *out);

/* Takes the packet in front of a payload that is not empty. Errors as engineio_packet_read(); VALUE also for an empty packet. */
SOTTO_MUST_USE sotto_err engineio_payload_next(view *payload, struct engineio_packet *ret_packet);
/* Appends one to a payload, behind a separator if it isn't the first. */
SOTTO_MUST_USE sotto_err engineio_payload_add(enum engineio_type type, view data, sotto_buf *out);

/* What the packet OPEN tells a client. */
struct engineio_open {
    char sid[ENGINEIO_SID + 1];
    bool upgrade; /* to WebSocket */
    uint64_t ping_ms, pong_ms, payload_max;
};
/* The data of an OPEN. VALUE: not one. */
SOTTO_MUST_USE sotto_err engineio_open_read(view data, struct engineio_open *ret_open);
SOTTO_MUST_USE sotto_err engineio_open_write(const struct engineio_open *open, sotto_buf *out);

enum engineio_transport { ENGINEIO_POLLING = 1, ENGINEIO_WEBSOCKET };

struct engineio_query {
    unsigned version;                  /* 0: none is named */
    enum engineio_transport transport; /* 0: none that is known */
    view sid;                          /* empty: a new session */
    view room;                         /* of our own; empty: none is named */
    bool jsonp;                        /* the answer is to be a script */
};
/* From a request's target. NOTFOUND: another path. VALUE: a name that means something here comes twice. */
SOTTO_MUST_USE sotto_err engineio_query_read(view target, struct engineio_query *ret_query);

/* 1 to ENGINEIO_ROOM letters, digits, dots, dashes and underscores: what no URL and no JSON has to escape. */
bool engineio_room_valid(view name);

#endif
