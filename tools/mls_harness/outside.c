#include "methods.h"

#include <string.h>

sotto_err head_of(struct call *c, sotto_view group_info, struct head *ret_head)
{
    const uint8_t *p = group_info.data;
    size_t len;
    static const uint8_t start[] = {0, 1, 0, 4, 0, 1}; /* mls10, mls_group_info, mls10 */
    if (group_info.len < 9 || memcmp(p, start, sizeof start) != 0 || (p[8] & 0xC0) != 0)
        return call_fail(c, "group_info: not a GroupInfo, or a group_id of more than 63 bytes");
    len = p[8];
    if (group_info.len < 9 + len + 8)
        return call_fail(c, "group_info: ends too early");
    struct head head = {.suite = (uint16_t)(p[6] << 8 | p[7]), .group_id = {p + 9, len}};
    for (size_t i = 0; i < 8; i++)
        head.epoch = head.epoch << 8 | p[9 + len + i];
    *ret_head = head;
    return SOTTO_OK;
}

sotto_err leaf_outside(const struct harness *h, struct call *c, sotto_view group_info,
                       sotto_view tree, sotto_view identity, uint32_t *ret_index)
{
    DEFER(thing_freep) struct thing *nobody = NULL;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    struct head head = {0};
    sotto_mls_leaf leaf;
    sotto_mls_rules rules;
    sotto_mls_join_options options = {.tree = tree};
    TRY(head_of(c, group_info, &head));
    TRY(thing_new(h, PACKAGE, head.suite, (sotto_view){(const uint8_t *)"nobody", 6}, &nobody));
    sotto_mls_client client = client_of(nobody);
    sotto_mls m = with(h, nobody, &rules);
    TRY(told(c, &m, "the GroupInfo",
             sotto_mls_join_external(&m, &client, group_info, &options, &staged)));
    for (uint32_t at = 0; sotto_staged_next_member(staged, &at, &leaf);)
        if (same(leaf.credential.content, identity)) {
            *ret_index = leaf.index;
            return SOTTO_OK;
        }
    return call_fail(c, "no member has this identity");
}

sotto_err on_new_member_add_proposal(struct harness *h, struct call *c)
{
    DEFER(thing_freep) struct thing *t = NULL;
    DEFER(sotto_buf_clear) sotto_buf message = {0};
    sotto_view group_info, identity;
    struct head head = {0};
    uint64_t number;
    sotto_mls_rules rules;
    TRY(call_bytes(c, c->request, "group_info", &group_info));
    TRY(call_bytes(c, c->request, "identity", &identity));
    TRY(head_of(c, group_info, &head));
    TRY(package_new(h, c, PACKAGE, head.suite, identity, &t));
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "proposal",
             sotto_mls_propose_self(&m, head.group_id, head.epoch, sotto_buf_view(&t->key_package),
                                    sotto_buf_view(&t->private_part), &message)));
    give_buf(c, "proposal", &message);
    give_private_keys(c, t);
    TRY(thing_keep(h, &t, &number));
    give_number(c, "transaction_id", number);
    return SOTTO_OK;
}

sotto_err on_create_external_signer(struct harness *h, struct call *c)
{
    DEFER(thing_freep) struct thing *t = NULL;
    DEFER(sotto_buf_clear) sotto_buf list = {0};
    sotto_view identity, senders;
    uint64_t suite, number;
    TRY(call_bytes(c, c->request, "identity", &identity));
    TRY(call_number(c, c->request, "cipher_suite", UINT16_MAX, &suite));
    TRY(thing_new(h, SIGNER, suite, identity, &t));
    TRY(sotto_mls_external_sender_add(&list, sotto_sign_key_public(t->key),
                                      client_of(t).credential));
    if (!sotto_mls_extension_find(sotto_buf_view(&list), SOTTO_MLS_EXTERNAL_SENDERS, &senders))
        return call_fail(c, "no external_senders");
    size_t header = senders.data[0] < 0x40 ? 1 : 2; /* the one sender behind the list's length */
    give_bytes(c, "external_sender", (sotto_view){senders.data + header, senders.len - header});
    TRY(thing_keep(h, &t, &number));
    give_number(c, "signer_id", number);
    return SOTTO_OK;
}

