/* route.h - what an HTTP request gets: an upgrade to WebSocket, or an answer after which the connection ends. Pure. */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "base/base.h"
#include "base/buf.h"
#include "proto/http.h"

/* Appends the answer. *ret_upgrade: it is 101, and WebSocket frames follow. NOMEM. */
SOTTO_MUST_USE sotto_err route_request(const struct http_head *head, sotto_buf *out,
                                       bool *ret_upgrade);
/* The answer to a head that could not be read: HTTP 400, NOTFOUND 404, TIMEOUT 408, TOO_LARGE 431, else 503. */
SOTTO_MUST_USE sotto_err route_refuse(sotto_err why, sotto_buf *out);

/* Appends the answer of this status, with its sentence or, for a HEAD, with its head alone. NOMEM. */
SOTTO_MUST_USE sotto_err route_status(unsigned status, const char *more_fields, bool with_body,
                                      sotto_buf *out);

/* Appends a whole answer with a body of plain text. NOMEM. */
SOTTO_MUST_USE sotto_err route_answer(unsigned status, const char *more_fields, view body,
                                      sotto_buf *out);

#endif
