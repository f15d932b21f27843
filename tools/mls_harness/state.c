#include "methods.h"

#include <string.h>

sotto_err on_group_info(struct harness *h, struct call *c)
{
    DEFER(sotto_buf_clear) sotto_buf info = {0}, tree = {0};
    struct thing *t = NULL;
    sotto_mls_rules rules;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    bool beside = call_flag(c->request, "external_tree");
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "GroupInfo", sotto_group_info(&m, t->group, !beside, true, &info)));
    if (beside)
        TRY(sotto_group_tree(t->group, &tree));
    give_buf(c, "group_info", &info);
    give_buf(c, "ratchet_tree", &tree);
    return SOTTO_OK;
}

sotto_err on_state_auth(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    give_bytes(c, "state_auth_secret", sotto_group_epoch_authenticator(t->group));
    give_number(c, "leaf_index", sotto_group_own_leaf(t->group));
    return SOTTO_OK;
}

sotto_err on_export(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    sotto_view context;
    uint64_t len;
    sotto_mls_rules rules;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(call_bytes(c, c->request, "context", &context));
    TRY(call_number(c, c->request, "key_length", 1 << 16, &len));
    const char *label = call_text(c->request, "label");
    uint8_t *out = call_memory(c, len);
    if (out == NULL)
        return SOTTO_E_NOMEM;
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "export",
             sotto_group_export(&m, t->group, (sotto_view){(const uint8_t *)label, strlen(label)},
                                context, out, len)));
    give_bytes(c, "exported_secret", (sotto_view){out, len});
    return SOTTO_OK;
}

sotto_err on_protect(struct harness *h, struct call *c)
{
    DEFER(sotto_buf_clear) sotto_buf message = {0};
    struct thing *t = NULL;
    sotto_view plaintext, aad;
    sotto_mls_rules rules;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(call_bytes(c, c->request, "plaintext", &plaintext));
    TRY(call_bytes(c, c->request, "authenticated_data", &aad));
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "protect", sotto_group_protect(&m, t->group, plaintext, aad, 0, &message)));
    give_buf(c, "ciphertext", &message);
    return SOTTO_OK;
}

sotto_err on_unprotect(struct harness *h, struct call *c)
{
    DEFER(sotto_mls_event_clear) sotto_mls_event event = {0};
    struct thing *t = NULL;
    sotto_view message;
    sotto_mls_rules rules;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(call_bytes(c, c->request, "ciphertext", &message));
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "the message", sotto_group_receive(&m, t->group, message, &event)));
    if (event.kind != SOTTO_MLS_EVENT_APPLICATION)
        return call_fail(c, "not an application message");
    give_buf(c, "plaintext", &event.data);
    give_bytes(c, "authenticated_data", event.authenticated_data);
    return SOTTO_OK;
}

sotto_err on_store_psk(struct harness *h, struct call *c)
{
    uint64_t number;
    sotto_view id, secret;
    TRY(call_number(c, c->request, "state_or_transaction_id", UINT32_MAX, &number));
    TRY(call_bytes(c, c->request, "psk_id", &id));
    TRY(call_bytes(c, c->request, "psk_secret", &secret));
    struct thing *t = thing_at(h, number);
    if (t == NULL || (t->kind != GROUP && t->kind != PACKAGE))
        return call_fail(c, "no such state or transaction");
    return stored_add(&t->psks, id, secret);
}

sotto_err on_free(struct harness *h, struct call *c)
{
    struct thing *t = NULL;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    thing_drop(h, t);
    return SOTTO_OK;
}
