/* A Welcome, forged by a member: bent in one place. */
#include "forged_welcome.h"
#include "guards.h"

#include "mls/group.h"

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
                                       .psk_epoch = 7,
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
};

static const struct guard_row rows[] = {
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
};

const struct guard_rows guards_welcome = {rows, COUNT_OF(rows)};
