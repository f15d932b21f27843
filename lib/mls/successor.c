/* Groups that follow others (RFC 9420 11.2, 11.3): each begins as any group does, with its creator alone; its first commit adds
 * the others, and takes in the resumption PSK of the group before. What who joins will check is checked here first. */
#include <stdlib.h>

#include "mls/commit_make.h"
#include "mls/describe.h"
#include "mls/successor_check.h"

/* What a new group is made of. */
struct successor {
    sotto_group *old;
    const sotto_mls_client *client;
    enum psk_usage usage;
    view group_id, extensions;
    const sotto_view *members; /* KeyPackages */
    size_t count;
    bool tree_beside;
};

static void proposals_freep(sotto_mls_proposal **proposals)
{
    free(*proposals);
}

static sotto_mls_psk_id link_of(const struct successor *n)
{
    return (sotto_mls_psk_id){.type = SOTTO_MLS_PSK_RESUMPTION,
                              .usage = (uint8_t)n->usage,
                              .psk_group_id = n->old->epoch->context.group_id,
                              .psk_epoch = n->old->epoch->context.epoch};
}

static sotto_err commit_first(struct step *s, const struct successor *n, sotto_group *g,
                              sotto_staged **ret_staged)
{
    DEFER(proposals_freep)
    sotto_mls_proposal *proposals = calloc(n->count + 1, sizeof *proposals);
    if (proposals == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < n->count; i++)
        proposals[i] = (sotto_mls_proposal){.type = SOTTO_MLS_ADD, .key_package = n->members[i]};
    proposals[n->count] = (sotto_mls_proposal){.type = SOTTO_MLS_PSK, .psk = link_of(n)};
    const sotto_mls_commit_options options = {
        .proposals = proposals, .proposal_count = n->count + 1, .tree_beside = n->tree_beside};
    return group_commit(s, g, n->old, &options, ret_staged);
}

static sotto_err successor_make(struct step *s, const struct successor *n, sotto_group **ret_group,
                                sotto_staged **ret_staged)
{
    DEFER(group_freep) sotto_group *g = NULL;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    const sotto_mls_psk_id link = link_of(n);
    const struct pre_shared_key_id id = psk_of(&link);
    TRY(group_create(s, n->client, n->group_id, n->extensions, &n->old->settings, &g));
    TRY(commit_first(s, n, g, &staged));
    TRY(successor_check(s, n->old, staged->next, &id, 1));
    *ret_group = MOVE(g);
    *ret_staged = MOVE(staged);
    return SOTTO_OK;
}

sotto_err sotto_group_reinit(sotto_mls *m, sotto_group *old, const sotto_mls_client *client,
                             const sotto_view *members, size_t count, bool tree_beside,
                             sotto_group **ret_group, sotto_staged **ret_staged)
{
    const struct successor n = {.old = old,
                                .client = client,
                                .usage = PSK_USAGE_REINIT,
                                .group_id = old->reinit_parts.group_id,
                                .extensions = old->reinit_parts.extensions,
                                .members = members,
                                .count = count,
                                .tree_beside = tree_beside};
    DEFER(step_clear) struct step s = {0};
    if (old->reinit.len == 0)
        return SOTTO_E_USAGE;
    TRY(step_begin(m, &s));
    return step_end(m, &s, successor_make(&s, &n, ret_group, ret_staged));
}

sotto_err sotto_group_branch(sotto_mls *m, sotto_group *old, const sotto_mls_client *client,
                             sotto_view group_id, sotto_view extensions, const sotto_view *members,
                             size_t count, bool tree_beside, sotto_group **ret_group,
                             sotto_staged **ret_staged)
{
    const struct successor n = {.old = old,
                                .client = client,
                                .usage = PSK_USAGE_BRANCH,
                                .group_id = group_id,
                                .extensions = extensions,
                                .members = members,
                                .count = count,
                                .tree_beside = tree_beside};
    DEFER(step_clear) struct step s = {0};
    if (old->removed)
        return SOTTO_E_NOT_NOW;
    TRY(step_begin(m, &s));
    return step_end(m, &s, successor_make(&s, &n, ret_group, ret_staged));
}
