#include "methods.h"

/* A group that has ended, and the KeyPackage of its member for what comes after it. */
static sotto_err ended(struct harness *h, struct call *c, const struct thing *t)
{
    DEFER(thing_freep) struct thing *reinit = NULL;
    sotto_mls_proposal by;
    uint64_t number;
    if (sotto_group_ended_by(t->group, &by) != SOTTO_OK)
        return call_fail(c, "not a commit of a reinit");
    TRY(package_new(h, c, REINIT, by.suite, sotto_buf_view(&t->identity), &reinit));
    TRY(call_number(c, c->request, "state_id", UINT32_MAX, &reinit->old));
    give_buf(c, "key_package", &reinit->key_package);
    give_epoch(c, t);
    TRY(thing_keep(h, &reinit, &number));
    give_number(c, "reinit_id", number);
    return SOTTO_OK;
}

sotto_err on_handle_pending_re_init_commit(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    TRY(merge_own(h, c, &t));
    return ended(h, c, t);
}

sotto_err on_handle_re_init_commit(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    bool removed;
    TRY(merge_received(h, c, &t, &removed));
    return ended(h, c, t);
}

/* A successor that we made is a group like any other. */
static sotto_err made(struct harness *h, struct call *c, struct thing *from, sotto_group **group,
                      sotto_staged **staged)
{
    give_bytes(c, "welcome", sotto_staged_welcome(*staged));
    give_tree(c, *staged);
    return joined(h, c, from, group, staged);
}

sotto_err on_re_init_welcome(struct harness *h, struct call *c)
{
    DEFER(group_freep) sotto_group *group = NULL;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    struct thing *reinit;
    struct call_list members;
    sotto_mls_rules rules;
    TRY(thing_get(h, c, REINIT, "reinit_id", &reinit));
    TRY(call_list(c, "key_package", &members));
    const struct thing *old = thing_at(h, reinit->old);
    if (old == NULL)
        return call_fail(c, "the old group is freed");
    sotto_mls_client client = client_of(reinit);
    sotto_mls m = with(h, reinit, &rules);
    TRY(told(c, &m, "reinit",
             sotto_group_reinit(&m, old->group, &client, members.items, members.count,
                                call_flag(c->request, "external_tree"), &group, &staged)));
    return made(h, c, reinit, &group, &staged);
}

sotto_err on_handle_re_init_welcome(struct harness *h, struct call *c)
{
    struct thing *reinit;
    TRY(thing_get(h, c, REINIT, "reinit_id", &reinit));
    const struct thing *old = thing_at(h, reinit->old);
    if (old == NULL)
        return call_fail(c, "the old group is freed");
    return join(h, c, reinit, old->group, sotto_group_settings(old->group));
}

sotto_err on_create_branch(struct harness *h, struct call *c)
{
    DEFER(thing_freep) struct thing *own = NULL;
    DEFER(group_freep) sotto_group *group = NULL;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    struct thing *t = NULL;
    struct call_list members;
    sotto_view group_id, extensions;
    sotto_mls_rules rules;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(call_bytes(c, c->request, "group_id", &group_id));
    TRY(call_extensions(c, c->request, &extensions));
    TRY(call_list(c, "key_packages", &members));
    TRY(thing_new(h, PACKAGE, t->suite, sotto_buf_view(&t->identity), &own));
    sotto_mls_client client = client_of(own);
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "branch",
             sotto_group_branch(&m, t->group, &client, group_id, extensions, members.items,
                                members.count, call_flag(c->request, "external_tree"), &group,
                                &staged)));
    return made(h, c, own, &group, &staged);
}

sotto_err on_handle_branch(struct harness *h, struct call *c)
{
    struct thing *t, *package;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(thing_get(h, c, PACKAGE, "transaction_id", &package));
    TRY(join(h, c, package, t->group, sotto_group_settings(t->group)));
    thing_drop(h, package);
    return SOTTO_OK;
}
