/* request.h - what an HTTP request to the gateway asks for, and the answers. Pure. */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include "base/base.h"
#include "base/buf.h"
#include "proto/http.h"
#include "socketio/engineio.h"

enum request_kind {
    REQUEST_REFUSED,   /* nothing that is done here: `refusal` */
    REQUEST_PREFLIGHT, /* a browser asks whether a page may */
    REQUEST_ENTER,     /* a new session over polling */
    REQUEST_POLL,      /* what waits for the session */
    REQUEST_PUSH,      /* a payload of the session follows as the body */
    REQUEST_SOCKET     /* WebSocket: a new session, or if `sid` is set, another transport for it */
};

/* Why it was refused; the numbers stand in answers, and are those of the protocol's other servers. */
enum request_refusal {
    REFUSAL_TRANSPORT = 0,
    REFUSAL_SID = 1,
    REFUSAL_METHOD = 2,
    REFUSAL_REQUEST = 3,
    REFUSAL_FORBIDDEN = 4,
    REFUSAL_VERSION = 5,
    REFUSAL_PATH,
    REFUSAL_TIME,
    REFUSAL_SIZE
};

struct request {
    enum request_kind kind;
    enum request_refusal refusal;
    const char *why; /* of a refusal, in words without a quote */
    view sid, room;
    size_t body_len;
    bool keep; /* the connection stays open behind the answer */
};

/* `payload_max`: bytes that a body may have. */
struct request request_of(const struct http_head *head, size_t payload_max);

/* Append a whole answer each. NOMEM. */
SOTTO_MUST_USE sotto_err request_answer(view body, bool keep, sotto_buf *out);
SOTTO_MUST_USE sotto_err request_refuse(enum request_refusal refusal, const char *why,
                                        sotto_buf *out);
SOTTO_MUST_USE sotto_err request_preflight(bool keep, sotto_buf *out);
/* 101; WEBSOCKET: the head is no good opening handshake. */
SOTTO_MUST_USE sotto_err request_upgrade(const struct http_head *head, sotto_buf *out);

#endif
