#include "net/blob_request.h"

#include "base/text.h"

#define DIGITS_MAX 18 /* so that no sum of them overflows */

/* --- ranges --- */

static bool take(view *rest, const char *text)
{
    size_t len = strlen(text);
    if (rest->len < len || memcmp(rest->data, text, len) != 0)
        return false;
    *rest = view_of(rest->data + len, rest->len - len);
    return true;
}

static bool take_number(view *rest, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t len = 0;
    while (len < rest->len && rest->data[len] >= '0' && rest->data[len] <= '9') {
        number = number * 10 + (rest->data[len++] - (unsigned)'0');
        if (len > DIGITS_MAX)
            return false;
    }
    *rest = view_of(rest->data + len, rest->len - len);
    *ret_number = number;
    return len > 0;
}

bool blob_range_read(view value, struct blob_range *ret_range)
{
    struct blob_range range = {.to = UINT64_MAX};
    if (!take(&value, "bytes=") || !take_number(&value, &range.from) || !take(&value, "-"))
        return false;
    if (value.len > 0 && (!take_number(&value, &range.to) || range.to < range.from))
        return false;
    if (value.len > 0)
        return false;
    *ret_range = range;
    return true;
}

bool blob_content_range_read(view value, struct blob_range *ret_range)
{
    struct blob_range range = {0};
    if (!take(&value, "bytes ") || !take_number(&value, &range.from) || !take(&value, "-") ||
        !take_number(&value, &range.to) || !take(&value, "/") || !take_number(&value, &range.total))
        return false;
    if (value.len > 0 || range.to < range.from || range.total <= range.to)
        return false;
    *ret_range = range;
    return true;
}

/* --- the rest --- */

bool blob_request_is(const struct http_head *head)
{
    view target = head->target;
    return take(&target, BLOB_PATH);
}

static bool read_method(view method, enum blob_method *ret_method)
{
    static const char *const names[] = {
        [BLOB_METHOD_PUT] = "PUT", [BLOB_METHOD_GET] = "GET", [BLOB_METHOD_HEAD] = "HEAD"};
    for (unsigned i = 0; i < COUNT_OF(names); i++)
        if (view_equal(method, view_str(names[i]))) {
            *ret_method = (enum blob_method)i;
            return true;
        }
    return false;
}

/* One name for each blob: lower case alone. */
static bool read_hash(view target, uint8_t ret_hash[PROTO_HASH])
{
    sotto_buf hash = {.data = ret_hash, .cap = PROTO_HASH, .fixed = true};
    if (!take(&target, BLOB_PATH) || target.len != 2 * PROTO_HASH)
        return false;
    for (size_t i = 0; i < target.len; i++)
        if (target.data[i] >= 'A' && target.data[i] <= 'Z')
            return false;
    return hex_read(target, &hash) == SOTTO_OK && hash.len == PROTO_HASH;
}

static bool read_ticket(view value, uint8_t ret_ticket[BLOB_TICKET_BYTES])
{
    sotto_buf ticket = {.data = ret_ticket, .cap = BLOB_TICKET_BYTES, .fixed = true};
    return take(&value, "Sotto ") && base64url_read(value, &ticket) == SOTTO_OK &&
           ticket.len == BLOB_TICKET_BYTES;
}

/* What it says of its body, and of which part of the blob this is. */
static unsigned read_body(const struct http_head *head, struct blob_request *request)
{
    view range = http_field_find(head, "Content-Range");
    if (http_field_find(head, "Content-Length").data == NULL)
        return 411;
    request->ranged = range.data != NULL;
    request->length = head->content_length;
    request->expects = http_field_has(head, "Expect", "100-continue");
    if (!request->ranged)
        return 0;
    if (!blob_content_range_read(range, &request->range) ||
        request->range.to - request->range.from + 1 != request->length)
        return 400;
    return 0;
}

static unsigned read_wanted(const struct http_head *head, struct blob_request *request)
{
    view range = http_field_find(head, "Range");
    if (head->content_length > 0)
        return 413;
    /* one that we can't read may be left aside (RFC 9110 14.2): all is given */
    request->ranged = range.data != NULL && request->method == BLOB_METHOD_GET &&
                      blob_range_read(range, &request->range);
    return 0;
}

unsigned blob_request_read(const struct http_head *head, struct blob_request *ret_request)
{
    struct blob_request request = {0};
    view authorization = http_field_find(head, "Authorization");
    unsigned status = 0;
    if (!read_method(head->method, &request.method))
        status = 405;
    else if (!read_hash(head->target, request.hash))
        status = 404;
    else if (authorization.data == NULL || !read_ticket(authorization, request.ticket))
        status = 401;
    else if (request.method == BLOB_METHOD_PUT)
        status = read_body(head, &request);
    else
        status = read_wanted(head, &request);
    if (status == 0)
        *ret_request = request;
    return status;
}
