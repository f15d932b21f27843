#include "tests/model/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/model/race.h"
#include "tests/model/talk.h"

#define BEGIN_S 1800000000u /* some day in 2027 */

_Noreturn void world_fail(const struct world *w, sotto_err err, const char *what, const char *file,
                          int line)
{
    sotto_mls_check check;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    if (err != SOTTO_OK)
        fprintf(stderr, "error: %s: %s\n", sotto_err_name(err), sotto_err_text(err));
    if (w->mls.check != 0 && sotto_mls_check_at(w->mls.check, &check) == SOTTO_OK)
        fprintf(stderr, "last check that failed: %s (%u), at %u\n", check.name, check.number,
                w->mls.check_where);
    fprintf(stderr, "seed %llu, suite 0x%04x, step %llu, group %u, record %llu: %s, client %d\n",
            (unsigned long long)w->seed, w->suite, (unsigned long long)w->step, w->group_number,
            (unsigned long long)(w->count - 1), w->doing, (int)w->who);
    abort();
}

uint32_t pick(struct world *w, uint32_t n)
{
    return n > 1 ? w->choose(w->choose_context, n) : 0;
}

bool chance(struct world *w, uint32_t n)
{
    return pick(w, n) == n - 1;
}

/* SplitMix64: no secret, but different each time. */
void world_random(struct world *w, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t z = w->random += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        out[i] = (uint8_t)(z >> 56);
    }
}

void doing(struct world *w, const char *what, const struct client *c)
{
    w->doing = what;
    w->who = c != NULL ? c->number : NOBODY;
    w->mls.rules = c != NULL ? &c->rules : NULL;
}

struct record *record_at(struct world *w, uint64_t at)
{
    return at >= w->first && at < w->count ? w->records[at - w->first] : NULL;
}

struct record *record_last(struct world *w)
{
    return w->records[w->count - 1 - w->first];
}

static void record_free(struct record *r)
{
    if (r == NULL)
        return;
    buf_clear(&r->facts.context);
    buf_clear(&r->facts.authenticator);
    buf_clear(&r->facts.resumption);
    buf_clear(&r->facts.safe_exported);
    for (uint32_t i = 0; i < r->proposal_count; i++)
        buf_clear(&r->proposals[i].bytes);
    buf_clear(&r->group_info);
    buf_clear(&r->tree);
    buf_clear(&r->commit);
    free(r);
}

static void forget_first(struct world *w)
{
    record_free(w->records[0]);
    memmove(&w->records[0], &w->records[1], (RECORDS_MAX - 1) * sizeof w->records[0]);
    w->records[RECORDS_MAX - 1] = NULL;
    w->first++;
}

struct record *record_next(struct world *w, uint64_t epoch)
{
    if (w->count - w->first == RECORDS_MAX)
        forget_first(w);
    struct record *r = calloc(1, sizeof *r);
    MUST(w, r != NULL);
    r->epoch = epoch;
    r->committer = NOBODY;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        r->leaf_of[i] = NOBODY;
    w->records[w->count - w->first] = r;
    w->count++;
    return r;
}

void records_forget(struct world *w)
{
    while (w->first < w->count)
        forget_first(w);
    for (uint32_t i = 0; i < PSKS_MAX; i++)
        buf_clear(&w->psks[i].psk);
}

uint32_t record_members(const struct record *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        count += r->leaf_of[i] != NOBODY;
    return count;
}

bool is_member(const struct world *w, const struct record *r, const struct client *c)
{
    (void)w;
    return r->leaf_of[c->number] != NOBODY;
}

