#include "config.h"

#include <stdio.h>

#include "cli/cli.h"
#include "proto/http.h"
#include "proto/proto.h"

#define LIMIT_MAX UINT64_C(1000000000000) /* far below where sums of times or bytes could wrap */

typedef sotto_err setter(struct config *config, const char *value);

static sotto_err set_dir(struct config *config, const char *value)
{
    size_t len = strlen(value);
    if (len == 0 || len >= sizeof config->dir)
        return SOTTO_E_CONFIG;
    memcpy(config->dir, value, len + 1);
    return SOTTO_OK;
}

static sotto_err set_listen(struct config *config, const char *value)
{
    struct server_config *s = &config->server;
    if (s->listen_count == SERVER_LISTEN_MAX ||
        endpoint_read(value, &s->listen[s->listen_count]) != SOTTO_OK)
        return SOTTO_E_CONFIG;
    s->listen_count++;
    return SOTTO_OK;
}

static sotto_err set_threads(struct config *config, const char *value)
{
    uint64_t count;
    TRY(cli_number_read(value, 1, SERVER_THREADS_MAX, &count));
    config->server.threads = (unsigned)count;
    return SOTTO_OK;
}

static sotto_err set_metrics(struct config *config, const char *value)
{
    uint64_t port;
    TRY(cli_number_read(value, 1, 65535, &port));
    config->server.metrics_port = (uint16_t)port;
    return SOTTO_OK;
}

static const struct row {
    struct config_key key;
    setter *set;
} rows[] = {
    {{"dir", "DIR", "the state directory"}, set_dir},
    {{"listen", "ADDR:PORT", "where clients connect; may come more than once"}, set_listen},
    {{"threads", "N", "how many threads serve connections; one a core otherwise"}, set_threads},
    {{"metrics", "PORT", "tell /metrics and /healthz on this port of 127.0.0.1, in plain HTTP"},
     set_metrics},
};

const struct config_key *config_keys(size_t index)
{
    return index < COUNT_OF(rows) ? &rows[index].key : NULL;
}

struct config config_default(void)
{
    return (struct config){.server = {.limits = limits_default()}};
}

/* Some limits can't be larger than what the code behind them takes. */
static uint64_t limit_most(const char *name)
{
    if (strcmp(name, "head_bytes") == 0)
        return HTTP_HEAD_MAX;
    return strcmp(name, "frame_bytes") == 0 ? PROTO_FRAME_MAX : LIMIT_MAX;
}

static uint64_t limit_least(const char *name)
{
    return strcmp(name, "frame_bytes") == 0 || strcmp(name, "head_bytes") == 0 ? 64 : 1;
}

static sotto_err set_limit(struct config *config, const char *name, const char *value)
{
    uint64_t *limit = limits_find(&config->server.limits, name);
    if (limit == NULL)
        return SOTTO_E_NOTFOUND;
    return cli_number_read(value, limit_least(name), limit_most(name), limit);
}

static sotto_err set_by_name(struct config *config, const char *key, const char *value)
{
    static const char limits_prefix[] = "limits.";
    if (strncmp(key, limits_prefix, sizeof limits_prefix - 1) == 0)
        return set_limit(config, key + sizeof limits_prefix - 1, value);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(key, rows[i].key.name) == 0)
            return rows[i].set(config, value);
    return SOTTO_E_NOTFOUND;
}

static sotto_err text_copy(view from, char *ret_to, size_t size)
{
    if (from.len >= size || (from.len > 0 && memchr(from.data, 0, from.len) != NULL))
        return SOTTO_E_CONFIG;
    if (from.len > 0)
        memcpy(ret_to, from.data, from.len);
    ret_to[from.len] = 0;
    return SOTTO_OK;
}

sotto_err config_set(struct config *config, view key, view value, struct failure *ret_failure)
{
    char name[64], text[CONFIG_LINE_MAX];
    if (text_copy(key, name, sizeof name) != SOTTO_OK ||
        text_copy(value, text, sizeof text) != SOTTO_OK)
        return failure_say(ret_failure, SOTTO_E_CONFIG, "this setting is too long");
    switch (set_by_name(config, name, text)) {
    case SOTTO_OK:
        return SOTTO_OK;
    case SOTTO_E_NOTFOUND:
        return failure_say(ret_failure, SOTTO_E_CONFIG, "there is no setting \"%s\"", name);
    default:
        return failure_say(ret_failure, SOTTO_E_CONFIG, "\"%.100s\" is not a value for %s", text,
                           name);
    }
}

/* ---- the file */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static view trim(view text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static sotto_err line_read(struct config *config, view line, struct failure *ret_failure)
{
    line = trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return SOTTO_OK;
    const uint8_t *equals = memchr(line.data, '=', line.len);
    if (equals == NULL)
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "a line is neither \"key = value\" nor a comment");
    const view key = {line.data, (size_t)(equals - line.data)};
    const view value = {equals + 1, line.len - key.len - 1};
    return config_set(config, trim(key), trim(value), ret_failure);
}

sotto_err config_read(struct config *config, view text, struct failure *ret_failure)
{
    struct config fresh = *config;
    for (unsigned number = 1; text.len > 0; number++) {
        const uint8_t *feed = memchr(text.data, '\n', text.len);
        size_t len = feed != NULL ? (size_t)(feed - text.data) : text.len;
        struct failure why = {0};
        sotto_err err = line_read(&fresh, (view){text.data, len}, &why);
        if (err != SOTTO_OK)
            return failure_say(ret_failure, err, "line %u: %s", number, why.what);
        len += feed != NULL;
        text.data += len;
        text.len -= len;
    }
    *config = fresh;
    return SOTTO_OK;
}

/* ---- the whole */

static void limits_off(struct limits *limits)
{
    unsigned count;
    const struct limit_row *table = limits_table(&count);
    for (unsigned i = 0; i < count; i++)
        *limits_find(limits, table[i].name) = 0;
}

static bool all_on_loopback(const struct server_config *s)
{
    for (size_t i = 0; i < s->listen_count; i++)
        if (!endpoint_is_loopback(&s->listen[i]))
            return false;
    return true;
}

sotto_err config_finish(struct config *config, struct failure *ret_failure)
{
    struct server_config *s = &config->server;
    if (s->listen_count == 0)
        TRY(set_listen(config, "0.0.0.0:5000"));
    if (!config->no_limits)
        return SOTTO_OK;
    if (!all_on_loopback(s)) {
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 "listen on 127.0.0.1, or leave out --no-limits");
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "--no-limits is for benches: every listener must be on loopback");
    }
    limits_off(&s->limits);
    return SOTTO_OK;
}
