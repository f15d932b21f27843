/* sotto-bench hostile: a real server with the limits that it has by default. Some pairs of devices send each other durable messages, as
 * many as their limit allows; others sit there; and then come those who mean no good, one kind after the other. What counts is what
 * the others notice: how long the server takes to acknowledge, who is let in, who is lost; and whether the server's memory and
 * files are what they were once it is over.
 *
 * Attackers run at the lowest priority: they stand for other machines. Accounts are made before the limits hold. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/attack.h"
#include "bench/bench.h"
#include "bench/bystander.h"
#include "bench/options.h"
#include "bench/pairs.h"
#include "bench/sottod.h"

#define PAIRS       50
#define RATE        100 /* messages a second in all: what the limit allows for ever */
#define SIZE        256
#define WARM_S      0.3
#define NICE        19
#define STEP_S      0.05
#define SETTLE_S    15 /* for the server to notice that the attackers have gone */
#define METRICS_MAX (256 << 10)
#define CONFIG_MAX  2048

/* What the server tells of itself at one moment. */
struct state {
    double memory, cpu_us, now_us;
    double others_us; /* CPU of all that is neither the server nor of this bench */
    unsigned files;
    sotto_buf metrics;
};

struct hostile {
    unsigned long idle, foes, seconds;
    const char *attack, *dir;
    bool durable;
    uint16_t metrics;
    struct pairs pairs;
    struct helper idlers, attacker, newcomers;
    double members; /* sessions before the first attack: none of them is an attacker's */
    char op[96];
};

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench hostile: %s\n", what);
    return false;
}

/* ---- the server's own figures */