static sotto_err psk_rule(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    struct client *c = context;
    struct world *w = c->world;
    if (c->forgets)
        return SOTTO_E_NOTFOUND;
    if (id->type == SOTTO_MLS_PSK_EXTERNAL)
        return sotto_buf_set(ret_psk, id->id); /* no secret, but known to all */
    if (id->type != SOTTO_MLS_PSK_RESUMPTION)
        return SOTTO_E_NOTFOUND;
    if (id->psk_epoch == w->former_epoch && view_equal(id->psk_group_id, buf_view(&w->former_id)))
        return sotto_buf_set(ret_psk, buf_view(&w->former_psk));
    const struct past_psk *past = &w->psks[id->psk_epoch % PSKS_MAX];
    if (past->psk.len > 0 && past->epoch == id->psk_epoch &&
        view_equal(id->psk_group_id, buf_view(&w->group_id)))
        return sotto_buf_set(ret_psk, buf_view(&past->psk));
    return SOTTO_E_NOTFOUND;
}

/* A pure function of the commit, but for him who made it. */
static sotto_err commit_rule(void *context, const sotto_mls_change *change)
{
    const struct client *c = context;
    view aad = change->authenticated_data;
    return !c->lenient && aad.len > 0 && aad.data[0] == '!' ? SOTTO_E_PERMISSION : SOTTO_OK;
}

/* A component holds what was said last, behind how often it was said. */
static sotto_err app_data_rule(void *context, uint16_t component, view before, const view *updates,
                               size_t count, sotto_buf *ret_after)
{
    uint8_t value[64] = {0};
    (void)context;
    (void)component;
    value[0] = (uint8_t)((before.len > 0 ? before.data[0] : 0) + count);
    size_t len = count > 0 ? size_min(updates[count - 1].len, sizeof value - 1) : 0;
    if (len > 0)
        memcpy(value + 1, updates[count - 1].data, len);
    return sotto_buf_set(ret_after, view_of(value, len + 1));
}

static void client_begin(struct world *w, uint32_t number)
{
    struct client *c = &w->clients[number];
    c->world = w;
    c->number = number;
    c->identity[0] = 'c';
    c->identity[1] = (uint8_t)number;
    c->rules = (sotto_mls_rules){
        .context = c, .psk = psk_rule, .commit = commit_rule, .app_data = app_data_rule};
}

static sotto_sign_key *new_key(struct world *w)
{
    uint8_t seed[80];
    sotto_sign_key *key = NULL;
    size_t len = sotto_sign_seed_size(w->suite);
    MUST(w, len > 0 && len <= sizeof seed);
    world_random(w, seed, len);
    MUST_OK(w, sotto_sign_key_new(w->mls.crypto, w->suite, view_of(seed, len), &key));
    return key;
}

void client_new_key(struct client *c)
{
    sotto_sign_key_free(c->key);
    c->key = new_key(c->world);
}

void world_begin(struct world *w)
{
    w->doing = "begin";
    w->who = NOBODY;
    w->random = w->seed;
    w->now_s = BEGIN_S;
    w->goal = w->client_count / 2 + 1;
    w->mls.now_s = w->now_s;
    world_random(w, w->mls.seed, sizeof w->mls.seed);
    if (w->mls.crypto == NULL)
        MUST_OK(w, sotto_crypto_new(&w->mls.crypto));
    w->outside_key = new_key(w);
    for (uint32_t i = 0; i < w->client_count; i++) {
        client_begin(w, i);
        client_new_key(&w->clients[i]);
    }
    client_create(&w->clients[0]);
}

void world_check(struct world *w)
{
    for (uint32_t i = 0; i < w->client_count; i++) {
        struct client *c = &w->clients[i];
        if (c->group == NULL)
            continue;
        doing(w, "look once more", c);
        client_check_parts(c);
        if (!c->gone && record_at(w, c->at) != NULL)
            client_check_facts(c);
    }
}

void world_end(struct world *w)
{
    for (uint32_t i = 0; i < w->client_count; i++)
        client_end(&w->clients[i]);
    candidates_drop(w);
    talk_forget(w);
    records_forget(w);
    buf_clear(&w->group_id);
    buf_clear(&w->former_id);
    buf_clear(&w->former_psk);
    sotto_sign_key_free(w->outside_key);
    w->outside_key = NULL;
}
