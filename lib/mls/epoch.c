#include "mls/epoch.h"

#include <stdlib.h>

#include "mls/tree_hash.h"

sotto_err epoch_new(const struct mls_suite *suite, struct epoch **ret_epoch)
{
    struct epoch *e = calloc(1, sizeof *e);
    if (e == NULL)
        return SOTTO_E_NOMEM;
    e->suite = suite;
    *ret_epoch = e;
    return SOTTO_OK;
}

void epoch_clear_secrets(struct epoch *e)
{
    treekem_private_clear(&e->keys);
    sign_key_free(MOVE(e->sign_key));
    epoch_secrets_clear(&e->secrets);
    secret_tree_free(MOVE(e->secret_tree));
    exporter_tree_free(MOVE(e->exporter_tree));
}

void epoch_free(struct epoch *e)
{
    if (e == NULL)
        return;
    epoch_clear_secrets(e);
    tree_free(e->tree);
    buf_clear(&e->encoded_context);
    free(e);
}

void epoch_freep(struct epoch **e)
{
    epoch_free(*e);
    *e = NULL;
}

/* The views may lead into the context as it was. */
sotto_err epoch_set_context(sotto_crypto *c, struct epoch *e, view group_id, uint64_t number,
                            view confirmed, view extensions)
{
    uint8_t tree_hash[HASH_MAX];
    DEFER(buf_clear) sotto_buf encoded = {0};
    TRY(tree_root_hash(c, e->tree, tree_hash));
    struct group_context context = {.cipher_suite = e->suite->id,
                                    .group_id = group_id,
                                    .epoch = number,
                                    .tree_hash = view_of(tree_hash, e->suite->hash_len),
                                    .confirmed_transcript_hash = confirmed,
                                    .extensions = extensions};
    struct wr w = wr_to(&encoded);
    group_context_write(&w, &context);
    TRY(wr_end(&w));
    struct rd r = rd_of(buf_view(&encoded));
    group_context_read(&r, &context);
    TRY(rd_end(&r));
    buf_clear(&e->encoded_context);
    e->encoded_context = encoded;
    encoded = (sotto_buf){0};
    e->context = context;
    return SOTTO_OK;
}

/* The roots move into their trees. */
static sotto_err trees_make(struct epoch *e)
{
    DEFER(secret_tree_freep) struct secret_tree *secret_tree = NULL;
    DEFER(exporter_tree_freep) struct exporter_tree *exporter_tree = NULL;
    TRY(secret_tree_new(e->suite, tree_leaf_count(e->tree), &e->secrets.encryption_secret,
                        &secret_tree));
    TRY(exporter_tree_new(e->suite, &e->secrets.application_export_secret, &exporter_tree));
    secret_clear(&e->secrets.encryption_secret);
    secret_clear(&e->secrets.application_export_secret);
    e->secret_tree = MOVE(secret_tree);
    e->exporter_tree = MOVE(exporter_tree);
    return SOTTO_OK;
}

sotto_err epoch_derive(sotto_crypto *c, struct epoch *e, const struct secret *member)
{
    TRY(key_schedule_epoch(c, e->suite, member, buf_view(&e->encoded_context), &e->secrets));
    return trees_make(e);
}

sotto_err epoch_derive_first(sotto_crypto *c, struct epoch *e, const struct secret *epoch_secret)
{
    TRY(key_schedule_epoch_of(c, e->suite, epoch_secret, &e->secrets));
    return trees_make(e);
}

sotto_err epoch_confirm(sotto_crypto *c, struct epoch *e)
{
    view confirmed = e->context.confirmed_transcript_hash;
    TRY(confirmation_tag_make(c, e->suite, &e->secrets.confirmation_key, confirmed,
                              e->confirmation_tag));
    TRY(transcript_hash_interim(c, e->suite, confirmed, epoch_confirmation_tag(e),
                                e->interim_transcript_hash));
    secret_clear(&e->secrets.confirmation_key);
    e->has_interim = true;
    return SOTTO_OK;
}

view epoch_confirmation_tag(const struct epoch *e)
{
    return view_of(e->confirmation_tag, e->suite->hash_len);
}

view epoch_interim(const struct epoch *e)
{
    return e->has_interim ? view_of(e->interim_transcript_hash, e->suite->hash_len) : (view){0};
}

static sotto_err signature_key(const void *members, uint32_t leaf_index, view *ret_key)
{
    const struct epoch *e = members;
    const struct tree_node *leaf = tree_leaf(e->tree, leaf_index);
    if (leaf == NULL)
        return SOTTO_E_NOTFOUND;
    *ret_key = tree_node_key(leaf, TREE_SIGNATURE_KEY);
    return SOTTO_OK;
}

struct message_protection epoch_protection(const struct epoch *e)
{
    return (struct message_protection){.suite = e->suite,
                                       .group_id = e->context.group_id,
                                       .epoch = e->context.epoch,
                                       .group_context = buf_view(&e->encoded_context),
                                       .membership_key = &e->secrets.membership_key,
                                       .sender_data_secret = &e->secrets.sender_data_secret,
                                       .secret_tree = e->secret_tree,
                                       .signature_key = signature_key,
                                       .members = e,
                                       .own_leaf = &e->own_leaf};
}

struct tree_check_context epoch_check_context(const struct epoch *e,
                                              struct required_capabilities *required,
                                              uint64_t now_s, uint64_t lifetime_max_s)
{
    struct tree_check_context context = {.group_id = e->context.group_id,
                                         .tree_hash = e->context.tree_hash,
                                         .extensions = e->context.extensions,
                                         .now_s = now_s,
                                         .lifetime_max_s = lifetime_max_s};
    view data = {0};
    if (extension_find(e->context.extensions, EXTENSION_REQUIRED_CAPABILITIES, &data)) {
        struct rd r = rd_of(data);
        required_capabilities_read(&r, required);
        context.required = required;
    }
    return context;
}