/* A vector with a length of one or two bytes (RFC 9420 2.1.2), off the front of `rest`. */
static bool vector_take(sotto_view *rest, sotto_view *ret_content)
{
    size_t header = rest->len > 0 && rest->data[0] < 0x40 ? 1 : 2;
    if (rest->len < header || rest->data[0] >= 0x80)
        return false;
    size_t len = header == 1 ? rest->data[0] : (size_t)(rest->data[0] & 0x3F) << 8 | rest->data[1];
    if (rest->len - header < len)
        return false;
    *ret_content = (sotto_view){rest->data + header, len};
    *rest = (sotto_view){rest->data + header + len, rest->len - header - len};
    return true;
}

/* An ExternalSender with a basic credential, off the front of `rest`. */
static bool sender_take(sotto_view *rest, sotto_view *ret_key, sotto_mls_credential *ret_credential)
{
    sotto_view key, identity;
    if (!vector_take(rest, &key) || rest->len < 2 || rest->data[0] != 0 ||
        rest->data[1] != SOTTO_MLS_BASIC)
        return false;
    *rest = (sotto_view){rest->data + 2, rest->len - 2};
    if (!vector_take(rest, &identity))
        return false;
    *ret_key = key;
    *ret_credential = (sotto_mls_credential){.type = SOTTO_MLS_BASIC, .content = identity};
    return true;
}

static uint64_t sender_count(sotto_view list)
{
    uint64_t count = 0;
    sotto_view senders, key;
    sotto_mls_credential credential;
    if (vector_take(&list, &senders))
        while (sender_take(&senders, &key, &credential))
            count++;
    return count;
}

sotto_err on_add_external_signer(struct harness *h, struct call *c)
{
    DEFER(sotto_buf_clear) sotto_buf list = {0};
    struct thing *t = NULL;
    sotto_view sender, key, rest, data;
    sotto_mls_credential credential;
    uint16_t type;
    uint64_t index = 0;
    TRY(thing_get(h, c, GROUP, "state_id", &t));
    TRY(call_bytes(c, c->request, "external_sender", &sender));
    if (!sender_take(&sender, &key, &credential) || sender.len != 0)
        return call_fail(c, "external_sender: not one with a basic credential");
    rest = sotto_group_extensions(t->group);
    while (sotto_mls_extension_next(&rest, &type, &data)) {
        TRY(sotto_mls_extension_add(&list, type, data));
        if (type == SOTTO_MLS_EXTERNAL_SENDERS)
            index = sender_count(data);
    }
    TRY(sotto_mls_external_sender_add(&list, key, credential));
    sotto_mls_proposal proposal = {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS,
                                   .extensions = sotto_buf_view(&list)};
    TRY(propose(h, c, t, "external_senders", &proposal));
    give_number(c, "signer_index", index);
    return SOTTO_OK;
}

sotto_err on_external_signer_proposal(struct harness *h, struct call *c)
{
    DEFER(sotto_buf_clear) sotto_buf message = {0};
    struct thing *t = NULL;
    struct head head = {0};
    uint64_t index;
    sotto_view group_info, tree, identity;
    sotto_mls_proposal proposal;
    sotto_mls_rules rules;
    const json_t *description = json_object_get(c->request, "description");
    const char *type = call_text(description, "proposal_type");
    TRY(thing_get(h, c, SIGNER, "signer_id", &t));
    TRY(call_number(c, c->request, "signer_index", UINT32_MAX, &index));
    TRY(call_bytes(c, c->request, "group_info", &group_info));
    TRY(call_bytes(c, c->request, "ratchet_tree", &tree));
    TRY(head_of(c, group_info, &head));
    if (strcmp(type, "remove") == 0) {
        proposal = (sotto_mls_proposal){.type = SOTTO_MLS_REMOVE};
        TRY(call_bytes(c, description, "removed_id", &identity));
        TRY(leaf_outside(h, c, group_info, tree, identity, &proposal.removed));
    } else {
        TRY(proposal_of(c, description, type, NULL, head.group_id, &proposal));
    }
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "proposal",
             sotto_mls_propose_external(&m, head.suite, t->key, (uint32_t)index, head.group_id,
                                        head.epoch, &proposal, &message)));
    give_buf(c, "proposal", &message);
    return SOTTO_OK;
}
