/* forged_welcome.h - a Welcome as an insider makes it: who has a leaf and the secrets of an epoch can seal anything for who joins. All
 * of it is right, but for what a test bends; what follows from the bent part is computed again, so that nothing but the check
 * in question can notice. */
#ifndef TESTS_UNIT_MLS_FORGED_WELCOME_H
#define TESTS_UNIT_MLS_FORGED_WELCOME_H

#include "members.h"

#include <sotto/mls.h>

#include "mls/group_info.h"
#include "mls/key_package_private.h"
#include "mls/key_schedule.h"
#include "mls/mls_message.h"
#include "mls/transcript_hash.h"
#include "mls/tree_hash.h"
#include "mls/treekem.h"

#define FORGE_MEMBERS 6u /* the first signs; the last one joins */
#define FORGE_PSKS    4u

struct forge;

/* What a test bends, each before it is signed, tagged or sealed. NULL: nothing. */
struct bend {
    void (*forge)(struct forge *f); /* before everything */
    void (*context)(struct forge *f, struct group_context *context);
    void (*info)(struct forge *f, struct group_info *info);      /* before the signature */
    void (*signature)(struct forge *f, struct group_info *info); /* after it */
    void (*secrets)(struct forge *f, struct group_secrets *secrets);
    void (*welcome)(struct forge *f, struct welcome *welcome);
    void (*join)(struct forge *f, sotto_mls_join_options *options);
    uint32_t choice; /* what else a test wants to tell its functions */
};

struct forge {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    const struct bend *bend;
    struct member members[FORGE_MEMBERS];
    struct tree *tree;
    struct treekem_path path; /* of the signer's commit */
    bool has_path, tree_beside;
    uint32_t signer;
    /* Of who joins: */
    struct kem_key *init_key;
    sotto_buf package, private_part;
    struct pre_shared_key psks[FORGE_PSKS];
    size_t psk_count;
    sotto_mls mls;
    sotto_mls_rules rules;
    uint8_t joiner_secret[HASH_MAX];
    struct secret member;
    /* What is made: */
    sotto_buf context, info, secrets, welcome, tree_bytes;
    sotto_buf scratch; /* for what a test puts in place of something */
    sotto_group *old;  /* that the new one follows */
};

static inline sotto_err forge_psk_rule(void *context, const sotto_mls_psk_id *id,
                                       sotto_buf *ret_psk)
{
    const struct forge *f = context;
    for (size_t i = 0; i < f->psk_count; i++)
        if (id->type == (uint8_t)f->psks[i].id.psktype && view_equal(f->psks[i].id.psk_id, id->id))
            return buf_set(ret_psk, f->psks[i].psk);
    return SOTTO_E_NOTFOUND;
}

/* The KeyPackage of who joins, around its leaf. */
static inline void forge_package(struct forge *f)
{
    struct member *last = &f->members[FORGE_MEMBERS - 1];
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    struct key_package package = {.version = PROTOCOL_MLS10,
                                  .cipher_suite = f->suite->id,
                                  .init_key = kem_key_public(f->init_key)};
    struct rd r = rd_of(buf_view(&last->leaf));
    leaf_node_read(&r, &package.leaf_node);
    struct wr w = wr_to(&tbs);
    key_package_write_tbs(&w, &package);
    assert_ok(wr_end(&w));
    assert_ok(sign_with_label(f->c, last->sign_key, VIEW_LIT("KeyPackageTBS"), buf_view(&tbs),
                              &signature));
    package.signature = buf_view(&signature);
    w = wr_to(&f->package);
    key_package_write(&w, &package);
    assert_ok(wr_end(&w));
    w = wr_to(&f->private_part);
    key_package_private_write(&w, f->init_key, last->kem_key, last->sign_key,
                              buf_view(&f->package));
    assert_ok(wr_end(&w));
}

static inline void forge_init(sotto_crypto *c, const struct mls_suite *suite,
                              const struct bend *bend, struct forge *f)
{
    uint8_t seed[RNG_SEED] = {42};
    *f = (struct forge){
        .c = c, .suite = suite, .rng = rng_from(seed), .bend = bend, .has_path = true};
    f->mls = (sotto_mls){.crypto = c, .rules = &f->rules, .seed = {1}};
    f->rules = (sotto_mls_rules){.context = f, .psk = forge_psk_rule};
    rng_bytes(&f->rng, f->joiner_secret, sizeof f->joiner_secret);
    for (uint32_t i = 0; i < FORGE_MEMBERS; i++)
        f->members[i] = member_new(c, suite, &f->rng);
    f->init_key = fresh_kem_key(c, suite, &f->rng);
}

