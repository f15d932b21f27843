#include "mls/describe.h"

#include "crypto/x509_key.h"

sotto_mls_credential describe_credential(const struct credential *credential)
{
    return (sotto_mls_credential){.type = credential->credential_type,
                                  .content = credential->credential_type == CREDENTIAL_X509
                                                 ? credential->certificates
                                                 : credential->identity};
}

/* The content of a list of certificates, to its end. */
static sotto_err certificates_check(view list)
{
    struct rd at = rd_of(list);
    do {
        view der;
        credential_certificate_read(&at, &der);
    } while (rd_more(&at));
    return rd_end(&at) == SOTTO_OK ? SOTTO_OK : SOTTO_E_VALUE;
}

sotto_err credential_of(const sotto_mls_credential *from, struct credential *ret_credential)
{
    struct credential credential = {.credential_type = from->type};
    if (from->content.len > MLS_CREDENTIAL_MAX)
        return SOTTO_E_TOO_LARGE;
    switch (from->type) {
    case CREDENTIAL_BASIC:
        credential.identity = from->content;
        break;
    case CREDENTIAL_X509:
        TRY(certificates_check(from->content));
        credential.certificates = from->content;
        break;
    default:
        return SOTTO_E_KIND;
    }
    *ret_credential = credential;
    return SOTTO_OK;
}

sotto_mls_leaf describe_leaf(const struct leaf_node *leaf, uint32_t index)
{
    return (sotto_mls_leaf){.index = index,
                            .encryption_key = leaf->encryption_key,
                            .signature_key = leaf->signature_key,
                            .credential = describe_credential(&leaf->credential),
                            .extensions = leaf->extensions,
                            .not_before_s = leaf->lifetime.not_before,
                            .not_after_s = leaf->lifetime.not_after,
                            .encoded = leaf->encoded};
}

sotto_mls_leaf describe_member(const struct tree *tree, uint32_t index)
{
    struct leaf_node leaf;
    if (tree_leaf_read(tree, index, &leaf) != SOTTO_OK)
        return (sotto_mls_leaf){.index = UINT32_MAX};
    return describe_leaf(&leaf, index);
}

sotto_mls_psk_id describe_psk(const struct pre_shared_key_id *id)
{
    return (sotto_mls_psk_id){.type = (uint8_t)id->psktype,
                              .id = id->psk_id,
                              .component = id->component_id,
                              .usage = (uint8_t)id->usage,
                              .psk_group_id = id->psk_group_id,
                              .psk_epoch = id->psk_epoch,
                              .nonce = id->psk_nonce};
}

struct pre_shared_key_id psk_of(const sotto_mls_psk_id *from)
{
    return (struct pre_shared_key_id){.psktype = (enum psk_type)from->type,
                                      .component_id = from->component,
                                      .psk_id = from->id,
                                      .usage = (enum psk_usage)from->usage,
                                      .psk_group_id = from->psk_group_id,
                                      .psk_epoch = from->psk_epoch,
                                      .psk_nonce = from->nonce};
}

static sotto_mls_proposal describe_proposal(const struct proposal *proposal)
{
    sotto_mls_proposal shown = {.type = proposal->proposal_type};
    switch (proposal->proposal_type) {
    case PROPOSAL_ADD:
        shown.key_package = proposal->add.encoded;
        break;
    case PROPOSAL_REMOVE:
        shown.removed = proposal->removed;
        break;
    case PROPOSAL_PSK:
        shown.psk = describe_psk(&proposal->psk);
        break;
    case PROPOSAL_REINIT:
        shown.group_id = proposal->reinit.group_id;
        shown.suite = proposal->reinit.cipher_suite;
        shown.extensions = proposal->reinit.extensions;
        break;
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        shown.extensions = proposal->extensions;
        break;
    case PROPOSAL_APP_DATA_UPDATE:
        shown.component = proposal->app_data_update.component_id;
        shown.component_removed = proposal->app_data_update.op == APP_DATA_REMOVE;
        shown.component_data = proposal->app_data_update.update;
        break;
    case PROPOSAL_APP_EPHEMERAL:
        shown.component = proposal->app_ephemeral.component_id;
        shown.component_data = proposal->app_ephemeral.data;
        break;
    default: /* update, external_init and self_remove say nothing more here */
        break;
    }
    return shown;
}

