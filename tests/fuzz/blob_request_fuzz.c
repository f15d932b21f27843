/* A request for a blob: what is read is within its bounds, and what is refused leaves the output alone. Ranges read by themselves, too. */
#include "fuzz.h"

#include "net/blob_request.h"

static void check_ranges(view value)
{
    struct blob_range range = {0};
    if (blob_range_read(value, &range))
        HOLDS(range.from <= range.to && range.total == 0);
    if (blob_content_range_read(value, &range))
        HOLDS(range.from <= range.to && range.to < range.total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_head head;
    struct blob_request request = {.length = 77};
    size_t len = 0;
    uint8_t *copy = fuzz_copy(view_of(data, size));
    check_ranges(view_of(copy, size));
    if (http_request_read(view_of(copy, size), 0, &head, &len) == SOTTO_OK && len > 0 &&
        blob_request_is(&head)) {
        unsigned status = blob_request_read(&head, &request);
        HOLDS(status == 0 || (status >= 400 && status < 500 && request.length == 77));
        HOLDS(status != 0 || !request.ranged || request.method != BLOB_METHOD_PUT ||
              request.range.to - request.range.from + 1 == request.length);
    }
    free(copy);
    return 0;
}
