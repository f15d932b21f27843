/* http.h - the head of an HTTP/1.1 request or answer (RFC 9112), parsed strictly from a buffer that may still grow: CRLF only,
 * ASCII only, no folded lines, no white space before a colon, exactly one Host field in a request, no two Content-Length fields,
 * no Transfer-Encoding, HTTP/1.1 and a target that begins with '/', limits on bytes and fields. No state is kept between calls, so that splitting the input anywhere gives the same result. Views borrow from the input. */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include "base/base.h"
#include "base/buf.h"

#define HTTP_HEAD_MAX   8192 /* bytes, empty line included */
#define HTTP_FIELDS_MAX 64

struct http_field {
    view name, value; /* name as sent; compare with http_field_find(), which ignores case */
};

struct http_head {
    view method, target; /* of a request */
    unsigned status;     /* of an answer: 100 to 599; else 0 */
    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
    uint64_t content_length; /* 0 if there is none */
};

/* Gives the bytes of the head in *ret_len, or 0 there if it isn't whole yet (and, with what is there, still can become valid).
 * HTTP: not valid. TOO_LARGE: over a limit. *ret_head is filled only with a whole head. `scanned` is how many of these bytes an
 * earlier call has seen and found possible (0 at first): the search for the end goes on in that line. */
SOTTO_MUST_USE sotto_err http_request_read(view input, size_t scanned, struct http_head *ret_head,
                                           size_t *ret_len);
SOTTO_MUST_USE sotto_err http_answer_read(view input, size_t scanned, struct http_head *ret_head,
                                          size_t *ret_len);

/* The value of a field, names compared without case; data is NULL if it isn't there. */
view http_field_find(const struct http_head *head, const char *name);
/* Whether a comma-separated list field holds this token, without case. */
bool http_field_has(const struct http_head *head, const char *name, const char *token);

#endif
