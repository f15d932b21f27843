/* link.h - one connection to the gateway:
 *   HEAD    awaits a request            POLL    a GET that waits for packets
 *   BODY    the body of a POST          PUSHED  its answer waits until its sender may go on
 *   SOCKET  WebSocket                   CLOSING what was written still goes out
 *   ENDED   memory that libuv still holds */
#ifndef GATEWAY_LINK_H
#define GATEWAY_LINK_H

#include "gateway/gateway.h"
#include "gateway/request.h"
#include "proto/ws.h"

enum link_state {
    LINK_HEAD,
    LINK_BODY,
    LINK_POLL,
    LINK_PUSHED,
    LINK_SOCKET,
    LINK_CLOSING,
    LINK_ENDED
};

struct link {
    uv_tcp_t tcp;
    uv_shutdown_t shutdown;
    struct gateway *gateway;
    struct link *next, **here;
    enum link_state state;
    struct guest *guest; /* whom it serves; NULL: nobody, or not any more */
    sotto_buf in;
    size_t scanned;  /* bytes of the head that were looked at */
    size_t body_len; /* of the request under way */
    struct ws_reader ws;
    sotto_buf message; /* what came of a fragmented one */
    uint64_t since_ms; /* of the state */
    size_t writing;    /* bytes under way */
    bool keep;         /* another request may follow */
    bool served;       /* one was answered before */
    bool probed; /* a WebSocket that has shown that it works, for a session that still polls */
    bool shut;
};

/* Takes a connection from the listener. */
void link_accept(struct gateway *gateway);
/* Ends at once; what it served is told. */
void link_end(struct link *link);
/* Its time: deadlines, and what had to wait. */
void link_tick(struct link *link);

/* Gives a waiting GET its answer. */
void link_poll_answer(struct link *link, view payload);
/* Whether its guest has to wait with what it says. */
bool link_is_held(const struct link *link);
/* Ends it when what was written before is out. */
void link_finish(struct link *link);
/* Takes the bytes over, whatever comes of it. */
void link_give(struct link *link, sotto_buf *bytes);

/* link_socket.c: takes one frame; false: no whole one is there, or none may be taken now. */
bool link_socket_take(struct link *link);
bool link_socket_may_read(const struct link *link);
/* Writes packets as WebSocket messages. */
void link_socket_send(struct link *link, view payload);
/* Says goodbye to a guest that has ended, with a close frame. */
void link_socket_close(struct link *link, const struct guest *guest);
/* The same to who does not keep to WebSocket. */
void link_socket_refuse(struct link *link, const char *why);

#endif
