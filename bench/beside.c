#include "bench/beside.h"

#include <stdio.h>

static bool peer_add(const struct bench *b, struct beside *beside, const char *name, size_t len)
{
    char path[PATH_MAX];
    const struct peer *peer = peer_find(name, len);
    if (peer == NULL || peer->program == NULL || beside->count == BESIDE_MAX) {
        fprintf(stderr, "sotto-bench %s: --peer takes nats, mosquitto or both, with a comma\n",
                b->name);
        return false;
    }
    beside->peers[beside->count++] = peer;
    return peer_program(peer, path);
}

bool beside_find(struct bench *b, const struct beside_options *options, struct beside *ret_beside)
{
    struct beside beside = {.under = bench_dir(options->dir, options->durable),
                            .set = options->set,
                            .stored = options->stored,
                            .peers = {&peer_sotto},
                            .count = options->alone ? 0 : 1};
    for (const char *at = options->peers; at != NULL && *at != 0;) {
        size_t len = strcspn(at, ",");
        if (!peer_add(b, &beside, at, len))
            return false;
        at += len + (at[len] == ',' ? 1 : 0);
    }
    if (beside.count == 0) {
        fprintf(stderr, "sotto-bench %s: --alone needs --peer\n", b->name);
        return false;
    }
    b->stored = beside.stored;
    *ret_beside = beside;
    return true;
}

void beside_rows(struct bench *b, const struct beside *beside, struct bench_row row,
                 const double values[BESIDE_MAX])
{
    const double floor = row.floor;
    for (size_t i = 0; i < beside->count; i++) {
        row.peer = beside->peers[i]->name;
        row.value = values[i];
        row.floor = beside->peers[i]->program == NULL ? floor : 0;
        for (size_t other = 1; other < beside->count; other++)
            row.ratios[other - 1] =
                i > 0 ? (struct bench_ratio){0}
                      : (struct bench_ratio){beside->peers[other]->name, values[0] / values[other]};
        bench_row(b, &row);
    }
}

double beside_median(double rounds[BESIDE_ROUNDS])
{
    return bench_percentile(rounds, BESIDE_ROUNDS, 0.5);
}
