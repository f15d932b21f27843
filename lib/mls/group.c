#include "mls/group.h"

#include <stdlib.h>

#include "mls/describe.h"
#include "mls/key_package_make.h"
#include "mls/tree_math.h"

#define PAST_EPOCHS_USUAL 5u
#define PAST_AGE_USUAL_S  ((uint64_t)7 * 24 * 3600)
#define GROUP_ID_USUAL    32u /* bytes */

sotto_err group_alloc(const struct mls_suite *suite, const sotto_mls_settings *settings,
                      sotto_group **ret_group)
{
    sotto_group *g = calloc(1, sizeof *g);
    if (g == NULL)
        return SOTTO_E_NOMEM;
    g->suite = suite;
    if (settings != NULL)
        g->settings = *settings;
    *ret_group = g;
    return SOTTO_OK;
}

void sotto_group_free(sotto_group *g)
{
    if (g == NULL)
        return;
    epoch_free(g->epoch);
    past_epochs_clear(&g->past);
    pending_clear(&g->pending);
    buf_clear(&g->reinit);
    group_stored_clear(&g->stored);
    free(g);
}

void group_freep(sotto_group **g)
{
    sotto_group_free(*g);
    *g = NULL;
}

bool group_is_active(const sotto_group *g)
{
    return !g->removed && g->reinit.len == 0;
}

sotto_err group_check_active(const sotto_group *g, struct fault *ret_fault)
{
    return check_that(CHECK_COMMIT_ACTIVE, group_is_active(g), 0, ret_fault);
}

uint32_t group_past_epochs(const sotto_group *g)
{
    uint32_t count = g->settings.past_epochs;
    if (count == UINT32_MAX)
        return 0;
    if (count == 0)
        return PAST_EPOCHS_USUAL;
    return count < PAST_EPOCHS_MAX ? count : PAST_EPOCHS_MAX;
}

uint64_t group_past_age_s(const sotto_group *g)
{
    return g->settings.past_age_s != 0 ? g->settings.past_age_s : PAST_AGE_USUAL_S;
}

void group_expire(sotto_group *g, uint64_t now_s)
{
    uint64_t age_s = group_past_age_s(g);
    if (now_s > age_s)
        past_epochs_expire(&g->past, now_s - age_s);
}

sotto_err group_reinit_parse(view encoded, struct reinit *ret_parts)
{
    struct proposal proposal = {.proposal_type = PROPOSAL_REINIT};
    if (encoded.len == 0)
        return SOTTO_OK;
    struct rd r = rd_of(encoded);
    proposal_body_read(&r, &proposal);
    TRY(rd_end(&r));
    *ret_parts = proposal.reinit;
    return SOTTO_OK;
}

/* The creator's leaf is that of a KeyPackage which nobody else sees (RFC 9420 11). */
static sotto_err first_leaf(struct step *s, const sotto_mls_client *client, struct epoch *e)
{
    DEFER(buf_clear) sotto_buf storage = {0};
    DEFER(buf_clear) sotto_buf encoded = {0};
    DEFER(secret_clear) struct secret seed = {0};
    struct kem_key *leaf_key = NULL;
    struct leaf_node leaf = {0};
    secret_resize(&seed, SECRET_MAX);
    rng_bytes(&s->rng, seed.data, seed.len);
    TRY(leaf_node_of_client(client, &storage, &leaf));
    TRY(kem_key_derive(s->c, e->suite->hpke.kem, secret_view(&seed), &leaf_key));
    leaf.encryption_key = kem_key_public(leaf_key);
    TRY(treekem_private_new(0, leaf_key, &e->keys));
    leaf.leaf_node_source = LEAF_NODE_KEY_PACKAGE;
    leaf.lifetime = lifetime_usual(s->now_s);
    TRY(leaf_node_sign(s->c, client->sign_key, &leaf, (view){0}, 0, &encoded));
    TRY(sign_key_copy(client->sign_key, &e->sign_key));
    return tree_add(e->tree, buf_view(&encoded), &e->own_leaf);
}

static sotto_err first_secrets(struct step *s, struct epoch *e)
{
    DEFER(secret_clear) struct secret epoch_secret = {0};
    secret_resize(&epoch_secret, e->suite->hash_len);
    rng_bytes(&s->rng, epoch_secret.data, epoch_secret.len);
    TRY(epoch_derive_first(s->c, e, &epoch_secret));
    return epoch_confirm(s->c, e);
}

