#include "mls/group_info_check.h"

#include "mls/describe.h"

/* *ret_tree may be set on an error, too. */
static sotto_err tree_take(struct step *s, const struct mls_suite *suite,
                           const struct group_info *info, view beside, struct tree **ret_tree)
{
    uint8_t seed[TREE_SEED];
    view content = beside;
    bool there =
        beside.len > 0 || extension_find(info->extensions, EXTENSION_RATCHET_TREE, &content);
    TRY(check_that(CHECK_GROUP_INFO_TREE, there, 0, &s->fault));
    rng_bytes(&s->rng, seed, sizeof seed);
    TRY(tree_read(suite, seed, content, ret_tree, &s->fault));
    return tree_leaf_count(*ret_tree) <= MLS_JOIN_LEAF_LIMIT ? SOTTO_OK : SOTTO_E_TOO_LARGE;
}

static sotto_err signature_check(struct step *s, const struct group_info *info,
                                 const struct tree *tree)
{
    const struct tree_node *signer = tree_leaf(tree, info->signer);
    TRY(check_that(CHECK_GROUP_INFO_SIGNER, signer != NULL, info->signer, &s->fault));
    view key = signer != NULL ? tree_node_key(signer, TREE_SIGNATURE_KEY) : (view){0};
    sotto_err err = verify_with_label(s->c, tree_suite(tree), key, VIEW_LIT("GroupInfoTBS"),
                                      info->encoded_unsigned, info->signature);
    return check_result(CHECK_GROUP_INFO_SIGNATURE, err, info->signer, &s->fault);
}

static void spread_run(void *context, tree_job *job, void *work, uint32_t count)
{
    const sotto_mls_rules *rules = context;
    rules->spread(rules->context, job, work, count);
}

/* What all members agree on, and its two transcript hashes. */
static sotto_err epoch_fill(struct step *s, const struct group_info *info, struct epoch *e)
{
    TRY(buf_set(&e->encoded_context, info->encoded_context));
    struct rd r = rd_of(buf_view(&e->encoded_context));
    group_context_read(&r, &e->context);
    TRY(codec_end(&r, &s->fault));
    TRY(check_that(CHECK_WELCOME_CONFIRMATION_TAG, info->confirmation_tag.len == e->suite->hash_len,
                   0, &s->fault));
    memcpy(e->confirmation_tag, info->confirmation_tag.data,
           size_min(info->confirmation_tag.len, e->suite->hash_len));
    TRY(transcript_hash_interim(s->c, e->suite, e->context.confirmed_transcript_hash,
                                info->confirmation_tag, e->interim_transcript_hash));
    e->has_interim = true;
    e->own_leaf = UINT32_MAX;
    return SOTTO_OK;
}

static sotto_err tree_judge(struct step *s, const struct epoch *e)
{
    struct tree_spread spread = {spread_run, (void *)(uintptr_t)s->rules};
    struct required_capabilities required = {0};
    struct tree_check_context context = epoch_check_context(e, &required, 0, 0);
    context.spread = s->rules->spread != NULL ? &spread : NULL;
    return tree_check_all(s->c, e->tree, &context, &s->fault);
}

static sotto_err credentials_judge(struct step *s, const struct epoch *e)
{
    for (uint32_t i = 0; tree_next_member(e->tree, &i); i++) {
        sotto_mls_leaf leaf = describe_member(e->tree, i);
        TRY(credential_judge(s, e->suite, &leaf, NULL, CHECK_CREDENTIAL_ACCEPTED));
    }
    return SOTTO_OK;
}

sotto_err group_info_check(struct step *s, const struct mls_suite *suite,
                           const struct group_info *info, view tree, struct epoch **ret_epoch)
{
    DEFER(epoch_freep) struct epoch *epoch = NULL;
    TRY(epoch_new(suite, &epoch));
    TRY(tree_take(s, suite, info, tree, &epoch->tree));
    TRY(signature_check(s, info, epoch->tree));
    TRY(check_that(CHECK_WELCOME_GROUP_INFO_SUITE, info->group_context.cipher_suite == suite->id, 0,
                   &s->fault));
    TRY(epoch_fill(s, info, epoch));
    TRY(tree_judge(s, epoch));
    TRY(credentials_judge(s, epoch));
    *ret_epoch = MOVE(epoch);
    return SOTTO_OK;
}

/* Those of RFC 9420 17.3: every client supports them (7.2). */
static bool type_is_default(uint16_t type)
{
    return type >= EXTENSION_APPLICATION_ID && type <= EXTENSION_EXTERNAL_SENDERS;
}

sotto_err group_info_check_supported(struct step *s, view extensions,
                                     const struct capabilities *capabilities)
{
    for (struct rd at = rd_of(extensions); rd_more(&at);) {
        struct extension extension;
        extension_read(&at, &extension);
        bool supported = type_is_default(extension.extension_type) ||
                         codec_has_u16(capabilities->extensions, extension.extension_type);
        TRY(check_that(CHECK_GROUP_INFO_EXTENSIONS, supported, extension.extension_type,
                       &s->fault));
    }
    return SOTTO_OK;
}
