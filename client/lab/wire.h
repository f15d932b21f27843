/* wire.h - what the wires over TCP share (direct.c, gateway.c): an address that is looked up, one stream, a timer, and an end that
 * waits until libuv holds nothing more. Such a wire has a struct wire_tcp as the first member of its own state, and keeps that in
 * talk.wire_state until `gone`. One thread, the loop's. */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include "base/buf.h"
#include "engine/address.h"
#include "lab/talk.h"

struct wire_tcp;

struct wire_tcp_events {
    void (*found)(struct wire_tcp *w); /* `socket` is known: dial, or listen */
    void (*unreachable)(struct wire_tcp *w,
                        int code);  /* no such address, or nobody there: say so */
    void (*up)(struct wire_tcp *w); /* the stream can be read and written */
    void (*bytes)(struct wire_tcp *w, view bytes);
    void (*ended)(struct wire_tcp *w, int code); /* by the other side: end too */
    void (*gone)(struct wire_tcp *w);            /* the talk knows: free the state */
};

struct wire_tcp {
    const struct wire_tcp_events *events;
    struct talk *talk;
    struct server_address address;
    struct sockaddr_storage socket;
    uint64_t retry_until; /* loop time up to which a refused connection is tried again */
    uv_getaddrinfo_t lookup;
    uv_tcp_t stream, server;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    uv_timer_t timer; /* the wire's own until wire_tcp_leave() */
    unsigned handles; /* that libuv holds */
    bool looking, stream_open, listening, connected, leaving, closing;
    sotto_err err;
    char detail[256];
    uint8_t chunk[16384];
};

/* Looks `address` up, which the caller has set, as it has `events`. The timer is there from here on. */
void wire_tcp_begin(struct wire_tcp *w, struct talk *talk);
void wire_tcp_dial(struct wire_tcp *w);
/* Takes one connection, then listens no more. 0, or the error of libuv. */
int wire_tcp_listen(struct wire_tcp *w);

/* Takes the bytes over, whatever comes of it. */
void wire_tcp_send(struct wire_tcp *w, sotto_buf *bytes);
/* wire.waiting */
size_t wire_tcp_waiting(const struct talk *t);

/* Ends when what waits is written, after two seconds at the most. */
void wire_tcp_leave(struct wire_tcp *w);
/* Ends at once; the first reason counts. */
void wire_tcp_drop(struct wire_tcp *w, sotto_err err, const char *detail);
/* The same, for the user too: with `status` of an error that was printed. */
void wire_tcp_fail(struct wire_tcp *w, int status);

#endif
