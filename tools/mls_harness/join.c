#include "methods.h"

#include <stdlib.h>

sotto_err joined(struct harness *h, struct call *c, struct thing *from, sotto_group **group,
                 sotto_staged **staged)
{
    uint64_t number;
    sotto_mls_rules rules;
    sotto_mls m = with(h, from, &rules);
    DEFER(thing_freep) struct thing *t = calloc(1, sizeof *t);
    if (t == NULL)
        return SOTTO_E_NOMEM;
    *t = (struct thing){.kind = GROUP, .suite = from->suite, .touched = true};
    TRY(sotto_buf_set(&t->identity, sotto_buf_view(&from->identity)));
    if (staged != NULL)
        TRY(told(c, &m, "merge", sotto_staged_merge(&m, group, staged)));
    t->group = *group;
    *group = NULL;
    t->psks = from->psks;
    from->psks = NULL;
    give_epoch(c, t);
    TRY(thing_keep(h, &t, &number));
    give_number(c, "state_id", number);
    return SOTTO_OK;
}

void group_freep(sotto_group **g)
{
    sotto_group_free(*g);
}

void staged_freep(sotto_staged **s)
{
    sotto_staged_free(*s);
}

sotto_err on_create_group(struct harness *h, struct call *c)
{
    DEFER(thing_freep) struct thing *t = NULL;
    DEFER(group_freep) sotto_group *group = NULL;
    sotto_view group_id, identity;
    uint64_t suite;
    TRY(call_bytes(c, c->request, "group_id", &group_id));
    TRY(call_bytes(c, c->request, "identity", &identity));
    TRY(call_number(c, c->request, "cipher_suite", UINT16_MAX, &suite));
    TRY(thing_new(h, PACKAGE, suite, identity, &t));
    sotto_mls_rules rules;
    sotto_mls m = with(h, t, &rules);
    sotto_mls_client client = client_of(t);
    sotto_mls_settings settings = settings_of(c);
    TRY(told(c, &m, "group",
             sotto_group_new(&m, &client, group_id, (sotto_view){0}, &settings, &group)));
    return joined(h, c, t, &group, NULL);
}

sotto_err on_create_key_package(struct harness *h, struct call *c)
{
    DEFER(thing_freep) struct thing *t = NULL;
    sotto_view identity;
    uint64_t suite, number;
    TRY(call_bytes(c, c->request, "identity", &identity));
    TRY(call_number(c, c->request, "cipher_suite", UINT16_MAX, &suite));
    TRY(package_new(h, c, PACKAGE, suite, identity, &t));
    give_buf(c, "key_package", &t->key_package);
    give_private_keys(c, t);
    TRY(thing_keep(h, &t, &number));
    give_number(c, "transaction_id", number);
    return SOTTO_OK;
}

sotto_err join(struct harness *h, struct call *c, struct thing *from,
               const sotto_group *predecessor, sotto_mls_settings settings)
{
    DEFER(group_freep) sotto_group *group = NULL;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    sotto_view welcome;
    sotto_mls_join_options options = {.settings = settings, .predecessor = predecessor};
    TRY(call_bytes(c, c->request, "welcome", &welcome));
    TRY(call_bytes(c, c->request, "ratchet_tree", &options.tree));
    sotto_mls_rules rules;
    sotto_mls m = with(h, from, &rules);
    TRY(told(c, &m, "the Welcome",
             sotto_mls_join(&m, welcome, sotto_buf_view(&from->private_part), &options, &staged)));
    return joined(h, c, from, &group, &staged);
}

sotto_err on_join_group(struct harness *h, struct call *c)
{
    struct thing *package;
    TRY(thing_get(h, c, PACKAGE, "transaction_id", &package));
    TRY(join(h, c, package, NULL, settings_of(c)));
    thing_drop(h, package);
    return SOTTO_OK;
}

/* The PSKs of the request, stored with `t`, and their ids. */
static sotto_err join_psks(struct call *c, struct thing *t, sotto_mls_join_options *options)
{
    const json_t *list = json_object_get(c->request, "psks");
    size_t count = json_array_size(list);
    sotto_mls_psk_id *ids = call_memory(c, count * sizeof *ids);
    if (ids == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        sotto_view secret;
        ids[i].type = SOTTO_MLS_PSK_EXTERNAL;
        TRY(call_bytes(c, json_array_get(list, i), "psk_id", &ids[i].id));
        TRY(call_bytes(c, json_array_get(list, i), "psk_secret", &secret));
        TRY(stored_add(&t->psks, ids[i].id, secret));
    }
    options->psks = ids;
    options->psk_count = count;
    return SOTTO_OK;
}

sotto_err on_external_join(struct harness *h, struct call *c)
{
    DEFER(thing_freep) struct thing *t = NULL;
    DEFER(group_freep) sotto_group *group = NULL;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    sotto_view group_info, identity;
    struct head head = {0};
    sotto_mls_rules rules;
    sotto_mls_join_options options = {.settings = settings_of(c),
                                      .rejoin = call_flag(c->request, "remove_prior")};
    TRY(call_bytes(c, c->request, "group_info", &group_info));
    TRY(call_bytes(c, c->request, "ratchet_tree", &options.tree));
    TRY(call_bytes(c, c->request, "identity", &identity));
    TRY(head_of(c, group_info, &head));
    TRY(thing_new(h, PACKAGE, head.suite, identity, &t));
    TRY(join_psks(c, t, &options));
    if (options.rejoin)
        TRY(leaf_outside(h, c, group_info, options.tree, identity, &options.rejoin_index));
    sotto_mls_client client = client_of(t);
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "the GroupInfo",
             sotto_mls_join_external(&m, &client, group_info, &options, &staged)));
    give_bytes(c, "commit", sotto_staged_commit(staged));
    return joined(h, c, t, &group, &staged);
}
