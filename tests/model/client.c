#include "tests/model/client.h"

#include <stdlib.h>

#include "tests/model/window.h"

#define PRIVATE_EXTENSION 0xF001

static const uint16_t extensions[] = {SOTTO_MLS_APP_DATA_DICTIONARY, PRIVATE_EXTENSION, 0x0A0A};
static const uint16_t proposals[] = {SOTTO_MLS_APP_DATA_UPDATE, SOTTO_MLS_APP_EPHEMERAL,
                                     SOTTO_MLS_SELF_REMOVE, 0x1A1A};

sotto_mls_client client_self(const struct client *c)
{
    return (sotto_mls_client){.suite = c->world->suite,
                              .sign_key = c->key,
                              .credential = {.type = SOTTO_MLS_BASIC,
                                             .content = view_of(c->identity, sizeof c->identity)},
                              .capabilities = {.extensions = extensions,
                                               .extension_count = COUNT_OF(extensions),
                                               .proposals = proposals,
                                               .proposal_count = COUNT_OF(proposals)}};
}

void client_random_settings(struct client *c)
{
    static const uint32_t past[] = {0, 0, 1, 3, 7, UINT32_MAX};
    struct world *w = c->world;
    c->settings = (sotto_mls_settings){.past_epochs = past[pick(w, COUNT_OF(past))],
                                       .past_age_s = UINT64_MAX / 2,
                                       .public_handshakes = chance(w, 2),
                                       .handshake_pad = chance(w, 2) ? 64 : 0};
}

void client_create(struct client *c)
{
    struct world *w = c->world;
    uint8_t id[4] = {'g', (uint8_t)(w->group_number >> 8), (uint8_t)w->group_number,
                     (uint8_t)w->count};
    const sotto_mls_client self = client_self(c);
    sotto_group *group = NULL;
    doing(w, "create a group", c);
    client_random_settings(c);
    MUST_OK(w, sotto_group_new(&w->mls, &self, VIEW_OF(id), (view){0}, &c->settings, &group));
    struct record *r = record_next(w, 0);
    MUST_OK(w, sotto_group_info(&w->mls, group, true, true, &r->group_info));
    client_take(c, group, w->count - 1);
}

static void kept_free(struct kept_epoch *kept)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        free(kept->windows[i].kept);
    free(kept);
}

static void kept_cut(struct client *c, uint32_t count)
{
    while (c->kept_count > count)
        kept_free(c->kept[--c->kept_count]);
}

void client_lose(struct client *c)
{
    client_drop_staged(c);
    sotto_group_free(c->group);
    c->group = NULL;
    c->gone = false;
    parts_clear(&c->parts);
    kept_cut(c, 0);
}

void client_end(struct client *c)
{
    client_lose(c);
    sotto_sign_key_free(c->key);
    c->key = NULL;
    for (uint32_t i = 0; i < PACKAGES_MAX; i++) {
        buf_clear(&c->packages[i].message);
        buf_clear(&c->packages[i].private);
        buf_clear(&c->packages[i].ref);
    }
}

view client_package(struct client *c)
{
    struct world *w = c->world;
    struct package *p = &c->packages[c->package_next++ % PACKAGES_MAX];
    const sotto_mls_key_package_options options = {
        .not_before_s = 1, .not_after_s = UINT64_MAX / 2, .last_resort = chance(w, 8)};
    const sotto_mls_client self = client_self(c);
    MUST_OK(w,
            sotto_mls_key_package_new(&w->mls, &self, &options, &p->message, &p->private, &p->ref));
    return buf_view(&p->message);
}

const struct package *client_find_package(const struct client *c, view ref)
{
    for (uint32_t i = 0; i < PACKAGES_MAX; i++)
        if (ref.len > 0 && view_equal(buf_view(&c->packages[i].ref), ref))
            return &c->packages[i];
    return NULL;
}

