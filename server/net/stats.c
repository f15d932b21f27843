#include "net/stats.h"

#include <stdio.h>

#include <sotto/version.h>

#define ROW_MAX 512 /* bytes; the longest row has less than 400 */

#define CORE_COUNTS (sizeof(struct core_counts) / sizeof(uint64_t))

/* In the order of struct core_counts. Without a name: gauges.c tells it. */
static const struct {
    const char *name, *type, *what;
} core_rows[] = {
    {"connections", "gauge", "connections that have said hello"},
    {"session_codes_open", "gauge", "rooms open now"},
    {"rooms_total", "counter", "rooms that were opened"},
    {"frames_total", "counter", "frames passed on"},
    {"bytes_total", "counter", "bytes passed on"},
    {"refused_total", "counter", "requests refused"},
    {"session_code_failures_total", "counter",
     "rooms whose words did not match, or whose joiner left before both had confirmed"},
    {"commits_total", "counter", "transactions that were made durable"},
    {"accounts", "gauge", "accounts"},
    {"sessions", "gauge", "devices that are signed in"},
    {"prekeys_low_accounts", "gauge", "accounts with a device that has few key packages left"},
    {"mails_waiting", "gauge", "mails that wait to be sent"},
    {"mails_sent_total", "counter", "mails that the mail server took"},
    {"mails_failed_total", "counter", "tries to send a mail that failed"},
    {"mails_given_up_total", "counter", "mails that are not tried again"},
    {"messages_accepted_total", "counter", "entries that were accepted"},
    {"delivered_total", "counter", "entries that were pushed or read"},
    {"lost_total", "counter", "entries lost over a quota, or too old, unread or not"},
    {"queue_messages", "gauge", "entries that are stored"},
    {NULL, NULL, NULL}, /* queue_oldest_s */
    {"blobs", "gauge", "attachments that are stored"},
    {"blob_bytes", "gauge", "bytes of these"},
};

_Static_assert(COUNT_OF(core_rows) ==
                   offsetof(struct core_counts, limited_total) / sizeof(uint64_t),
               "each count has its row, but for the last ones: gauges.c tells them");

void stats_core_set(struct stats *s, const struct core_counts *counts)
{
    uint64_t values[CORE_COUNTS];
    memcpy(values, counts, sizeof values);
    for (size_t i = 0; i < CORE_COUNTS; i++)
        atomic_store_explicit(&s->core[i], values[i], memory_order_relaxed);
}

struct core_counts stats_core_get(const struct stats *s)
{
    uint64_t values[CORE_COUNTS];
    struct core_counts counts;
    for (size_t i = 0; i < CORE_COUNTS; i++)
        values[i] = atomic_load_explicit(&s->core[i], memory_order_relaxed);
    memcpy(&counts, values, sizeof counts);
    return counts;
}

static sotto_err row_write(sotto_buf *out, const char *name, const char *suffix, const char *type,
                           const char *what, uint64_t value)
{
    char line[ROW_MAX];
    int len = snprintf(line, sizeof line,
                       "# HELP sottod_%s%s %s\n# TYPE sottod_%s%s %s\nsottod_%s%s %llu\n", name,
                       suffix, what, name, suffix, type, name, suffix, (unsigned long long)value);
    return buf_append(out, view_of(line, size_min((size_t)len, sizeof line - 1)));
}

sotto_err stats_write(const struct stats *s, sotto_buf *out)
{
    TRY(buf_append(
        out, VIEW_LIT("# TYPE sottod_build_info gauge\nsottod_build_info{version=\"" SOTTO_VERSION
                      "\"} 1\n")));
    for (size_t i = 0; i < COUNT_OF(core_rows); i++)
        if (core_rows[i].name != NULL)
            TRY(row_write(out, core_rows[i].name, "", core_rows[i].type, core_rows[i].what,
                          atomic_load_explicit(&s->core[i], memory_order_relaxed)));
#define STATS_ROW(name, what)                            \
    TRY(row_write(out, #name, "_total", "counter", what, \
                  atomic_load_explicit(&s->name, memory_order_relaxed)));
    STATS(STATS_ROW)
#undef STATS_ROW
    return SOTTO_OK;
}
