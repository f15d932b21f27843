#include "bench/mls_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "mls/tree_hash.h"

#define NOW_S 1700000000u

sotto_mls_client mls_world_client(const struct mls_world *w, uint32_t member, char name[24])
{
    snprintf(name, 24, "member %u", (unsigned)member);
    return (sotto_mls_client){.suite = w->suite->id,
                              .sign_key = w->sign_keys[member],
                              .credential = {SOTTO_MLS_BASIC, view_str(name)}};
}

static sotto_err member_make(struct mls_world *w, struct rng *rng, uint32_t i)
{
    uint8_t seed[96];
    char name[24];
    size_t len = sign_seed_size(w->suite->sign);
    rng_bytes(rng, seed, len);
    TRY(sign_key_derive(w->m.crypto, w->suite->sign, view_of(seed, len), &w->sign_keys[i]));
    const sotto_mls_client client = mls_world_client(w, i, name);
    return sotto_mls_key_package_new(&w->m, &client, NULL, &w->packages[i], &w->privates[i], NULL);
}

static sotto_err members_make(struct mls_world *w)
{
    struct rng rng = rng_from(w->m.seed);
    w->sign_keys = calloc(w->n + 1, sizeof(sotto_sign_key *));
    w->packages = calloc(w->n + 1, sizeof *w->packages);
    w->privates = calloc(w->n + 1, sizeof *w->privates);
    w->adds = calloc(w->n, sizeof *w->adds);
    if (w->sign_keys == NULL || w->packages == NULL || w->privates == NULL || w->adds == NULL)
        return SOTTO_E_NOMEM;
    for (uint32_t i = 0; i <= w->n; i++)
        TRY(member_make(w, &rng, i));
    for (uint32_t i = 1; i < w->n; i++)
        w->adds[i - 1] =
            (sotto_mls_proposal){.type = SOTTO_MLS_ADD, .key_package = buf_view(&w->packages[i])};
    return SOTTO_OK;
}

sotto_err mls_world_build(struct mls_world *w, sotto_group **ret_group, sotto_staged **ret_staged)
{
    char name[24];
    const sotto_mls_client client = mls_world_client(w, 0, name);
    const sotto_mls_commit_options options = {
        .proposals = w->adds, .proposal_count = w->n - 1, .without_path = true};
    TRY(sotto_group_new(&w->m, &client, VIEW_LIT("a group that is measured"), (view){0}, NULL,
                        ret_group));
    return sotto_group_commit(&w->m, *ret_group, &options, ret_staged);
}

sotto_err mls_world_join(struct mls_world *w, uint32_t member, view welcome,
                         sotto_group **ret_group)
{
    DEFER(staged_freep) sotto_staged *staged = NULL;
    TRY(sotto_mls_join(&w->m, welcome, buf_view(&w->privates[member]), NULL, &staged));
    return sotto_staged_merge(&w->m, ret_group, &staged);
}

sotto_err mls_world_begin(struct mls_world *w, sotto_crypto *c, const struct mls_suite *suite,
                          uint32_t n)
{
    DEFER(staged_freep) sotto_staged *staged = NULL;
    *w =
        (struct mls_world){.m = {.crypto = c, .now_s = NOW_S, .seed = {5}}, .suite = suite, .n = n};
    TRY(members_make(w));
    TRY(mls_world_build(w, &w->creator, &staged));
    TRY(buf_set(&w->welcome, sotto_staged_welcome(staged)));
    TRY(sotto_staged_merge(&w->m, &w->creator, &staged));
    if (n > 2)
        TRY(mls_world_join(w, 1, buf_view(&w->welcome), &w->near));
    return mls_world_join(w, n - 1, buf_view(&w->welcome), &w->last);
}

static sotto_err member_path(struct mls_world *w, struct rng *rng, uint32_t i)
{
    struct epoch *e = w->last->epoch;
    const struct treekem_private none = {.leaf_index = i};
    DEFER(treekem_path_clear) struct treekem_path path = {0};
    struct leaf_node leaf;
    TRY(tree_leaf_read(e->tree, i, &leaf));
    const struct treekem_sender sender = {i, &leaf, w->sign_keys[i], e->context.group_id};
    TRY(treekem_create(w->m.crypto, e->tree, &sender, rng, &none, &path));
    if (i < e->own_leaf)
        return SOTTO_OK;
    treekem_private_clear(&e->keys);
    treekem_private_copy(&path.keys, &e->keys);
    return SOTTO_OK;
}

/* The secrets of an epoch that has this tree; any will do. */
static sotto_err epoch_renew(sotto_crypto *c, struct epoch *e)
{
    struct secret epoch_secret = {.len = e->suite->hash_len, .data = {9}};
    TRY(epoch_set_context(c, e, e->context.group_id, e->context.epoch + 1,
                          e->context.confirmed_transcript_hash, e->context.extensions));
    epoch_secrets_clear(&e->secrets);
    secret_tree_free(MOVE(e->secret_tree));
    exporter_tree_free(MOVE(e->exporter_tree));
    TRY(epoch_derive_first(c, e, &epoch_secret));
    return epoch_confirm(c, e);
}

sotto_err mls_world_warm(struct mls_world *w)
{
    struct rng rng = rng_from(w->m.seed);
    for (uint32_t i = 0; i < w->n; i++)
        TRY(member_path(w, &rng, i));
    return epoch_renew(w->m.crypto, w->last->epoch);
}

sotto_err mls_world_add(struct mls_world *w, sotto_staged **ret_staged)
{
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                    .key_package = buf_view(&w->packages[w->n])};
    const sotto_mls_commit_options options = {.proposals = &add, .proposal_count = 1};
    return sotto_group_commit(&w->m, w->last, &options, ret_staged);
}

sotto_err mls_world_grow(struct mls_world *w)
{
    DEFER(staged_freep) sotto_staged *staged = NULL;
    TRY(mls_world_add(w, &staged));
    TRY(buf_set(&w->joiner_welcome, sotto_staged_welcome(staged)));
    TRY(sotto_staged_merge(&w->m, &w->last, &staged));
    return mls_world_join(w, w->n, buf_view(&w->joiner_welcome), &w->joiner);
}

void mls_world_end(struct mls_world *w)
{
    sotto_group_free(w->creator);
    sotto_group_free(w->near);
    sotto_group_free(w->last);
    sotto_group_free(w->joiner);
    for (uint32_t i = 0; i <= w->n; i++) {
        if (w->sign_keys != NULL)
            sign_key_free(w->sign_keys[i]);
        if (w->packages != NULL)
            buf_clear(&w->packages[i]);
        if (w->privates != NULL)
            buf_clear(&w->privates[i]);
    }
    free(w->sign_keys);
    free(w->packages);
    free(w->privates);
    free(w->adds);
    buf_clear(&w->welcome);
    buf_clear(&w->joiner_welcome);
    *w = (struct mls_world){0};
}
