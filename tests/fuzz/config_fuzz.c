/* The configuration file. What is refused names a line and changes nothing; what is accepted stays within its bounds, and the
 * same text a second time says the same. */
#include <assert.h>

#include "server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bounds(const struct config *config)
{
    unsigned count;
    const struct limit_row *table = limits_table(&count);
    struct limits limits = config->server.limits;
    for (unsigned i = 0; i < count; i++)
        assert(*limits_find(&limits, table[i].name) > 0);
    assert(limits.frame_bytes <= 65536 && limits.head_bytes <= 8192);
    assert(config->server.listen_count <= SERVER_LISTEN_MAX &&
           config->server.threads <= SERVER_THREADS_MAX);
    for (size_t i = 0; i < config->server.listen_count; i++) {
        char text[ENDPOINT_TEXT];
        struct endpoint again;
        endpoint_write(&config->server.listen[i], text);
        assert(endpoint_read(text, &again) == SOTTO_OK);
        assert(again.len == config->server.listen[i].len &&
               memcmp(&again.sa, &config->server.listen[i].sa, again.len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct failure failure = {0};
    static struct config config, before; /* large */
    config = before = config_default();
    if (config_read(&config, (view){data, size}, &failure) != SOTTO_OK) {
        assert(strncmp(failure.what, "line ", 5) == 0);
        assert(memcmp(&config, &before, sizeof config) == 0);
        return 0;
    }
    check_bounds(&config);
    assert(memchr(config.dir, 0, sizeof config.dir) != NULL);
    assert(x509_host_valid(view_str(config.server.host)));
    return 0;
}