/* That a client can't make a group which it could not join. */
static sotto_err first_check(struct step *s, struct epoch *e)
{
    struct required_capabilities required;
    struct tree_check_context context = epoch_check_context(e, &required, s->now_s, 0);
    return tree_check_leaf_place(s->c, e->tree, &context, e->own_leaf, LEAF_NODE_KEY_PACKAGE,
                                 &s->fault);
}

sotto_err group_create(struct step *s, const sotto_mls_client *client, view group_id,
                       view extensions, const sotto_mls_settings *settings, sotto_group **ret_group)
{
    const struct mls_suite *suite = mls_suite_find(client->suite);
    uint8_t seed[TREE_SEED], random_id[GROUP_ID_USUAL];
    DEFER(group_freep) sotto_group *g = NULL;
    if (suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    if (client->sign_key == NULL || sign_key_id(client->sign_key) != suite->sign)
        return SOTTO_E_USAGE;
    rng_bytes(&s->rng, seed, sizeof seed);
    rng_bytes(&s->rng, random_id, sizeof random_id);
    TRY(group_alloc(suite, settings, &g));
    TRY(epoch_new(suite, &g->epoch));
    TRY(tree_new(suite, seed, &g->epoch->tree));
    TRY(first_leaf(s, client, g->epoch));
    TRY(epoch_set_context(s->c, g->epoch, group_id.len > 0 ? group_id : VIEW_OF(random_id), 0,
                          (view){0}, extensions));
    TRY(first_check(s, g->epoch));
    TRY(first_secrets(s, g->epoch));
    *ret_group = MOVE(g);
    return SOTTO_OK;
}

sotto_err sotto_group_new(sotto_mls *m, const sotto_mls_client *client, view group_id,
                          view extensions, const sotto_mls_settings *settings,
                          sotto_group **ret_group)
{
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(m, &s, group_create(&s, client, group_id, extensions, settings, ret_group));
}

view sotto_group_id(const sotto_group *g)
{
    return g->epoch->context.group_id;
}

uint64_t sotto_group_epoch(const sotto_group *g)
{
    return g->epoch->context.epoch;
}

uint16_t sotto_group_suite(const sotto_group *g)
{
    return g->suite->id;
}

uint32_t sotto_group_own_leaf(const sotto_group *g)
{
    return g->epoch->own_leaf;
}

uint32_t sotto_group_member_count(const sotto_group *g)
{
    return tree_member_count(g->epoch->tree);
}

view sotto_group_extensions(const sotto_group *g)
{
    return g->epoch->context.extensions;
}

view sotto_group_context(const sotto_group *g)
{
    return buf_view(&g->epoch->encoded_context);
}

bool sotto_group_is_active(const sotto_group *g)
{
    return group_is_active(g);
}

sotto_err sotto_group_ended_by(const sotto_group *g, sotto_mls_proposal *ret_reinit)
{
    if (g->reinit.len == 0)
        return SOTTO_E_NOTFOUND;
    *ret_reinit = (sotto_mls_proposal){.type = SOTTO_MLS_REINIT,
                                       .group_id = g->reinit_parts.group_id,
                                       .suite = g->reinit_parts.cipher_suite,
                                       .extensions = g->reinit_parts.extensions};
    return SOTTO_OK;
}

bool sotto_group_next_member(const sotto_group *g, uint32_t *at, sotto_mls_leaf *ret_leaf)
{
    if (!tree_next_member(g->epoch->tree, at))
        return false;
    *ret_leaf = describe_member(g->epoch->tree, *at);
    ++*at;
    return true;
}

sotto_err sotto_group_member(const sotto_group *g, uint32_t index, sotto_mls_leaf *ret_leaf)
{
    if (tree_leaf(g->epoch->tree, index) == NULL)
        return SOTTO_E_NOTFOUND;
    *ret_leaf = describe_member(g->epoch->tree, index);
    return SOTTO_OK;
}

bool sotto_group_find_member(const sotto_group *g, view signature_key, sotto_mls_leaf *ret_leaf)
{
    uint32_t node;
    if (!tree_find_key(g->epoch->tree, TREE_SIGNATURE_KEY, signature_key, UINT32_MAX, &node))
        return false;
    *ret_leaf = describe_member(g->epoch->tree, tree_math_leaf_index(node));
    return true;
}

sotto_mls_settings sotto_group_settings(const sotto_group *g)
{
    return g->settings;
}

/* Past epochs that are no longer to be kept go at once. */
void sotto_group_set_settings(sotto_group *g, const sotto_mls_settings *settings)
{
    g->settings = *settings;
    past_epochs_keep(&g->past, group_past_epochs(g));
}
