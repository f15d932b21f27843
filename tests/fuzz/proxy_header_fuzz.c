/* A header is the same however the input is cut, ends within its bound, and nothing behind its end changes it. A name that was
 * understood comes back from the line that says it. */
#include "fuzz.h"

#include "net/proxy_header.h"

struct outcome {
    sotto_err err;
    size_t len;
    struct proxy_header header;
};

static struct outcome read_part(view input)
{
    struct outcome out = {0};
    uint8_t *copy = fuzz_copy(input);
    out.err = proxy_header_read(view_of(copy, input.len), &out.header, &out.len);
    HOLDS(out.err == SOTTO_OK || out.len == 0);
    HOLDS(out.len <= input.len && out.len <= PROXY_HEADER_MAX);
    free(copy);
    return out;
}

/* The first verdict as the input grows byte by byte. */
static struct outcome read_growing(view input)
{
    struct outcome out = {0};
    for (size_t len = 0; len <= input.len && out.err == SOTTO_OK && out.len == 0; len++)
        out = read_part(view_of(input.data, len));
    return out;
}

static void said_again(const struct endpoint *source)
{
    char text[ENDPOINT_TEXT], again[ENDPOINT_TEXT], line[128];
    struct proxy_header header;
    size_t len;
    endpoint_write(source, text);
    bool v6 = text[0] == '[';
    char *host = text + v6, *colon = strrchr(text, ':');
    *(v6 ? colon - 1 : colon) = 0;
    int line_len = snprintf(line, sizeof line, "PROXY TCP%c %s %s %s 1\r\n", v6 ? '6' : '4', host,
                            host, colon + 1);
    HOLDS(proxy_header_read(view_of(line, (size_t)line_len), &header, &len) == SOTTO_OK);
    HOLDS(len == (size_t)line_len && header.known);
    endpoint_write(source, text);
    endpoint_write(&header.source, again);
    HOLDS(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view input = view_of(data, size_min(size, 2 * PROXY_HEADER_MAX));
    struct outcome whole = read_part(input), growing = read_growing(input);
    HOLDS(whole.err == growing.err && whole.len == growing.len);
    HOLDS(memcmp(&whole.header, &growing.header, sizeof whole.header) == 0);
    if (whole.len > 0 && whole.header.known)
        said_again(&whole.header.source);
    return 0;
}
