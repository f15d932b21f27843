/* conn.h - one connection, from its socket to its end. It belongs to the loop that got the socket; only that thread touches it.
 * States follow one another, none comes back:
 *   PROXY      from a listed proxy alone: whom it connects
 *   HANDSHAKE  TLS
 *   HEAD       HTTP: an upgrade to WebSocket, or an answer and the end
 *   HELLO      the first frame
 *   OPEN       frames to and from the core
 *   BLOB       after HEAD, too: a blob comes or goes (net/transfer.h)
 *   CLOSING    what was written still goes out; what comes is thrown away
 *   ENDED      memory that libuv still holds */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <uv.h>

#include "base/base.h"
#include "base/buf.h"
#include "core/bucket.h"
#include "core/core.h"
#include "net/endpoint.h"
#include "net/gate.h"
#include "net/mailbox.h"
#include "net/tls.h"
#include "net/wheel.h"
#include "proto/ws.h"

enum conn_state {
    CONN_PROXY,
    CONN_HANDSHAKE,
    CONN_HEAD,
    CONN_HELLO,
    CONN_OPEN,
    CONN_BLOB,
    CONN_CLOSING,
    CONN_ENDED
};

struct loop;

struct conn {
    uv_poll_t poll;
    struct loop *loop;
    struct tls *tls; /* NULL: nothing has come yet */
    uint64_t id;
    struct wheel_entry timer;
    struct conn *work_next,
        **work_here;   /* in the loop's list of what is to be done before it sleeps */
    sotto_buf in;      /* the beginning of a head or a frame; empty while nothing is under way */
    sotto_buf message; /* what came of a fragmented message */
    sotto_buf out;     /* to be sent, from out_at on */
    size_t out_at;
    uint64_t pushed; /* bytes that the core pushed and was not told of yet */
    struct ws_reader ws;
    struct transfer *transfer; /* BLOB; else NULL */
    uint64_t since_ms;         /* of the state */
    uint64_t heard_ms;         /* something came */
    uint64_t progress_ms;      /* something went out, or began to wait */
    uint64_t pause_ms;         /* don't read before that; 0: read */
    struct bucket frames;      /* WebSocket frames that came */
    uint64_t *held;            /* connections that we had stopped since we read too slowly */
    uint32_t held_count;
    uint32_t holds;          /* how many have us stopped */
    struct visitor visitor;  /* the socket, and who it is */
    struct endpoint *behind; /* for the log: who a proxy says it is; NULL: the socket's peer */
    uint8_t nonce[32], exporter[32]; /* what requests that are signed for this connection name */
    uint32_t serial;                 /* its name in the log */
    uint16_t scanned;                /* bytes of the head that were looked at */
    uint8_t state;
    uint8_t poll_events; /* what libuv watches for now */
    uint8_t turn;        /* frames that it may still bring before others have their turn */
    bool costly;         /* its next frame may need a signature checked or made */
    bool want_write;     /* TLS can't go on before the socket can be written */
    bool want_read;      /* bytes may wait that no poll tells of */
    bool waits_core;     /* the core's mailbox was full */
    bool known;          /* the core has heard of it */
    bool dismissed;      /* we ended it */
    bool pinged, clean, slow, shut;
};

/* Takes the socket of who was let in. On an error it is closed. A person that is not known yet (endpoint_is_known()): the proxy says it
 * first. */
void conn_start(struct loop *loop, const struct visitor *visitor);
/* One frame for the client; `source` is who caused it, or 0. */
void conn_send(struct conn *conn, view frame, uint64_t source);
/* One that it did not ask for: the core is told when it is written, by and by. */
void conn_push(struct conn *conn, view frame);
/* Ends it after what was sent before; `why`, unless OK: and says so. */
void conn_close(struct conn *conn, sotto_err why);
/* Says why, then ends it. */
void conn_refuse(struct conn *conn, sotto_err why, const char *detail);
/* Ends it at once. */
void conn_end(struct conn *conn);
void conn_pause(struct conn *conn, uint64_t until_ms);
/* Whether it sits in a room, and so is no stranger to the gate. */
void conn_settle(struct conn *conn, bool settled);
void conn_hold(struct conn *conn);
void conn_release(struct conn *conn);
/* The core's mailbox has room again. */
void conn_resume(struct conn *conn);
/* The core's verdict on the blob that came. */
void conn_blob_kept(struct conn *conn, sotto_err verdict);

/* For transfer.c: an answer with a sentence, and the end (a HEAD gets no sentence); bytes for the client, after which
 * transfer_drained() comes; all has gone out; the body may be read, after these words. */
void conn_blob_answer(struct conn *conn, unsigned status, const char *fields, bool head);
void conn_blob_send(struct conn *conn, view bytes);
void conn_blob_done(struct conn *conn);
void conn_blob_go_on(struct conn *conn, const char *words);

/* Does what it is in the work list for: reads on, then writes what waits. */
void conn_work(struct conn *conn);
/* Its time in the wheel has come. */
void conn_due(struct conn *conn);

#endif
