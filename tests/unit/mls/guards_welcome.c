/* A Welcome, forged by a member: bent in one place. */
#include "forged_welcome.h"
#include "guards.h"

#include "mls/group.h"
#include "mls/proposal.h"

#define OLD_EPOCH 7u

static sotto_err attempt(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    struct forge f;
    sotto_staged *staged = NULL;
    forge_init(c, mls_suite_find(1), argument, &f);
    forge_make(&f);
    sotto_err err = forge_join(&f, &staged);
    *ret_fault = (struct fault){(enum mls_check)f.mls.check, f.mls.check_where};
    sotto_staged_free(staged);
    forge_clear(&f);
    return err;
}

static const uint8_t zeros[HASH_MAX];

/* ---- The Welcome ---- */

static void for_another(struct forge *f, struct welcome *welcome)
{
    buf_clear(&f->scratch);
    assert_ok(buf_set(&f->scratch, welcome->secrets));
    f->scratch.data[5] ^= 1; /* in the KeyPackageRef */
    welcome->secrets = buf_view(&f->scratch);
}

static void of_another_suite(struct forge *f, struct welcome *welcome)
{
    (void)f;
    welcome->cipher_suite = 3;
}

static void secrets_sealed_wrong(struct forge *f, struct welcome *welcome)
{
    buf_clear(&f->scratch);
    assert_ok(buf_set(&f->scratch, welcome->secrets));
    f->scratch.data[f->scratch.len - 1] ^= 1;
    welcome->secrets = buf_view(&f->scratch);
}

/* ---- GroupSecrets ---- */

static void path_secret_short(struct forge *f, struct group_secrets *secrets)
{
    (void)f;
    secrets->path_secret.len--;
}

static void path_secret_left_out(struct forge *f, struct group_secrets *secrets)
{
    (void)f;
    secrets->has_path_secret = false;
}

static void without_path(struct forge *f)
{
    f->has_path = false;
}

static void path_secret_without_path(struct forge *f, struct group_secrets *secrets)
{
    secrets->has_path_secret = true;
    secrets->path_secret = view_of(zeros, f->suite->hash_len);
}

static void psk_add(struct forge *f, view id, view nonce)
{
    f->psks[f->psk_count++] =
        (struct pre_shared_key){.id = {.psktype = PSK_EXTERNAL, .psk_id = id, .psk_nonce = nonce},
                                .psk = VIEW_LIT("a secret that both know")};
}

static void psk_twice(struct forge *f)
{
    view nonce = view_of(zeros, f->suite->hash_len);
    psk_add(f, VIEW_LIT("a"), nonce);
    psk_add(f, VIEW_LIT("a"), nonce);
}

static void psk_nonce_short(struct forge *f)
{
    psk_add(f, VIEW_LIT("a"), view_of(zeros, f->suite->hash_len - 1u));
}

static sotto_err knows_nothing(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    (void)context;
    (void)id;
    (void)ret_psk;
    return SOTTO_E_NOTFOUND;
}

static void psk_unknown(struct forge *f)
{
    psk_add(f, VIEW_LIT("a"), view_of(zeros, f->suite->hash_len));
    f->rules.psk = knows_nothing;
}

static void resumption_add(struct forge *f, enum psk_usage usage)
{
    f->psks[f->psk_count++] =
        (struct pre_shared_key){.id = {.psktype = PSK_RESUMPTION,
                                       .usage = usage,
                                       .psk_group_id = VIEW_LIT("the old group"),
                                       .psk_epoch = OLD_EPOCH,
                                       .psk_nonce = view_of(zeros, f->suite->hash_len)},
                                .psk = VIEW_LIT("the resumption_psk of the old group")};
}

static void two_successions(struct forge *f)
{
    resumption_add(f, PSK_USAGE_REINIT);
    resumption_add(f, PSK_USAGE_BRANCH);
}

/* ---- GroupInfo ---- */

static void info_sealed_wrong(struct forge *f)
{
    rng_bytes(&f->rng, f->joiner_secret, sizeof f->joiner_secret);
}