/* What an Add or an Update puts: from the new tree, where it is known; an Update's place is known before, too. */
static sotto_mls_leaf describe_after(const struct proposed *proposed, const struct tree *after)
{
    const struct proposal *proposal = &proposed->proposal;
    bool adds = proposal->proposal_type == PROPOSAL_ADD;
    if (!adds && proposal->proposal_type != PROPOSAL_UPDATE)
        return (sotto_mls_leaf){.index = UINT32_MAX};
    if (after != NULL)
        return describe_member(after, proposed->leaf_index);
    return adds ? describe_leaf(&proposal->add.leaf_node, UINT32_MAX)
                : describe_leaf(&proposal->update, proposed->leaf_index);
}

sotto_mls_proposed describe_proposed(const struct proposed *proposed, const struct mls_suite *suite,
                                     const struct tree *before, const struct tree *after)
{
    const struct sender *sender = &proposed->sender;
    bool adds = proposed->proposal.proposal_type == PROPOSAL_ADD;
    return (sotto_mls_proposed){
        .proposal = describe_proposal(&proposed->proposal),
        .sender_type = (sotto_mls_sender_type)sender->sender_type,
        .sender = sender->sender_type == SENDER_EXTERNAL ? sender->sender_index
                  : sender->sender_type == SENDER_MEMBER ? sender->leaf_index
                                                         : UINT32_MAX,
        .by_reference = proposed->pending != NULL,
        .ref = proposed->pending != NULL ? view_of(proposed->pending->ref, suite->hash_len)
                                         : (view){0},
        .before = describe_member(before, adds ? UINT32_MAX : proposed->leaf_index),
        .after = describe_after(proposed, after)};
}

sotto_err credential_key_check(const struct mls_suite *suite,
                               const sotto_mls_credential *credential, view signature_key,
                               bool *ret_right)
{
    DEFER(buf_clear) sotto_buf key = {0};
    view rest = credential->content, der = {0};
    *ret_right = credential->type != CREDENTIAL_X509;
    if (*ret_right || !sotto_mls_certificate_next(&rest, &der))
        return SOTTO_OK;
    sotto_err err = x509_public_key(der, suite->sign, &key);
    *ret_right = err == SOTTO_OK && view_equal(buf_view(&key), signature_key);
    return err == SOTTO_E_CERTIFICATE ? SOTTO_OK : err;
}

static bool leaf_same_credential(const sotto_mls_leaf *a, const sotto_mls_leaf *b)
{
    return a->credential.type == b->credential.type &&
           view_equal(a->credential.content, b->credential.content);
}

sotto_err credential_judge(struct step *s, const struct mls_suite *suite,
                           const sotto_mls_leaf *leaf, const sotto_mls_leaf *before,
                           enum mls_check check)
{
    bool right = false;
    TRY(credential_key_check(suite, &leaf->credential, leaf->signature_key, &right));
    TRY(check_that(CHECK_CREDENTIAL_X509_KEY, right, leaf->index, &s->fault));
    if (s->rules->credential == NULL) {
        right = leaf->credential.type == CREDENTIAL_BASIC &&
                (before == NULL || leaf_same_credential(leaf, before));
        return check_that(check, right, leaf->index, &s->fault);
    }
    return check_result(check, s->rules->credential(s->rules->context, leaf, before), leaf->index,
                        &s->fault);
}

sotto_err external_senders_judge(struct step *s, const struct mls_suite *suite,
                                 view extensions_before, view extensions_after)
{
    view before = {0}, after = {0};
    (void)extension_find(extensions_before, EXTENSION_EXTERNAL_SENDERS, &before);
    if (!extension_find(extensions_after, EXTENSION_EXTERNAL_SENDERS, &after) ||
        view_equal(before, after))
        return SOTTO_OK;
    struct rd r = rd_of(after);
    for (struct rd at = rd_of(external_senders_read(&r)); rd_more(&at);) {
        struct external_sender sender;
        external_sender_read(&at, &sender);
        const sotto_mls_leaf shown = {.index = UINT32_MAX,
                                      .signature_key = sender.signature_key,
                                      .credential = describe_credential(&sender.credential)};
        TRY(credential_judge(s, suite, &shown, NULL, CHECK_CREDENTIAL_EXTERNAL_SENDER));
    }
    return SOTTO_OK;
}
