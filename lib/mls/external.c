/* Joining by a commit of one's own (RFC 9420 12.4.3.2): the GroupInfo stands in for the epoch that the commit is built on, and the
 * key of its external_pub for the init_secret (8.3). */
#include "mls/commit_make.h"
#include "mls/group_info_check.h"
#include "mls/key_package_make.h"
#include "mls/mls_message.h"
#include "mls/proposal_make.h"

struct external_join {
    const sotto_mls_client *client;
    const sotto_mls_join_options *options;
    const struct mls_suite *suite;
    struct epoch *epoch; /* of the GroupInfo */
    struct secret init_secret;
    sotto_buf proposals; /* ProposalOrRefs */
};

static void external_join_clear(struct external_join *j)
{
    epoch_free(j->epoch);
    secret_clear(&j->init_secret);
    buf_clear(&j->proposals);
}

static sotto_err supported_check(struct step *s, const struct external_join *j,
                                 const struct group_info *info)
{
    DEFER(buf_clear) sotto_buf storage = {0};
    struct leaf_node leaf = {0};
    TRY(leaf_node_of_client(j->client, &storage, &leaf));
    return group_info_check_supported(s, info->group_context.extensions, &leaf.capabilities);
}

static sotto_err external_pub_find(struct step *s, const struct external_join *j,
                                   const struct group_info *info, view *ret_key)
{
    view data = {0}, key;
    bool there = extension_find(info->extensions, EXTENSION_EXTERNAL_PUB, &data);
    TRY(check_that(CHECK_EXTERNAL_PUB, there, 0, &s->fault));
    struct rd r = rd_of(data);
    external_pub_read(&r, &key);
    TRY(codec_end(&r, &s->fault));
    TRY(check_result(CHECK_EXTERNAL_PUB_KEY, kem_public_check(s->c, j->suite->hpke.kem, key), 0,
                     &s->fault));
    *ret_key = key;
    return SOTTO_OK;
}

/* The ExternalInit, and the init_secret that it gives to the members. */
static sotto_err external_init_add(struct step *s, struct external_join *j, view external_pub,
                                   struct wr *w)
{
    DEFER(secret_clear) struct secret seed = {0};
    uint8_t kem_output[KEM_ENC_MAX];
    enum kem_id kem = j->suite->hpke.kem;
    secret_resize(&seed, kem_seed_size(kem));
    rng_bytes(&s->rng, seed.data, seed.len);
    TRY(key_schedule_external_init_send(s->c, j->suite, external_pub, secret_view(&seed),
                                        kem_output, &j->init_secret));
    const struct proposal_or_ref item = {
        .type = PROPOSAL_OR_REF_PROPOSAL,
        .proposal = {.proposal_type = PROPOSAL_EXTERNAL_INIT,
                     .kem_output = view_of(kem_output, kem_enc_size(kem))}};
    proposal_or_ref_write(w, &item);
    return SOTTO_OK;
}

static sotto_err proposal_add(struct step *s, const struct external_join *j,
                              const sotto_mls_proposal *proposal, struct wr *w)
{
    DEFER(buf_clear) sotto_buf encoded = {0};
    TRY(proposal_make(s, j->suite, proposal, &encoded));
    wr_u8(w, PROPOSAL_OR_REF_PROPOSAL);
    wr_bytes(w, buf_view(&encoded));
    return SOTTO_OK;
}

static sotto_err proposals_write(struct step *s, struct external_join *j, view external_pub)
{
    const sotto_mls_join_options *options = j->options;
    struct wr w = wr_to(&j->proposals);
    TRY(external_init_add(s, j, external_pub, &w));
    if (options->rejoin)
        TRY(proposal_add(
            s, j, &(sotto_mls_proposal){.type = SOTTO_MLS_REMOVE, .removed = options->rejoin_index},
            &w));
    for (size_t i = 0; i < options->psk_count; i++)
        TRY(proposal_add(
            s, j, &(sotto_mls_proposal){.type = SOTTO_MLS_PSK, .psk = options->psks[i]}, &w));
    return wr_end(&w);
}

static sotto_err commit(struct step *s, const struct external_join *j, sotto_staged **ret_staged)
{
    static const struct pending none;
    DEFER(proposal_list_clear) struct proposal_list list = {0};
    DEFER(staged_freep) sotto_staged *staged = NULL;
    const struct commit_base base = {.epoch = j->epoch,
                                     .init_secret = &j->init_secret,
                                     .sender = {.sender_type = SENDER_NEW_MEMBER_COMMIT},
                                     .client = j->client,
                                     .sign_key = j->client->sign_key,
                                     .predecessor = j->options->predecessor,
                                     .settings = &j->options->settings};
    const sotto_mls_commit_options options = {.authenticated_data = j->options->authenticated_data};
    TRY(proposal_list_resolve(s, j->suite, &none, buf_view(&j->proposals), &base.sender, &list));
    TRY(commit_make(s, &base, &list, buf_view(&j->proposals), &options, &staged));
    staged->settings = j->options->settings;
    *ret_staged = MOVE(staged);
    return SOTTO_OK;
}

static sotto_err join_external(struct step *s, const sotto_mls_client *client, view group_info,
                               const sotto_mls_join_options *options, sotto_staged **ret_staged)
{
    DEFER(external_join_clear)
    struct external_join j = {
        .client = client, .options = options, .suite = mls_suite_find(client->suite)};
    struct mls_message message;
    view external_pub = {0};
    if (j.suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    if (client->sign_key == NULL || sign_key_id(client->sign_key) != j.suite->sign)
        return SOTTO_E_USAGE;
    TRY(mls_message_parse(group_info, &message, &s->fault));
    if (message.wire_format != WIRE_GROUP_INFO)
        return SOTTO_E_UNEXPECTED;
    TRY(check_that(CHECK_WELCOME_GROUP_INFO_SUITE,
                   message.group_info.group_context.cipher_suite == client->suite, 0, &s->fault));
    TRY(external_pub_find(s, &j, &message.group_info, &external_pub));
    TRY(supported_check(s, &j, &message.group_info));
    TRY(group_info_check(s, j.suite, &message.group_info, options->tree, &j.epoch));
    TRY(proposals_write(s, &j, external_pub));
    return commit(s, &j, ret_staged);
}

sotto_err sotto_mls_join_external(sotto_mls *m, const sotto_mls_client *client,
                                  sotto_view group_info, const sotto_mls_join_options *options,
                                  sotto_staged **ret_staged)
{
    static const sotto_mls_join_options usual;
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(
        m, &s,
        join_external(&s, client, group_info, options != NULL ? options : &usual, ret_staged));
}