/* The joiner_secret that is handed over is not the one that the GroupInfo was sealed with. */
static void other_joiner_secret(struct forge *f, struct group_secrets *secrets)
{
    info_sealed_wrong(f);
    secrets->joiner_secret = view_of(f->joiner_secret, f->suite->hash_len);
}

static void context_of_another_suite(struct forge *f, struct group_context *context)
{
    (void)f;
    context->cipher_suite = 3;
}

static void context_with_extension(struct forge *f, struct group_context *context)
{
    static const uint8_t unknown[] = {0xf1, 0x23, 0};
    (void)f;
    context->extensions = VIEW_OF(unknown);
}

static void signer_blank(struct forge *f, struct group_info *info)
{
    (void)f;
    info->signer = FORGE_MEMBERS;
}

static void signer_outside(struct forge *f, struct group_info *info)
{
    (void)f;
    info->signer = UINT32_MAX;
}

static void signer_another(struct forge *f, struct group_info *info)
{
    (void)f;
    info->signer = 1;
}

static void signature_broken(struct forge *f, struct group_info *info)
{
    assert_ok(buf_set(&f->scratch, info->signature));
    f->scratch.data[0] ^= 1;
    info->signature = buf_view(&f->scratch);
}

static void tag_broken(struct forge *f, struct group_info *info)
{
    assert_ok(buf_set(&f->scratch, info->confirmation_tag));
    f->scratch.data[0] ^= 1;
    info->confirmation_tag = buf_view(&f->scratch);
}

static void tag_short(struct forge *f, struct group_info *info)
{
    (void)f;
    info->confirmation_tag.len--;
}

static void tag_empty(struct forge *f, struct group_info *info)
{
    (void)f;
    info->confirmation_tag.len = 0;
}

static void tree_nowhere(struct forge *f)
{
    f->tree_beside = true;
}

static void tree_forgotten(struct forge *f, sotto_mls_join_options *options)
{
    (void)f;
    options->tree = (view){0};
}

/* The leaf in the tree has the KeyPackage's keys, but says something else. */
static void own_leaf_other(struct forge *f)
{
    struct member *last = &f->members[FORGE_MEMBERS - 1];
    struct profile profile = profile_usual(f->suite);
    forge_package(f);
    profile.lifetime.not_after++;
    member_sign(f->c, last, &profile);
    forge_tree(f);
    buf_clear(&f->package);
    buf_clear(&f->private_part);
    profile.lifetime.not_after--;
    member_sign(f->c, last, &profile);
}

/* ---- The tree, for whose kinds of checks these stand: the others are in guards_tree.c and guards_form.c ---- */

static void context_of_another_tree(struct forge *f, struct group_context *context)
{
    context->tree_hash = view_of(zeros, f->suite->hash_len);
}

static void member_unsigned(struct forge *f)
{
    sotto_buf *leaf = &f->members[3].leaf;
    leaf->data[leaf->len - 1] ^= 1;
}

static void blank_node_behind(struct forge *f, sotto_mls_join_options *options)
{
    struct rd r = rd_of(options->tree);
    view nodes = rd_opaque(&r, MLS_MESSAGE_MAX);
    buf_clear(&f->scratch);
    struct wr w = wr_to(&f->scratch);
    size_t mark = wr_vector_begin(&w);
    wr_bytes(&w, nodes);
    wr_optional(&w, false);
    wr_vector_end(&w, mark);
    assert_ok(wr_end(&w));
    options->tree = buf_view(&f->scratch);
}

/* ---- Successors ---- */

/* What is wrong with the old group, or with what the Welcome says of it. */
enum {
    NOTHING,
    OTHER_GROUP_ID,
    OTHER_EXTENSIONS,
    MEMBER_MORE,
    MEMBER_LESS,
    OTHER_SUITE,
    NO_REINIT,
    SAME_GROUP_ID
};