static inline void forge_clear(struct forge *f)
{
    for (uint32_t i = 0; i < FORGE_MEMBERS; i++)
        member_clear(&f->members[i]);
    tree_free(f->tree);
    treekem_path_clear(&f->path);
    kem_key_free(f->init_key);
    secret_clear(&f->member);
    sotto_buf *bufs[] = {&f->package, &f->private_part, &f->context, &f->info,
                         &f->secrets, &f->welcome,      &f->scratch, &f->tree_bytes};
    for (size_t i = 0; i < COUNT_OF(bufs); i++)
        buf_clear(bufs[i]);
    sotto_group_free(f->old);
}

/* All members, and the path of a commit by the signer. */
static inline void forge_tree(struct forge *f)
{
    struct leaf_node leaf;
    struct treekem_private none = {0};
    assert_ok(tree_new(f->suite, tree_seed, &f->tree));
    for (uint32_t i = 0; i < FORGE_MEMBERS; i++) {
        uint32_t at;
        assert_ok(tree_add(f->tree, buf_view(&f->members[i].leaf), &at));
    }
    if (!f->has_path)
        return;
    assert_ok(tree_leaf_read(f->tree, f->signer, &leaf));
    const struct treekem_sender sender = {f->signer, &leaf, f->members[f->signer].sign_key,
                                          GROUP_ID};
    assert_ok(treekem_create(f->c, f->tree, &sender, &f->rng, &none, &f->path));
}

static inline void forge_context(struct forge *f)
{
    static const uint8_t confirmed[HASH_MAX] = {9, 9, 9};
    uint8_t hash[HASH_MAX];
    assert_ok(tree_root_hash(f->c, f->tree, hash));
    struct group_context context = {.cipher_suite = f->suite->id,
                                    .group_id = GROUP_ID,
                                    .epoch = 1,
                                    .tree_hash = view_of(hash, f->suite->hash_len),
                                    .confirmed_transcript_hash =
                                        view_of(confirmed, f->suite->hash_len)};
    if (f->bend->context != NULL)
        f->bend->context(f, &context);
    struct wr w = wr_to(&f->context);
    group_context_write(&w, &context);
    assert_ok(wr_end(&w));
}

static inline void forge_member(struct forge *f)
{
    DEFER(secret_clear) struct secret psk_secret = {0};
    DEFER(secret_clear) struct secret joiner = {0};
    assert_ok(secret_set(&joiner, view_of(f->joiner_secret, f->suite->hash_len)));
    assert_ok(key_schedule_psk_secret(f->c, f->suite, f->psks, f->psk_count, &psk_secret));
    assert_ok(key_schedule_member(f->c, f->suite, &joiner, &psk_secret, &f->member));
}

static inline void forge_extensions(struct forge *f, sotto_buf *out)
{
    struct wr w = wr_to(&f->tree_bytes);
    tree_write(&w, f->tree);
    assert_ok(wr_end(&w));
    if (f->tree_beside)
        return;
    w = wr_to(out);
    extension_write(&w, &(struct extension){EXTENSION_RATCHET_TREE, buf_view(&f->tree_bytes)});
    assert_ok(wr_end(&w));
}

/* The GroupInfo, tagged and signed. */
static inline void forge_info(struct forge *f)
{
    DEFER(epoch_secrets_clear) struct epoch_secrets secrets = {0};
    DEFER(buf_clear) sotto_buf extensions = {0};
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    uint8_t tag[HASH_MAX];
    struct group_info info = {.signer = f->signer};
    struct rd r = rd_of(buf_view(&f->context));
    group_context_read(&r, &info.group_context);
    assert_ok(key_schedule_epoch(f->c, f->suite, &f->member, buf_view(&f->context), &secrets));
    assert_ok(confirmation_tag_make(f->c, f->suite, &secrets.confirmation_key,
                                    info.group_context.confirmed_transcript_hash, tag));
    forge_extensions(f, &extensions);
    info.extensions = buf_view(&extensions);
    info.confirmation_tag = view_of(tag, f->suite->hash_len);
    if (f->bend->info != NULL)
        f->bend->info(f, &info);
    struct wr w = wr_to(&tbs);
    group_info_write_tbs(&w, &info);
    assert_ok(wr_end(&w));
    assert_ok(sign_with_label(f->c, f->members[f->signer].sign_key, VIEW_LIT("GroupInfoTBS"),
                              buf_view(&tbs), &signature));
    info.signature = buf_view(&signature);
    if (f->bend->signature != NULL)
        f->bend->signature(f, &info);
    w = wr_to(&f->info);
    group_info_write(&w, &info);
    assert_ok(wr_end(&w));
}

