#include "mls/staged.h"

#include <stdlib.h>

#include "mls/describe.h"

sotto_err staged_alloc(const struct mls_suite *suite, sotto_staged **ret_staged)
{
    sotto_staged *s = calloc(1, sizeof *s);
    if (s == NULL)
        return SOTTO_E_NOMEM;
    s->suite = suite;
    *ret_staged = s;
    return SOTTO_OK;
}

void sotto_staged_free(sotto_staged *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->kept_count; i++)
        pending_proposal_free(s->kept[i]);
    free(s->kept);
    free(s->shown);
    epoch_free(s->next);
    tree_free(s->before);
    tree_free(s->after);
    buf_clear(&s->received);
    buf_clear(&s->plain);
    buf_clear(&s->extensions_before);
    buf_clear(&s->context_after);
    buf_clear(&s->commit);
    buf_clear(&s->welcome);
    buf_clear(&s->reinit);
    free(s);
}

void staged_freep(sotto_staged **s)
{
    sotto_staged_free(*s);
    *s = NULL;
}

/* What is shown of the epoch before stays, whatever becomes of the group meanwhile. */
sotto_err staged_set_base(sotto_staged *s, const struct epoch *base, bool joins)
{
    TRY(tree_clone(base->tree, &s->before));
    TRY(buf_set(&s->extensions_before, base->context.extensions));
    s->has_base = !joins;
    s->base_epoch = base->context.epoch;
    memcpy(s->base_tag, base->confirmation_tag, sizeof s->base_tag);
    s->change.extensions_before = buf_view(&s->extensions_before);
    return SOTTO_OK;
}

const struct tree *staged_tree(const sotto_staged *s)
{
    return s->next != NULL ? s->next->tree : s->after;
}

void staged_leave(sotto_staged *s)
{
    s->after = MOVE(s->next->tree);
    s->context_after = s->next->encoded_context;
    s->next->encoded_context = (sotto_buf){0};
    epoch_freep(&s->next);
}

/* Without the keys of an Update of ours: it is for show. */
static sotto_err pending_copy(const struct pending_proposal *from, struct pending_proposal **ret)
{
    DEFER(pending_proposal_freep) struct pending_proposal *copy = calloc(1, sizeof *copy);
    if (copy == NULL)
        return SOTTO_E_NOMEM;
    memcpy(copy->ref, from->ref, sizeof copy->ref);
    TRY(buf_set(&copy->encoded, buf_view(&from->encoded)));
    struct rd r = rd_of(buf_view(&copy->encoded));
    authenticated_content_read(&r, &copy->content);
    TRY(rd_end(&r));
    *ret = MOVE(copy);
    return SOTTO_OK;
}

static sotto_err show(sotto_staged *s, const struct proposed *from, sotto_mls_proposed *ret_shown)
{
    struct proposed item = *from;
    if (from->pending != NULL) {
        struct pending_proposal **kept = &s->kept[s->kept_count];
        TRY(pending_copy(from->pending, kept));
        s->kept_count++;
        item.pending = *kept;
        item.proposal = (*kept)->content.content.proposal;
    }
    *ret_shown = describe_proposed(&item, s->suite, s->before, staged_tree(s));
    return SOTTO_OK;
}

static sotto_err reinit_keep(sotto_staged *s, const struct reinit *reinit)
{
    const struct proposal proposal = {.proposal_type = PROPOSAL_REINIT, .reinit = *reinit};
    struct wr w = wr_to(&s->reinit);
    proposal_body_write(&w, &proposal);
    return wr_end(&w);
}

sotto_err staged_describe(sotto_staged *s, const struct proposal_list *list,
                          const struct proposals_applied *applied)
{
    s->shown = calloc(list->count + 1, sizeof *s->shown);
    s->kept = calloc(list->count + 1, sizeof(void *));
    if (s->shown == NULL || s->kept == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < list->count; i++)
        TRY(show(s, &list->items[applied->order[i]], &s->shown[i]));
    if (applied->reinit != NULL)
        TRY(reinit_keep(s, applied->reinit));
    s->change.proposals = s->shown;
    s->change.proposal_count = list->count;
    s->change.removes_us = applied->removes_us;
    s->change.ends_group = applied->reinit != NULL;
    return SOTTO_OK;
}

sotto_err staged_judge(struct step *step, const sotto_staged *s)
{
    if (step->rules->commit == NULL)
        return SOTTO_OK;
    return check_result(CHECK_COMMIT_POLICY, step->rules->commit(step->rules->context, &s->change),
                        0, &step->fault);
}

const sotto_mls_change *sotto_staged_change(const sotto_staged *s)
{
    return &s->change;
}

view sotto_staged_commit(const sotto_staged *s)
{
    return buf_view(&s->commit);
}

view sotto_staged_welcome(const sotto_staged *s)
{
    return buf_view(&s->welcome);
}

bool sotto_staged_next_member(const sotto_staged *s, uint32_t *at, sotto_mls_leaf *ret_leaf)
{
    const struct tree *tree = staged_tree(s);
    if (!tree_next_member(tree, at))
        return false;
    *ret_leaf = describe_member(tree, *at);
    ++*at;
    return true;
}
