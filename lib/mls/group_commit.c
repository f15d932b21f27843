#include "mls/commit_make.h"
#include "mls/proposal_make.h"

/* A member's commit: its own proposals by value, and what waits by reference. */

/* About how many bytes: a bulk add has megabytes. */
static size_t by_value_size(const sotto_mls_commit_options *options)
{
    size_t size = 0;
    for (size_t i = 0; i < options->proposal_count; i++)
        size += options->proposals[i].key_package.len + options->proposals[i].extensions.len +
                options->proposals[i].component_data.len + 8;
    return size;
}

static sotto_err by_value(struct step *s, const sotto_group *g,
                          const sotto_mls_commit_options *options, sotto_buf *ret_proposals)
{
    TRY(buf_reserve(ret_proposals, by_value_size(options)));
    for (size_t i = 0; i < options->proposal_count; i++) {
        struct wr w = wr_to(ret_proposals);
        wr_u8(&w, PROPOSAL_OR_REF_PROPOSAL);
        TRY(wr_end(&w));
        TRY(proposal_make(s, g->suite, &options->proposals[i], ret_proposals));
    }
    return SOTTO_OK;
}

/* The usage that the first commit of a successor has for the PSK of the group before (RFC 9420 11.2, 11.3). */
static enum psk_usage successor_usage(const sotto_mls_commit_options *options)
{
    for (size_t i = 0; i < options->proposal_count; i++) {
        const sotto_mls_proposal *p = &options->proposals[i];
        if (p->type == SOTTO_MLS_PSK && p->psk.type == SOTTO_MLS_PSK_RESUMPTION &&
            p->psk.usage != SOTTO_MLS_USAGE_APPLICATION)
            return (enum psk_usage)p->psk.usage;
    }
    return 0;
}

/* Whoever proposes a PSK does not know whether the others have it. What is secret about it is asked for again when it is used. */
static sotto_err refuse_unknown_psks(struct step *s, const sotto_group *g,
                                     struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct proposed *item = &list->items[i];
        DEFER(buf_clear) sotto_buf psk = {0};
        if (item->pending == NULL || item->proposal.proposal_type != PROPOSAL_PSK)
            continue;
        sotto_err err =
            group_psk_find(s, g, NULL, &item->proposal.psk, CHECK_PSK_KNOWN, (uint32_t)i, &psk);
        item->refused = s->fault.check == CHECK_PSK_KNOWN;
        s->fault = (struct fault){0};
        if (!item->refused)
            TRY(err);
    }
    (void)proposal_list_drop_refused(list);
    return SOTTO_OK;
}

/* Who is refused is not always who is at fault: what waits never stops what was asked for. Extensions go first, since new leaves
 * are judged by them. */
static bool drop_pending(struct proposal_list *list)
{
    bool extensions = false;
    for (size_t i = 0; i < list->count; i++) {
        struct proposed *item = &list->items[i];
        item->refused = item->pending != NULL &&
                        item->proposal.proposal_type == PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
        extensions = extensions || item->refused;
    }
    for (size_t i = 0; i < list->count && !extensions; i++)
        list->items[i].refused = list->items[i].pending != NULL;
    return proposal_list_drop_refused(list);
}

static bool can_drop(enum mls_check check, struct proposal_list *list)
{
    if (check == CHECK_NONE || check == CHECK_COMMIT_POLICY)
        return false;
    return proposal_list_drop_refused(list) || drop_pending(list);
}

/* Once more as long as there are pending proposals that turned out not to fit. */
static sotto_err commit_list(struct step *s, const struct commit_base *base,
                             struct proposal_list *list, const sotto_mls_commit_options *options,
                             sotto_staged **ret_staged)
{
    DEFER(buf_clear) sotto_buf proposals = {0};
    TRY(buf_reserve(&proposals, by_value_size(options)));
    for (;;) {
        struct wr w = wr_to(&proposals);
        proposal_list_write(&w, base->epoch->suite, list);
        TRY(wr_end(&w));
        sotto_err err = commit_make(s, base, list, buf_view(&proposals), options, ret_staged);
        if (err == SOTTO_OK || !can_drop(s->fault.check, list))
            return err;
        s->fault = (struct fault){0};
        buf_reset(&proposals);
    }
}

sotto_err group_commit(struct step *s, sotto_group *g, const sotto_group *predecessor,
                       const sotto_mls_commit_options *options, sotto_staged **ret_staged)
{
    DEFER(buf_clear) sotto_buf given = {0};
    DEFER(proposal_list_clear) struct proposal_list list = {0};
    if (!group_is_active(g))
        return SOTTO_E_NOT_NOW;
    const struct commit_base base = {
        .group = g,
        .epoch = g->epoch,
        .init_secret = &g->epoch->secrets.init_secret,
        .sender = {.sender_type = SENDER_MEMBER, .leaf_index = g->epoch->own_leaf},
        .client = options->update,
        .sign_key = g->epoch->sign_key,
        .predecessor = predecessor,
        .settings = &g->settings};
    TRY(by_value(s, g, options, &given));
    TRY(proposal_list_resolve(s, g->suite, &g->pending, buf_view(&given), &base.sender, &list));
    if (predecessor != NULL)
        list.successor = successor_usage(options);
    if (!options->without_pending) {
        TRY(proposal_list_select(g->epoch, &g->pending, &list));
        TRY(refuse_unknown_psks(s, g, &list));
    }
    return commit_list(s, &base, &list, options, ret_staged);
}

sotto_err sotto_group_commit(sotto_mls *m, sotto_group *g, const sotto_mls_commit_options *options,
                             sotto_staged **ret_staged)
{
    static const sotto_mls_commit_options usual;
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(m, &s,
                    group_commit(&s, g, NULL, options != NULL ? options : &usual, ret_staged));
}