void client_delete_package(struct client *c, view ref)
{
    struct package *p = (struct package *)client_find_package(c, ref);
    if (p == NULL)
        return;
    buf_clear(&p->message);
    buf_clear(&p->private);
    buf_clear(&p->ref);
}

void client_check_parts(struct client *c)
{
    MUST(c->world, parts_hold(&c->parts, c->group));
}

void client_check_refused(struct client *c)
{
    c->world->tally.refused++;
    client_check_parts(c);
}

void client_reload(struct client *c)
{
    struct world *w = c->world;
    sotto_group *again = NULL;
    w->tally.reloads++;
    sotto_group_free(c->group);
    c->group = NULL;
    MUST_OK(w, parts_read(&w->mls, &c->parts, pick(w, 8), &again));
    c->group = again;
}

void client_save(struct client *c)
{
    struct world *w = c->world;
    MUST_OK(w, sotto_group_write(c->group, false, parts_put, &c->parts));
    sotto_group_written(c->group);
    bool look = w->thorough || chance(w, 4);
    if (look)
        client_check_parts(c);
    if (!chance(w, 2))
        return;
    client_reload(c);
    if (look)
        client_check_parts(c);
}

static uint32_t past_epochs(const struct client *c)
{
    if (c->settings.past_epochs == UINT32_MAX)
        return 0;
    return c->settings.past_epochs == 0 ? 5 : c->settings.past_epochs;
}

struct kept_epoch *client_kept(const struct client *c, uint64_t at)
{
    for (uint32_t i = 0; i < c->kept_count; i++)
        if (c->kept[i]->at == at)
            return c->kept[i];
    return NULL;
}

void client_enter(struct client *c, uint64_t at)
{
    struct world *w = c->world;
    struct kept_epoch *kept = calloc(1, sizeof *kept);
    MUST(w, kept != NULL && past_epochs(c) + 1 <= KEPT_MAX);
    kept->at = at;
    kept_cut(c, past_epochs(c));
    memmove(&c->kept[1], &c->kept[0], c->kept_count * sizeof c->kept[0]);
    c->kept[0] = kept;
    c->kept_count++;
    c->at = at;
    c->gone = false;
    c->sent = 0;
    c->exported = false;
    client_check_facts(c);
}

void client_leave(struct client *c)
{
    c->gone = true;
    kept_cut(c, past_epochs(c));
    c->world->tally.removals++;
    MUST(c->world, !sotto_group_is_active(c->group));
}

void client_take(struct client *c, sotto_group *group, uint64_t at)
{
    client_lose(c);
    c->group = group;
    client_enter(c, at);
    client_save(c);
}

/* A member is who its credential says. */
static void roster_read(struct world *w, sotto_group *g, struct record *r, bool set,
                        uint8_t digest[32])
{
    sotto_mls_leaf leaf;
    uint64_t sum[4] = {0};
    uint32_t members = 0;
    for (uint32_t at = 0; sotto_group_next_member(g, &at, &leaf);) {
        view name = leaf.credential.content;
        MUST(w, name.len == 4 && name.data[1] < w->client_count);
        if (set)
            r->leaf_of[name.data[1]] = leaf.index;
        MUST(w, r->leaf_of[name.data[1]] == leaf.index);
        for (size_t i = 0; i < leaf.encoded.len; i++)
            sum[i % 4] = (sum[i % 4] ^ leaf.encoded.data[i]) * 0x100000001b3u + leaf.index;
        members++;
    }
    MUST(w, members == sotto_group_member_count(g) && members == record_members(r));
    memcpy(digest, sum, 32);
}

static void facts_read(struct client *c, struct facts *f, bool set, struct record *r)
{
    struct world *w = c->world;
    sotto_group *g = c->group;
    roster_read(w, g, r, set, f->roster);
    MUST_OK(w, buf_set(&f->context, sotto_group_context(g)));
    MUST_OK(w, buf_set(&f->authenticator, sotto_group_epoch_authenticator(g)));
    MUST_OK(w, sotto_group_resumption_psk(g, sotto_group_epoch(g), &f->resumption));
    MUST_OK(w, sotto_group_export(&w->mls, g, VIEW_LIT("model"), VIEW_LIT("context"), f->exported,
                                  sizeof f->exported));
}