static void old_tree(struct forge *f, struct epoch *e)
{
    uint32_t at, count = f->bend->choice == MEMBER_LESS ? FORGE_MEMBERS - 2 : FORGE_MEMBERS;
    assert_ok(tree_new(f->suite, tree_seed, &e->tree));
    for (uint32_t i = 0; i < count; i++)
        assert_ok(tree_add(e->tree, buf_view(&f->members[i].leaf), &at));
    if (f->bend->choice != MEMBER_MORE)
        return;
    struct member more = member_new(f->c, f->suite, &f->rng);
    assert_ok(tree_add(e->tree, buf_view(&more.leaf), &at));
    member_clear(&more);
}

static void old_reinit(struct forge *f, sotto_group *g)
{
    static const uint8_t unknown[] = {0xf1, 0x23, 0};
    struct proposal proposal = {
        .proposal_type = PROPOSAL_REINIT,
        .reinit = {.group_id = GROUP_ID, .version = PROTOCOL_MLS10, .cipher_suite = f->suite->id}};
    if (f->bend->choice == OTHER_GROUP_ID)
        proposal.reinit.group_id = VIEW_LIT("another one");
    if (f->bend->choice == OTHER_SUITE)
        proposal.reinit.cipher_suite = 3;
    if (f->bend->choice == OTHER_EXTENSIONS)
        proposal.reinit.extensions = VIEW_OF(unknown);
    struct wr w = wr_to(&g->reinit);
    proposal_body_write(&w, &proposal);
    assert_ok(wr_end(&w));
    assert_ok(group_reinit_parse(buf_view(&g->reinit), &g->reinit_parts));
}

/* The group before, as one of its members has it. */
static void old_make(struct forge *f)
{
    struct epoch *e = NULL;
    view group_id = f->bend->choice == SAME_GROUP_ID ? GROUP_ID : VIEW_LIT("the old group");
    assert_ok(group_alloc(f->suite, NULL, &f->old));
    assert_ok(epoch_new(f->suite, &e));
    f->old->epoch = e;
    old_tree(f, e);
    assert_ok(epoch_set_context(f->c, e, group_id, OLD_EPOCH, (view){0}, (view){0}));
    assert_ok(
        secret_set(&e->secrets.resumption_psk, VIEW_LIT("the resumption_psk of the old group")));
}

static void reinit(struct forge *f)
{
    old_make(f);
    if (f->bend->choice != NO_REINIT)
        old_reinit(f, f->old);
    resumption_add(f, PSK_USAGE_REINIT);
}

static void reinit_of_another_epoch(struct forge *f)
{
    reinit(f);
    f->psks[0].id.psk_epoch--;
}

static void reinit_without_psk(struct forge *f)
{
    reinit(f);
    f->psk_count = 0;
}

static void branch(struct forge *f)
{
    old_make(f);
    resumption_add(f, PSK_USAGE_BRANCH);
    if (f->bend->choice == OTHER_SUITE)
        f->old->epoch->context.cipher_suite = 3;
    if (f->bend->choice == OTHER_GROUP_ID)
        f->psks[0].id.psk_group_id = VIEW_LIT("another group");
    if (f->bend->choice == SAME_GROUP_ID)
        f->psks[0].id.psk_group_id = GROUP_ID;
}

static void branch_without_psk(struct forge *f)
{
    branch(f);
    f->psk_count = 0;
}

static void branch_unknown(struct forge *f)
{
    resumption_add(f, PSK_USAGE_BRANCH);
}

static void after_old(struct forge *f, sotto_mls_join_options *options)
{
    options->predecessor = f->old;
}

static void epoch_late(struct forge *f, struct group_context *context)
{
    (void)f;
    context->epoch = 2;
}

