/* blob_request.h - what an HTTP request for /blob/HASH wants: read strictly, nothing of it looked up. Pure. */
#ifndef NET_BLOB_REQUEST_H
#define NET_BLOB_REQUEST_H

#include "core/blob_ticket.h"
#include "proto/http.h"

#define BLOB_PATH "/blob/"

enum blob_method { BLOB_METHOD_PUT, BLOB_METHOD_GET, BLOB_METHOD_HEAD };

/* A range as it was asked for. */
struct blob_range {
    uint64_t from, to; /* both included; `to` of a Range may be UINT64_MAX: up to the end */
    uint64_t total;    /* of Content-Range; else 0 */
};

struct blob_request {
    enum blob_method method;
    uint8_t hash[PROTO_HASH];
    uint8_t ticket[BLOB_TICKET_BYTES];
    bool ranged;
    struct blob_range range;
    uint64_t length; /* of the body */
    bool expects;    /* it waits for "100 Continue" */
};

/* Whether the target is of this kind. */
bool blob_request_is(const struct http_head *head);
/* 0, or the status to refuse it with: 400, 401, 404, 405, 411, 413. */
unsigned blob_request_read(const struct http_head *head, struct blob_request *ret_request);

/* "bytes=a-", "bytes=a-b" (RFC 9110 14.2); "bytes a-b/total" (14.4). False: something else. */
bool blob_range_read(view value, struct blob_range *ret_range);
bool blob_content_range_read(view value, struct blob_range *ret_range);

#endif