static inline void forge_secrets(struct forge *f)
{
    DEFER(buf_clear) sotto_buf psks = {0};
    const struct secret *path_secret =
        f->has_path ? treekem_path_secret(&f->path, FORGE_MEMBERS - 1) : NULL;
    struct wr w = wr_to(&psks);
    for (size_t i = 0; i < f->psk_count; i++)
        pre_shared_key_id_write(&w, &f->psks[i].id);
    assert_ok(wr_end(&w));
    struct group_secrets secrets = {.joiner_secret = view_of(f->joiner_secret, f->suite->hash_len),
                                    .has_path_secret = path_secret != NULL,
                                    .psks = buf_view(&psks)};
    if (path_secret != NULL)
        secrets.path_secret = secret_view(path_secret);
    if (f->bend->secrets != NULL)
        f->bend->secrets(f, &secrets);
    w = wr_to(&f->secrets);
    group_secrets_write(&w, &secrets);
    assert_ok(wr_end(&w));
}

static inline void forge_seal_info(struct forge *f, sotto_buf *out)
{
    DEFER(secret_clear) struct secret welcome_secret = {0};
    DEFER(secret_clear) struct secret key = {0};
    uint8_t nonce[AEAD_NONCE], *place;
    assert_ok(key_schedule_welcome(f->c, f->suite, &f->member, &welcome_secret));
    assert_ok(key_schedule_welcome_key(f->c, f->suite, &welcome_secret, &key, nonce));
    assert_ok(buf_extend(out, f->info.len + AEAD_TAG, &place));
    assert_ok(
        aead_seal(f->c, f->suite->hpke.aead, &key, nonce, (view){0}, buf_view(&f->info), place));
}

/* The whole Welcome, for one. */
static inline void forge_seal(struct forge *f)
{
    DEFER(buf_clear) sotto_buf sealed_info = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    DEFER(buf_clear) sotto_buf entries = {0};
    DEFER(hpke_info_clear) struct hpke_info context = {0};
    uint8_t ref[HASH_MAX], seed[SECRET_MAX], kem_output[KEM_ENC_MAX], *place;
    forge_seal_info(f, &sealed_info);
    assert_ok(
        encrypt_context(f->c, f->suite, VIEW_LIT("Welcome"), buf_view(&sealed_info), &context));
    assert_ok(key_package_ref(f->c, f->suite, buf_view(&f->package), ref));
    rng_bytes(&f->rng, seed, sizeof seed);
    assert_ok(buf_extend(&sealed, f->secrets.len + AEAD_TAG, &place));
    assert_ok(encrypt_with_label(f->c, &context, kem_key_public(f->init_key),
                                 view_of(seed, kem_seed_size(f->suite->hpke.kem)),
                                 buf_view(&f->secrets), kem_output, place));
    const struct encrypted_group_secrets entry = {
        view_of(ref, f->suite->hash_len),
        {view_of(kem_output, kem_enc_size(f->suite->hpke.kem)), buf_view(&sealed)}};
    struct wr w = wr_to(&entries);
    encrypted_group_secrets_write(&w, &entry);
    assert_ok(wr_end(&w));
    struct mls_message message = {
        .wire_format = WIRE_WELCOME,
        .welcome = {f->suite->id, buf_view(&entries), buf_view(&sealed_info)}};
    if (f->bend->welcome != NULL)
        f->bend->welcome(f, &message.welcome);
    w = wr_to(&f->welcome);
    mls_message_write(&w, &message);
    assert_ok(wr_end(&w));
}

/* Makes everything. */
static inline void forge_make(struct forge *f)
{
    if (f->bend->forge != NULL)
        f->bend->forge(f);
    forge_package(f);
    if (f->tree == NULL)
        forge_tree(f);
    forge_context(f);
    forge_member(f);
    forge_info(f);
    forge_secrets(f);
    forge_seal(f);
}

/* Joins by it. */
static inline sotto_err forge_join(struct forge *f, sotto_staged **ret_staged)
{
    sotto_mls_join_options options = {0};
    if (f->tree_beside)
        options.tree = buf_view(&f->tree_bytes);
    if (f->bend->join != NULL)
        f->bend->join(f, &options);
    return sotto_mls_join(&f->mls, buf_view(&f->welcome), buf_view(&f->private_part), &options,
                          ret_staged);
}

#endif
