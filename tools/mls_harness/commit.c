#include "methods.h"

static sotto_err by_value(struct call *c, const struct thing *t, sotto_mls_commit_options *options)
{
    const json_t *list = json_object_get(c->request, "by_value");
    size_t count = json_array_size(list);
    sotto_mls_proposal *proposals = call_memory(c, count * sizeof *proposals);
    if (proposals == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(list, i);
        TRY(proposal_of(c, one, call_text(one, "proposal_type"), t->group, sotto_group_id(t->group),
                        &proposals[i]));
    }
    options->proposals = proposals;
    options->proposal_count = count;
    return SOTTO_OK;
}

/* A commit takes all that is pending or nothing of it: what is listed has to be all. */
static sotto_err by_reference(struct harness *h, struct call *c, struct thing *t,
                              sotto_mls_commit_options *options)
{
    sotto_mls_proposed proposed;
    size_t listed = json_array_size(json_object_get(c->request, "by_reference"));
    TRY(learn(h, c, t, "by_reference"));
    options->without_pending = listed == 0;
    if (listed > 0 && sotto_group_pending(t->group, listed, &proposed))
        return call_fail(c, "by_reference: other proposals are pending, too");
    return SOTTO_OK;
}

sotto_err on_commit(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    sotto_mls_rules rules;
    sotto_mls_commit_options options = {0};
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(by_reference(h, c, t, &options));
    TRY(by_value(c, t, &options));
    options.without_path = !call_flag(c->request, "force_path");
    options.tree_beside = call_flag(c->request, "external_tree");
    sotto_mls m = with(h, t, &rules);
    sotto_staged *staged;
    TRY(told(c, &m, "commit", sotto_group_commit(&m, t->group, &options, &staged)));
    sotto_staged_free(t->pending);
    t->pending = staged;
    give_bytes(c, "commit", sotto_staged_commit(staged));
    give_bytes(c, "welcome", sotto_staged_welcome(staged));
    give_tree(c, staged);
    return SOTTO_OK;
}

sotto_err on_re_init_commit(struct harness *h, struct call *c)
{
    return on_commit(h, c);
}

/* A staged commit takes effect. */
static sotto_err merge(struct harness *h, struct call *c, struct thing *t, sotto_staged **staged)
{
    sotto_mls_rules rules;
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "merge", sotto_staged_merge(&m, &t->group, staged)));
    sotto_staged_free(t->pending);
    t->pending = NULL;
    stored_free(&t->read);
    return SOTTO_OK;
}

sotto_err merge_own(struct harness *h, struct call *c, struct thing **ret_thing)
{
    struct thing *t = NULL;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    if (t->pending == NULL)
        return call_fail(c, "no commit is pending");
    sotto_staged *staged = t->pending;
    t->pending = NULL;
    sotto_err err = merge(h, c, t, &staged);
    sotto_staged_free(staged);
    *ret_thing = t;
    return err;
}

sotto_err merge_received(struct harness *h, struct call *c, struct thing **ret_thing,
                         bool *ret_removed)
{
    DEFER(sotto_mls_event_clear) sotto_mls_event event = {0};
    struct thing *t = NULL;
    sotto_view message;
    sotto_mls_rules rules;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(call_bytes(c, c->request, "commit", &message));
    TRY(learn(h, c, t, "proposal"));
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "the commit", sotto_group_receive(&m, t->group, message, &event)));
    if (event.kind != SOTTO_MLS_EVENT_COMMIT)
        return call_fail(c, "not a commit");
    *ret_removed = sotto_staged_change(event.staged)->removes_us;
    *ret_thing = t;
    return merge(h, c, t, &event.staged);
}

static sotto_err give_state(struct call *c, const struct thing *t, bool removed)
{
    uint64_t number;
    TRY(call_number(c, c->request, "state_id", UINT32_MAX, &number));
    give_number(c, "state_id", number);
    if (removed)
        give_flag(c, "removed");
    else
        give_epoch(c, t);
    return SOTTO_OK;
}

sotto_err on_handle_pending_commit(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    TRY(merge_own(h, c, &t));
    return give_state(c, t, false);
}

sotto_err on_handle_commit(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    bool removed = false;
    TRY(merge_received(h, c, &t, &removed));
    return give_state(c, t, removed);
}