static bool facts_equal(const struct facts *a, const struct facts *b)
{
    return view_equal(buf_view(&a->context), buf_view(&b->context)) &&
           view_equal(buf_view(&a->authenticator), buf_view(&b->authenticator)) &&
           view_equal(buf_view(&a->resumption), buf_view(&b->resumption)) &&
           memcmp(a->exported, b->exported, sizeof a->exported) == 0 &&
           memcmp(a->roster, b->roster, sizeof a->roster) == 0;
}

void client_check_facts(struct client *c)
{
    struct world *w = c->world;
    struct record *r = record_at(w, c->at);
    struct facts mine = {0};
    MUST(w, r != NULL && sotto_group_epoch(c->group) == r->epoch);
    MUST(w, sotto_group_is_active(c->group) != r->ended);
    if (!r->facts.known) {
        facts_read(c, &r->facts, true, r);
        r->facts.known = true;
        struct past_psk *past = &w->psks[r->epoch % PSKS_MAX];
        past->epoch = r->epoch;
        MUST_OK(w, buf_set(&past->psk, buf_view(&r->facts.resumption)));
        MUST_OK(w, buf_set(&w->group_id, sotto_group_id(c->group)));
    } else {
        facts_read(c, &mine, false, r);
        MUST(w, facts_equal(&mine, &r->facts));
        buf_clear(&mine.context);
        buf_clear(&mine.authenticator);
        buf_clear(&mine.resumption);
    }
    MUST(w, sotto_group_own_leaf(c->group) == r->leaf_of[c->number]);
}

static void export_first(struct client *c, const sotto_buf *secret)
{
    struct world *w = c->world;
    sotto_buf *known = &record_at(w, c->at)->facts.safe_exported;
    MUST(w, secret->len > 0);
    if (known->len == 0)
        MUST_OK(w, buf_set(known, buf_view(secret)));
    MUST(w, view_equal(buf_view(known), buf_view(secret)));
    if (chance(w, 8)) {
        w->tally.crashes++;
        client_reload(c); /* it was not stored: the next time is the first */
        return;
    }
    c->exported = true;
    client_save(c);
}

void client_safe_export(struct client *c)
{
    struct world *w = c->world;
    sotto_buf secret = {0};
    doing(w, "export a secret", c);
    sotto_err err = sotto_group_safe_export(&w->mls, c->group, 0x8001, &secret);
    if (c->exported) {
        MUST(w, err == SOTTO_E_EXPIRED && secret.len == 0);
        client_check_refused(c);
    } else {
        MUST_OK(w, err);
        export_first(c, &secret);
    }
    buf_clear(&secret);
}

void client_change_settings(struct client *c)
{
    uint32_t past_epochs = c->settings.past_epochs;
    doing(c->world, "change settings", c);
    client_random_settings(c);
    c->settings.past_epochs = past_epochs;
    sotto_group_set_settings(c->group, &c->settings);
    client_save(c);
}

void client_drop_staged(struct client *c)
{
    sotto_staged_free(c->staged);
    c->staged = NULL;
    buf_clear(&c->staged_bytes);
}

bool client_has_staged(const struct client *c)
{
    return c->staged != NULL || c->staged_bytes.len > 0;
}

bool client_is_ready(struct world *w, const struct client *c)
{
    return c->group != NULL && !c->gone && c->at == w->count - 1 && !record_last(w)->ended;
}

struct client *client_ready_but(struct world *w, const struct client * not )
{
    uint32_t from = pick(w, w->client_count);
    for (uint32_t i = 0; i < w->client_count; i++) {
        struct client *c = &w->clients[(from + i) % w->client_count];
        if (c != not &&client_is_ready(w, c))
            return c;
    }
    return NULL;
}

struct client *client_ready(struct world *w)
{
    return client_ready_but(w, NULL);
}