static const struct bend successions[] = {
    {.forge = reinit, .join = after_old, .choice = OTHER_GROUP_ID},
    {.forge = reinit, .join = after_old, .choice = OTHER_EXTENSIONS},
    {.forge = reinit, .join = after_old, .choice = OTHER_SUITE},
    {.forge = reinit, .join = after_old, .choice = MEMBER_MORE},
    {.forge = reinit_of_another_epoch, .join = after_old},
    {.forge = reinit_without_psk, .join = after_old},
    {.forge = reinit, .join = after_old, .choice = NO_REINIT},
    {.forge = branch, .join = after_old, .choice = OTHER_SUITE},
    {.forge = branch, .join = after_old, .choice = MEMBER_LESS},
    {.forge = branch, .join = after_old, .choice = OTHER_GROUP_ID},
    {.forge = branch_without_psk, .join = after_old},
    {.forge = branch, .join = after_old, .context = epoch_late},
    {.forge = reinit, .join = after_old, .context = epoch_late},
    {.forge = branch_unknown, .context = epoch_late},
    {.forge = branch, .join = after_old, .choice = SAME_GROUP_ID},
};

/* ---- Joining by a commit of one's own ---- */

/* The GroupInfo that a Welcome would hold is handed out, with or without an external_pub. */
static sotto_err attempt_external(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    struct forge f;
    sotto_staged *staged = NULL;
    forge_init(c, mls_suite_find(1), argument, &f);
    forge_make(&f);
    struct member outsider = member_new(c, f.suite, &f.rng);
    const sotto_mls_client client = {.suite = f.suite->id,
                                     .sign_key = outsider.sign_key,
                                     .credential = {SOTTO_MLS_BASIC, view_str(outsider.name)}};
    sotto_buf message = {0};
    struct wr w = wr_to(&message);
    wr_u16(&w, PROTOCOL_MLS10);
    wr_u16(&w, WIRE_GROUP_INFO);
    wr_bytes(&w, buf_view(&f.info));
    assert_ok(wr_end(&w));
    sotto_err err = sotto_mls_join_external(&f.mls, &client, buf_view(&message), NULL, &staged);
    *ret_fault = (struct fault){(enum mls_check)f.mls.check, f.mls.check_where};
    sotto_staged_free(staged);
    buf_clear(&message);
    member_clear(&outsider);
    forge_clear(&f);
    return err;
}

