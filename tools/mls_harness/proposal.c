#include "methods.h"

#include <string.h>

static sotto_err leaf_of(struct call *c, const sotto_group *g, sotto_view identity,
                         uint32_t *ret_index)
{
    sotto_mls_leaf leaf;
    for (uint32_t at = 0; sotto_group_next_member(g, &at, &leaf);)
        if (same(leaf.credential.content, identity)) {
            *ret_index = leaf.index;
            return SOTTO_OK;
        }
    return call_fail(c, "no member has this identity");
}

/* A list of {extension_type, extension_data}. */
static sotto_err extensions_of(struct call *c, const json_t *object, sotto_buf *ret_list)
{
    const json_t *list = json_object_get(object, "extensions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        uint64_t type;
        sotto_view data;
        TRY(call_number(c, one, "extension_type", UINT16_MAX, &type));
        TRY(call_bytes(c, one, "extension_data", &data));
        TRY(sotto_mls_extension_add(ret_list, (uint16_t)type, data));
    }
    return SOTTO_OK;
}

sotto_err call_extensions(struct call *c, const json_t *object, sotto_view *ret_list)
{
    DEFER(sotto_buf_clear) sotto_buf list = {0};
    TRY(extensions_of(c, object, &list));
    uint8_t *copy = call_memory(c, list.len);
    if (copy == NULL)
        return SOTTO_E_NOMEM;
    if (list.len > 0)
        memcpy(copy, list.data, list.len);
    *ret_list = (sotto_view){copy, list.len};
    return SOTTO_OK;
}

sotto_err proposal_of(struct call *c, const json_t *object, const char *type, const sotto_group *g,
                      sotto_view group_id, sotto_mls_proposal *ret_proposal)
{
    sotto_mls_proposal p = {0};
    sotto_view identity;
    uint64_t suite;
    if (strcmp(type, "add") == 0) {
        p.type = SOTTO_MLS_ADD;
        TRY(call_bytes(c, object, "key_package", &p.key_package));
    } else if (strcmp(type, "update") == 0) {
        p.type = SOTTO_MLS_UPDATE;
    } else if (strcmp(type, "remove") == 0) {
        p.type = SOTTO_MLS_REMOVE;
        TRY(call_bytes(c, object, "removed_id", &identity));
        TRY(leaf_of(c, g, identity, &p.removed));
    } else if (strcmp(type, "externalPSK") == 0) {
        p.type = SOTTO_MLS_PSK;
        p.psk.type = SOTTO_MLS_PSK_EXTERNAL;
        TRY(call_bytes(c, object, "psk_id", &p.psk.id));
    } else if (strcmp(type, "resumptionPSK") == 0) {
        p.type = SOTTO_MLS_PSK;
        p.psk = (sotto_mls_psk_id){.type = SOTTO_MLS_PSK_RESUMPTION,
                                   .usage = SOTTO_MLS_USAGE_APPLICATION,
                                   .psk_group_id = group_id};
        TRY(call_number(c, object, "epoch_id", INT64_MAX, &p.psk.psk_epoch));
    } else if (strcmp(type, "groupContextExtensions") == 0) {
        p.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS;
        TRY(call_extensions(c, object, &p.extensions));
    } else if (strcmp(type, "reinit") == 0) {
        p.type = SOTTO_MLS_REINIT;
        TRY(call_bytes(c, object, "group_id", &p.group_id));
        TRY(call_number(c, object, "cipher_suite", UINT16_MAX, &suite));
        TRY(call_extensions(c, object, &p.extensions));
        p.suite = (uint16_t)suite;
    } else {
        return call_fail(c, "no such proposal_type: %s", type);
    }
    *ret_proposal = p;
    return SOTTO_OK;
}

sotto_err propose(struct harness *h, struct call *c, struct thing *t, const char *what,
                  const sotto_mls_proposal *proposal)
{
    DEFER(sotto_buf_clear) sotto_buf message = {0};
    sotto_mls_rules rules;
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, what, sotto_group_propose(&m, t->group, proposal, (sotto_view){0}, &message)));
    TRY(stored_add(&t->read, sotto_buf_view(&message), (sotto_view){0}));
    give_buf(c, "proposal", &message);
    return SOTTO_OK;
}

/* The request is a description, but for its type. */
static sotto_err propose_as(struct harness *h, struct call *c, const char *type)
{
    struct thing *t = NULL;
    sotto_mls_proposal proposal;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(proposal_of(c, c->request, type, t->group, sotto_group_id(t->group), &proposal));
    return propose(h, c, t, type, &proposal);
}

sotto_err on_add_proposal(struct harness *h, struct call *c)
{
    return propose_as(h, c, "add");
}

sotto_err on_update_proposal(struct harness *h, struct call *c)
{
    return propose_as(h, c, "update");
}

sotto_err on_remove_proposal(struct harness *h, struct call *c)
{
    return propose_as(h, c, "remove");
}

sotto_err on_external_psk_proposal(struct harness *h, struct call *c)
{
    return propose_as(h, c, "externalPSK");
}

sotto_err on_resumption_psk_proposal(struct harness *h, struct call *c)
{
    return propose_as(h, c, "resumptionPSK");
}

sotto_err on_group_context_extensions_proposal(struct harness *h, struct call *c)
{
    return propose_as(h, c, "groupContextExtensions");
}

sotto_err on_reinit_proposal(struct harness *h, struct call *c)
{
    return propose_as(h, c, "reinit");
}

sotto_err learn(struct harness *h, struct call *c, struct thing *t, const char *name)
{
    struct call_list list;
    TRY(call_list(c, name, &list));
    for (size_t i = 0; i < list.count; i++) {
        DEFER(sotto_mls_event_clear) sotto_mls_event event = {0};
        sotto_mls_rules rules;
        sotto_mls m = with(h, t, &rules);
        if (stored_find(t->read, list.items[i]) != NULL)
            continue;
        TRY(told(c, &m, "a proposal", sotto_group_receive(&m, t->group, list.items[i], &event)));
        if (event.kind != SOTTO_MLS_EVENT_PROPOSAL)
            return call_fail(c, "%s: not a proposal", name);
        TRY(stored_add(&t->read, list.items[i], (sotto_view){0}));
    }
    return SOTTO_OK;
}
