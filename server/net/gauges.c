#include "net/gauges.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>

#include "net/tls.h"

#define TEXT_MAX 512

static sotto_err gauge(sotto_buf *out, const char *name, const char *what, uint64_t value)
{
    char text[TEXT_MAX];
    int len =
        snprintf(text, sizeof text, "# HELP sottod_%s %s\n# TYPE sottod_%s gauge\nsottod_%s %llu\n",
                 name, what, name, name, (unsigned long long)value);
    return buf_append(out, view_of(text, size_min((size_t)len, sizeof text - 1)));
}

static uint64_t file_bytes(const char *dir, const char *name)
{
    char path[1200];
    struct stat st;
    snprintf(path, sizeof path, "%.1100s/%s", dir, name);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static sotto_err times_write(const struct server *server, sotto_buf *out)
{
    const struct identity *identity = keeper_identity(server->keeper);
    int64_t tls_s = 0;
    TRY(gauge(out, "start_time_seconds", "when the server was started",
              (uint64_t)server->started_s));
    if (tls_pem_end(buf_view(&identity->tls), &tls_s) == SOTTO_OK && tls_s > 0)
        TRY(gauge(out, "tls_expiry_timestamp_seconds", "when the TLS certificate ends",
                  (uint64_t)tls_s));
    TRY(gauge(out, "certificate_expiry_timestamp_seconds",
              "when the certificate of the server key ends", (uint64_t)identity->not_after_s));
    TRY(gauge(out, "issuer_expiry_timestamp_seconds",
              "when what certifies accounts ends; 0: nothing does",
              (uint64_t)identity->issuer_not_after_s));
    return gauge(out, "backup_last_success_timestamp_seconds",
                 "when the last backup was made; 0: never",
                 (uint64_t)atomic_load(&server->backup_s));
}

static sotto_err queue_write(const struct server *server, sotto_buf *out)
{
    uint64_t oldest_s = stats_core_get(&server->stats).queue_oldest_s;
    uint64_t now_s = (uint64_t)server_wall_ms() / 1000;
    return gauge(out, "queue_oldest_seconds", "how long the oldest stored entry has been stored",
                 oldest_s > 0 && oldest_s < now_s ? now_s - oldest_s : 0);
}

static sotto_err limit_write(sotto_buf *out, const char *limit, uint64_t count)
{
    char text[TEXT_MAX];
    int len = snprintf(text, sizeof text, "sottod_rate_limited_total{limit=\"%s\"} %llu\n", limit,
                       (unsigned long long)count);
    return buf_append(out, view_of(text, size_min((size_t)len, sizeof text - 1)));
}

/* What the gate turned away, and what the core held up or refused, by the limit that did it. */
static sotto_err limits_write(const struct server *server, sotto_buf *out)
{
    const struct stats *s = &server->stats;
    const struct core_counts core = stats_core_get(s);
    const struct {
        const char *limit;
        const atomic_uint_fast64_t *count;
    } rows[] = {
        {"connections", &s->refused_connections}, {"connections_per_address", &s->refused_address},
        {"memory", &s->refused_memory},           {"unauthenticated", &s->refused_unauthenticated},
        {"unauthenticated_evicted", &s->evicted}, {"frames", &s->paused_frames},
    };
    TRY(buf_append(out, VIEW_LIT("# HELP sottod_rate_limited_total held up or refused, by limit\n"
                                 "# TYPE sottod_rate_limited_total counter\n")));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        TRY(limit_write(out, rows[i].limit, atomic_load(rows[i].count)));
    for (size_t i = 0; i < RATE_ALL; i++)
        TRY(limit_write(out, rate_name((enum rate)i), core.limited_total[i]));
    for (size_t i = 0; i < BOUND_ALL; i++)
        TRY(limit_write(out, bound_name((enum bound)i), core.bound_total[i]));
    return SOTTO_OK;
}

static sotto_err heap_write(sotto_buf *out)
{
    struct mallinfo2 heap = mallinfo2();
    TRY(gauge(out, "heap_used_bytes", "memory that is in use", heap.uordblks + heap.hblkhd));
    return gauge(out, "heap_slack_bytes", "memory that is free and kept for later", heap.fordblks);
}

sotto_err gauges_write(const struct server *server, sotto_buf *out)
{
    const char *dir = server->config.dir;
    TRY(stats_write(&server->stats, out));
    TRY(op_stats_write(&server->ops, out));
    TRY(limits_write(server, out));
    TRY(times_write(server, out));
    TRY(queue_write(server, out));
    TRY(heap_write(out));
    TRY(gauge(out, "disk_full", "1: nothing new is accepted until there is space",
              atomic_load(&server->disk_full)));
    if (dir == NULL)
        return SOTTO_OK;
    return gauge(out, "store_bytes", "size of the database with its write-ahead log",
                 file_bytes(dir, "sotto.db") + file_bytes(dir, "sotto.db-wal"));
}

const char *gauges_unready(const struct server *server)
{
    if (!atomic_load(&server->ready))
        return "the server starts or stops\n";
    return atomic_load(&server->disk_full) ? "the disk is full\n" : NULL;
}
