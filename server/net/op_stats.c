#include "net/op_stats.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/rd.h"

#define TEXT_MAX 256

static const char *const names[OP_COUNT] = {
#define OP_FROM_CLIENT(name, text) [OP_##name] = (text),
#define OP_FROM_SERVER(name, text)
#define OP_NAME(name, number, from, text, what) OP_FROM_##from(name, text)
    PROTO_KINDS(OP_NAME)
#undef OP_NAME
#undef OP_FROM_SERVER
#undef OP_FROM_CLIENT
};

static const struct {
    uint64_t ns;
    const char *text;
} bounds[OP_BUCKETS] = {
    {100000, "0.0001"},  {250000, "0.00025"}, {500000, "0.0005"}, {1000000, "0.001"},
    {2500000, "0.0025"}, {5000000, "0.005"},  {10000000, "0.01"}, {25000000, "0.025"},
    {100000000, "0.1"},  {250000000, "0.25"}, {1000000000, "1"},  {5000000000, "5"},
};

static enum op op_of(uint16_t kind)
{
    switch (kind) {
#define OP_FROM_CLIENT(name) \
    case PROTO_##name:       \
        return OP_##name;
#define OP_FROM_SERVER(name)
#define OP_CASE(name, number, from, text, what) OP_FROM_##from(name)
        PROTO_KINDS(OP_CASE)
#undef OP_CASE
#undef OP_FROM_SERVER
#undef OP_FROM_CLIENT
    default:
        return OP_COUNT;
    }
}

static void add(atomic_uint_fast64_t *place, uint64_t count)
{
    (void)atomic_fetch_add_explicit(place, count, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *place)
{
    return atomic_load_explicit(place, memory_order_relaxed);
}

void op_stats_take(struct op_stats *s, uint16_t kind)
{
    enum op op = op_of(kind);
    if (op == OP_COUNT)
        return;
    s->waiting[op]++;
    s->any = true;
}

void op_stats_settle(struct op_stats *s, uint64_t took_ns)
{
    size_t bucket = 0;
    if (!s->any)
        return;
    s->any = false;
    while (bucket < OP_BUCKETS && took_ns > bounds[bucket].ns)
        bucket++;
    for (size_t op = 0; op < OP_COUNT; op++) {
        if (s->waiting[op] == 0)
            continue;
        add(&s->buckets[op][bucket], s->waiting[op]);
        add(&s->sum_ns[op], took_ns * s->waiting[op]);
        s->waiting[op] = 0;
    }
}

void op_stats_tell(struct op_stats *s, view frame)
{
    struct rd r = rd_of(frame);
    uint16_t kind = rd_u16(&r);
    (void)rd_u32(&r);
    uint16_t code = rd_u16(&r);
    if (rd_ok(&r) && kind == PROTO_ERROR && code < OP_ERRORS)
        add(&s->errors[code], 1);
}

/* ---- text */

__attribute__((format(printf, 2, 3))) static sotto_err line(sotto_buf *out, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return buf_append(out, view_of(text, size_min((size_t)len, sizeof text - 1)));
}

/* A kind that nobody has asked for has no rows. */
static sotto_err op_write(const struct op_stats *s, size_t op, sotto_buf *out)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= OP_BUCKETS; i++)
        count += get(&s->buckets[op][i]);
    if (count == 0)
        return SOTTO_OK;
    uint64_t so_far = 0;
    for (size_t i = 0; i < OP_BUCKETS; i++) {
        so_far += get(&s->buckets[op][i]);
        TRY(line(out, "sottod_request_seconds_bucket{op=\"%s\",le=\"%s\"} %llu\n", names[op],
                 bounds[i].text, (unsigned long long)so_far));
    }
    TRY(line(out, "sottod_request_seconds_bucket{op=\"%s\",le=\"+Inf\"} %llu\n", names[op],
             (unsigned long long)count));
    TRY(line(out, "sottod_request_seconds_sum{op=\"%s\"} %.9f\n", names[op],
             (double)get(&s->sum_ns[op]) / 1e9));
    return line(out, "sottod_request_seconds_count{op=\"%s\"} %llu\n", names[op],
                (unsigned long long)count);
}

sotto_err op_stats_write(const struct op_stats *s, sotto_buf *out)
{
    TRY(line(out, "# HELP sottod_request_seconds time from taking a request to its answer\n"
                  "# TYPE sottod_request_seconds histogram\n"));
    for (size_t op = 0; op < OP_COUNT; op++)
        TRY(op_write(s, op, out));
    TRY(line(out, "# HELP sottod_errors_total requests refused, by the error's name\n"
                  "# TYPE sottod_errors_total counter\n"));
    for (unsigned code = 0; code < OP_ERRORS; code++) {
        uint64_t count = get(&s->errors[code]);
        if (count > 0)
            TRY(line(out, "sottod_errors_total{kind=\"%s\"} %llu\n",
                     sotto_err_name((sotto_err)code), (unsigned long long)count));
    }
    return SOTTO_OK;
}