static bool metrics_get(uint16_t port, sotto_buf *out)
{
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool asked = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
                 send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1;
    ssize_t got = 1;
    while (asked && got > 0 && out->len < METRICS_MAX) {
        if (buf_reserve(out, 4096) != SOTTO_OK)
            break;
        got = recv(fd, out->data + out->len, 4096, 0);
        out->len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    return (asked && got == 0 && buf_append(out, view_of("", 1)) == SOTTO_OK) ||
           fail("the server does not tell its metrics");
}

/* `name` with its labels; 0: it is not there. */
static double metric(const struct state *state, const char *name)
{
    char mark[128];
    snprintf(mark, sizeof mark, "\nsottod_%s ", name);
    const char *at = strstr((const char *)state->metrics.data, mark);
    return at != NULL ? strtod(at + strlen(mark), NULL) : 0;
}

/* Less what the kernel does in interrupts: most of that is for our own packets. */
static double others_cpu_us(const struct hostile *h)
{
    const pid_t ours[] = {getpid(), h->pairs.server.child.pid, h->idlers.pid, h->attacker.pid,
                          h->newcomers.pid};
    double us = child_machine_cpu_us();
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (ours[i] > 0)
            us -= child_cpu_us(&(struct child){.pid = ours[i]});
    return us;
}

static bool state_take(const struct hostile *h, struct state *ret)
{
    const struct child *server = &h->pairs.server.child;
    buf_reset(&ret->metrics);
    ret->memory = child_memory(server);
    ret->cpu_us = child_cpu_us(server);
    ret->files = child_files(server);
    ret->others_us = others_cpu_us(h);
    ret->now_us = crowd_now_us();
    return metrics_get(h->metrics, &ret->metrics);
}

static void state_clear(struct state *state)
{
    buf_clear(&state->metrics);
}

/* ---- rows */

static void row(struct bench *b, struct hostile *h, const struct attack *attack, const char *op,
                double value, const char *unit, uint64_t iterations)
{
    snprintf(h->op, sizeof h->op, "%s: %s", attack->name, op);
    bench_row(b, &(struct bench_row){.section = attack->summary,
                                     .op = h->op,
                                     .n = h->idle,
                                     .value = value,
                                     .unit = unit,
                                     .iterations = iterations});
}

static void rows_honest(struct bench *b, struct hostile *h, const struct attack *attack,
                        struct newcomer_report *comers)
{
    struct times *ack = &h->pairs.ack, *e2e = &h->pairs.e2e, *late = &h->pairs.late;
    size_t in = size_min(comers->let_in, NEWCOMER_TIMES);
    double came = comers->came > 0 ? (double)comers->came : 1;
    row(b, h, attack, "ack_p50", times_percentile(ack, 0.5) / 1e3, "ms", ack->count);
    row(b, h, attack, "ack_p99", times_percentile(ack, 0.99) / 1e3, "ms", ack->count);
    row(b, h, attack, "e2e_p99", times_percentile(e2e, 0.99) / 1e3, "ms", e2e->count);
    row(b, h, attack, "late_p99", times_percentile(late, 0.99) / 1e3, "ms", late->count);
    row(b, h, attack, "newcomers let in", (double)comers->let_in / came * 100, "%", comers->came);
    row(b, h, attack, "newcomer_p99", bench_percentile(comers->us, in, 0.99) / 1e3, "ms", in);
}

/* How often each limit, deadline and rule was what ended it; those that were not are left out. */
static void rows_metrics(struct bench *b, struct hostile *h, const struct attack *attack,
                         const struct state *before, const struct state *after)
{
    static const char *const names[] = {
        "refused_connections_total",
        "refused_address_total",
        "refused_unauthenticated_total",
        "evicted_total",
        "handshakes_total",
        "handshakes_failed_total",
        "timeouts_handshake_total",
        "timeouts_head_total",
        "timeouts_hello_total",
        "timeouts_dead_total",
        "closed_slow_total",
        "closed_malformed_total",
        "held_total",
        "paused_total",
        "paused_frames_total",
        "refused_total",
        "errors_total{kind=\"E_DENIED\"}",
        "rate_limited_total{limit=\"requests\"}",
        "rate_limited_total{limit=\"registers\"}",
        "rate_limited_total{limit=\"sends\"}",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        double count = metric(after, names[i]) - metric(before, names[i]);
        char op[64];
        size_t len = 0;
        for (const char *c = names[i]; *c != 0 && len < sizeof op - 1; c++)
            if (*c != '"')
                op[len++] = *c;
        op[len] = 0;
        if (count > 0)
            row(b, h, attack, op, count, "", 0);
    }
}

static void rows_server(struct bench *b, struct hostile *h, const struct attack *attack,
                        const struct state states[3], const struct attacker_report *report)
{
    const struct state *before = &states[0], *during = &states[1], *after = &states[2];
    double seconds = (during->now_us - before->now_us) / 1e6;
    double others_us = during->others_us - before->others_us;
    row(b, h, attack, "attackers' connections", (double)report->opened / seconds, "/s",
        report->opened);
    row(b, h, attack, "attackers let in", (double)(report->opened - report->failed), "",
        report->opened);
    row(b, h, attack, "attackers' acts", (double)report->acts / seconds, "/s", report->acts);
    row(b, h, attack, "server CPU", (during->cpu_us - before->cpu_us) / seconds / 1e4, "%", 0);
    row(b, h, attack, "others' CPU", others_us > 0 ? others_us / seconds / 1e4 : 0, "%", 0);
    row(b, h, attack, "memory before", before->memory / (1 << 20), "MiB", 0);
    row(b, h, attack, "memory during", during->memory / (1 << 20), "MiB", 0);
    row(b, h, attack, "memory after", after->memory / (1 << 20), "MiB", 0);
    row(b, h, attack, "heap before", metric(before, "heap_used_bytes") / (1 << 20), "MiB", 0);
    row(b, h, attack, "heap after", metric(after, "heap_used_bytes") / (1 << 20), "MiB", 0);
    row(b, h, attack, "slack after", metric(after, "heap_slack_bytes") / (1 << 20), "MiB", 0);
    row(b, h, attack, "files before", before->files, "", 0);
    row(b, h, attack, "files during", during->files, "", 0);
    row(b, h, attack, "files after", after->files, "", 0);
    row(b, h, attack, "members lost", h->members - metric(after, "sessions"), "", 0);
    rows_metrics(b, h, attack, before, after);
}

/* ---- one attack */

/* Meanwhile the pairs answer what the server asks. */
static bool wait_ready(struct hostile *h, const struct helper *helper)
{
    bool ready = false;
    while (!ready)
        if (!pairs_rest(&h->pairs, STEP_S) || !helper_look(helper, &ready))
            return false;
    return true;
}

/* Until the server has as many files open as before, and half a second more. */
static bool settle(struct hostile *h, const struct state *before)
{
    double until_us = crowd_now_us() + SETTLE_S * 1e6;
    while (child_files(&h->pairs.server.child) > before->files && crowd_now_us() < until_us)
        if (!pairs_rest(&h->pairs, STEP_S))
            return false;
    return pairs_rest(&h->pairs, 0.5);
}

static bool load(struct hostile *h)
{
    struct pairs_figures figures;
    pairs_forget(&h->pairs);
    return pairs_open_loop(&h->pairs, RATE, WARM_S, (double)h->seconds, &figures);
}

static bool suffer(struct bench *b, struct hostile *h, const struct attack *attack,
                   struct state states[3], struct newcomer_report *comers)
{
    const uint16_t port = h->pairs.server.child.port;
    const struct attacker plan = {
        attack, port,
        h->foes > 0 && h->foes < attack->connections ? (unsigned)h->foes : attack->connections};
    struct attacker_report report = {0};
    bool done = state_take(h, &states[0]) &&
                helper_start(&h->attacker, attacker_run, &plan, sizeof report, NICE) &&
                wait_ready(h, &h->attacker) &&
                helper_start(&h->newcomers, newcomer_run, &port, sizeof *comers, 0) &&
                wait_ready(h, &h->newcomers) && load(h) && state_take(h, &states[1]);
    bool told = helper_stop(&h->newcomers, comers, sizeof *comers);
    told = helper_stop(&h->attacker, &report, sizeof report) && told;
    if (!done || !told || !settle(h, &states[0]) || !state_take(h, &states[2]))
        return false;
    rows_honest(b, h, attack, comers);
    rows_server(b, h, attack, states, &report);
    return true;
}

static bool members_count(struct hostile *h)
{
    struct state state = {0};
    bool taken = state_take(h, &state);
    if (taken)
        h->members = metric(&state, "sessions");
    state_clear(&state);
    return taken;
}

static bool suffer_one(struct bench *b, struct hostile *h, const struct attack *attack)
{
    struct state states[3] = {0};
    struct newcomer_report *comers = calloc(1, sizeof *comers);
    bool done = comers != NULL && suffer(b, h, attack, states, comers);
    for (size_t i = 0; i < COUNT_OF(states); i++)
        state_clear(&states[i]);
    free(comers);
    return done;
}

/* ---- the bench */

static void config_write(const struct hostile *h, bool loose, char text[CONFIG_MAX])
{
    snprintf(text, CONFIG_MAX, "metrics = %u\n[registration]\nwho = open\n%s", h->metrics,
             loose ? sottod_loose_limits : "");
}

static bool prepare(struct hostile *h)
{
    char config[CONFIG_MAX];
    config_write(h, true, config);
    const struct beside ours = {
        .peers = {&peer_sotto}, .count = 1, .under = h->dir, .config = config};
    if (!pairs_start(&h->pairs, &ours, 0, PAIRS, PAIRS, SIZE))
        return false;
    const struct idle idle = {h->pairs.server.child.port, (unsigned)h->idle};
    if (!helper_start(&h->idlers, idle_run, &idle, sizeof(struct idle_report), 0) ||
        !wait_ready(h, &h->idlers))
        return false;
    config_write(h, false, config);
    return sottod_configure(&h->pairs.server.child, config);
}

static bool run(struct bench *b, struct hostile *h)
{
    h->metrics = child_port_free();
    if (h->metrics == 0 || !prepare(h) || !members_count(h))
        return false;
    for (size_t i = 0; attack_at(i) != NULL; i++)
        if ((h->attack == NULL || strcmp(h->attack, attack_at(i)->name) == 0) &&
            !suffer_one(b, h, attack_at(i)))
            return false;
    return true;
}

static bool attack_known(const char *name)
{
    bool known = name == NULL;
    for (size_t i = 0; attack_at(i) != NULL; i++)
        known = known || strcmp(name, attack_at(i)->name) == 0;
    if (known)
        return true;
    FILE *to = strcmp(name, "list") == 0 ? stdout : stderr;
    if (to == stderr)
        fprintf(to, "sotto-bench hostile: no attack is called %s; there are:\n", name);
    for (size_t i = 0; attack_at(i) != NULL; i++)
        fprintf(to, "%-14s %s\n", attack_at(i)->name, attack_at(i)->summary);
    return false;
}

int bench_hostile(struct bench *b, int argc, char **argv)
{
    struct hostile *h = calloc(1, sizeof *h);
    if (h == NULL)
        return 1;
    h->idle = 1000;
    h->seconds = 5;
    const struct bench_option options[] = {
        {"--idle", &h->idle, 0, 19000, NULL, NULL},
        {"--foes", &h->foes, 1, 10000, NULL, NULL},
        {"--seconds", &h->seconds, 1, 3600, NULL, NULL},
        {"--attack", NULL, 0, 0, &h->attack, NULL},
        {"--dir", NULL, 0, 0, &h->dir, NULL},
        {"--durable", NULL, 0, 0, NULL, &h->durable},
    };
    int status = 2;
    if (bench_options(b, argc, argv, options, COUNT_OF(options)) && attack_known(h->attack)) {
        struct idle_report idle;
        h->dir = bench_dir(h->dir, h->durable);
        status = run(b, h) ? 0 : 1;
        (void)helper_stop(&h->idlers, &idle, sizeof idle);
        if (!pairs_stop(&h->pairs))
            status = 1;
    } else if (h->attack != NULL && strcmp(h->attack, "list") == 0) {
        status = 0;
    }
    free(h);
    return status;
}