static void external_pub_short(struct forge *f, struct group_info *info)
{
    static const uint8_t data[] = {31, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                   16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    struct wr w = wr_to(&f->scratch);
    wr_bytes(&w, info->extensions);
    extension_write(&w, &(struct extension){EXTENSION_EXTERNAL_PUB, VIEW_OF(data)});
    assert_ok(wr_end(&w));
    info->extensions = buf_view(&f->scratch);
}

static const struct bend handouts[] = {{.choice = NOTHING}, {.info = external_pub_short}};

/* ---- Rules ---- */

static sotto_err never(void *context, const sotto_mls_change *change)
{
    (void)context;
    (void)change;
    return SOTTO_E_NOTFOUND;
}

static void policy(struct forge *f)
{
    f->rules.commit = never;
}

static sotto_err distrusts(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    (void)before;
    return leaf->index == 3 ? SOTTO_E_NOTFOUND : SOTTO_OK;
}

static void credential(struct forge *f)
{
    f->rules.credential = distrusts;
}

static const struct bend bends[] = {
    {.welcome = for_another},
    {.welcome = of_another_suite},
    {.welcome = secrets_sealed_wrong},
    {.secrets = path_secret_short},
    {.secrets = path_secret_left_out},
    {.forge = without_path, .secrets = path_secret_without_path},
    {.forge = psk_twice},
    {.forge = psk_nonce_short},
    {.forge = psk_unknown},
    {.forge = two_successions},
    {.secrets = other_joiner_secret},
    {.context = context_of_another_suite},
    {.context = context_with_extension},
    {.info = signer_blank},
    {.info = signer_outside},
    {.info = signer_another},
    {.signature = signature_broken},
    {.info = tag_broken},
    {.info = tag_short},
    {.info = tag_empty},
    {.forge = tree_nowhere, .join = tree_forgotten},
    {.forge = own_leaf_other},
    {.forge = policy},
    {.forge = credential},
    {.context = context_of_another_tree},
    {.forge = member_unsigned},
    {.forge = tree_nowhere, .join = blank_node_behind},
};

static const struct guard_row rows[] = {
    {CHECK_TREE_HASH, attempt, &bends[24]},
    {CHECK_LEAF_SIGNATURE, attempt, &bends[25]},
    {CHECK_FORM_NODE_LAST, attempt, &bends[26]},
    {CHECK_WELCOME_FOR_US, attempt, &bends[0]},
    {CHECK_WELCOME_CIPHER_SUITE, attempt, &bends[1]},
    {CHECK_WELCOME_SECRETS_OPEN, attempt, &bends[2]},
    {CHECK_WELCOME_SECRETS_LENGTH, attempt, &bends[3]},
    {CHECK_WELCOME_PATH_PLACE, attempt, &bends[4]},
    {CHECK_WELCOME_PATH_PLACE, attempt, &bends[5]},
    {CHECK_WELCOME_PSK_ONCE, attempt, &bends[6]},
    {CHECK_WELCOME_PSK_NONCE, attempt, &bends[7]},
    {CHECK_WELCOME_PSK_KNOWN, attempt, &bends[8]},
    {CHECK_WELCOME_PSK_SUCCESSOR, attempt, &bends[9]},
    {CHECK_WELCOME_GROUP_INFO_OPENS, attempt, &bends[10]},
    {CHECK_WELCOME_GROUP_INFO_SUITE, attempt, &bends[11]},
    {CHECK_GROUP_INFO_EXTENSIONS, attempt, &bends[12]},
    {CHECK_GROUP_INFO_SIGNER, attempt, &bends[13]},
    {CHECK_GROUP_INFO_SIGNER, attempt, &bends[14]},
    {CHECK_GROUP_INFO_SIGNATURE, attempt, &bends[15]},
    {CHECK_GROUP_INFO_SIGNATURE, attempt, &bends[16]},
    {CHECK_WELCOME_CONFIRMATION_TAG, attempt, &bends[17]},
    {CHECK_WELCOME_CONFIRMATION_TAG, attempt, &bends[18]},
    {CHECK_WELCOME_CONFIRMATION_TAG, attempt, &bends[19]},
    {CHECK_GROUP_INFO_TREE, attempt, &bends[20]},
    {CHECK_WELCOME_OWN_LEAF, attempt, &bends[21]},
    {CHECK_COMMIT_POLICY, attempt, &bends[22]},
    {CHECK_CREDENTIAL_ACCEPTED, attempt, &bends[23]},
    {CHECK_REINIT_GROUP, attempt, &successions[0]},
    {CHECK_REINIT_GROUP, attempt, &successions[1]},
    {CHECK_REINIT_GROUP, attempt, &successions[2]},
    {CHECK_REINIT_MEMBERS, attempt, &successions[3]},
    {CHECK_REINIT_PSK, attempt, &successions[4]},
    {CHECK_REINIT_PSK, attempt, &successions[5]},
    {CHECK_REINIT_COMMITTED, attempt, &successions[6]},
    {CHECK_BRANCH_GROUP, attempt, &successions[7]},
    {CHECK_BRANCH_MEMBERS, attempt, &successions[8]},
    {CHECK_BRANCH_PSK, attempt, &successions[9]},
    {CHECK_BRANCH_PSK, attempt, &successions[10]},
    {CHECK_SUCCESSOR_EPOCH, attempt, &successions[11]},
    {CHECK_SUCCESSOR_EPOCH, attempt, &successions[12]},
    {CHECK_SUCCESSOR_EPOCH, attempt, &successions[13]},
    {CHECK_WELCOME_GROUP_NEW, attempt, &successions[14]},
    {CHECK_EXTERNAL_PUB, attempt_external, &handouts[0]},
    {CHECK_EXTERNAL_PUB_KEY, attempt_external, &handouts[1]},
};

const struct guard_rows guards_welcome = {rows, COUNT_OF(rows)};
