/* The format TreeKEM of mlswg/mls-implementations: members with their private keys, and an UpdatePath of each of them, which all
 * others process; then a path of our own, which all of them process. */
#include "mls/group_context.h"
#include "mls/tree_hash.h"
#include "mls/tree_math.h"
#include "mls/treekem.h"

#include "mls_tree.h"

#define MEMBERS_MAX 64

/* One case. The paths start from the same tree, each on a clone. */
struct kem_case {
    const struct mls_suite *suite;
    const json_t *json;
    struct tree *tree;
    struct treekem_private members[MEMBERS_MAX];
    sotto_sign_key *sign_keys[MEMBERS_MAX];
    uint32_t member_count;
    struct tree_list added; /* none */
};

static void kem_case_clear(struct kem_case *k)
{
    tree_free(k->tree);
    for (uint32_t i = 0; i < k->member_count; i++) {
        treekem_private_clear(&k->members[i]);
        sign_key_free(k->sign_keys[i]);
    }
}

/* A path secret of one node alone: each may come from another commit. Consistent with the tree: its public key is there. */
static enum verdict path_secret_set(struct vectors *v, struct kem_case *k, const json_t *row,
                                    struct treekem_private *keys)
{
    DEFER(secret_clear) struct secret secret = field_secret(v, row, "path_secret");
    struct kem_key *key = NULL;
    uint32_t number = (uint32_t)field_number(v, row, "node");
    const struct tree_node *node = tree_node(k->tree, number);
    if (node == NULL)
        return wrong(v, "node %u is blank", (unsigned)number);
    CHECK(outcome(v, derive_secret(v->crypto, k->suite, &secret, VIEW_LIT("node"), &secret)));
    CHECK(outcome(v, kem_key_derive(v->crypto, k->suite->hpke.kem, secret_view(&secret), &key)));
    enum verdict verdict = same(v, "the public key of a path secret", kem_key_public(key),
                                tree_node_key(node, TREE_ENCRYPTION_KEY));
    CHECK(outcome(v, treekem_private_set(keys, number, key)));
    return verdict;
}

static enum verdict path_secrets_set(struct vectors *v, struct kem_case *k, const json_t *member,
                                     struct treekem_private *keys)
{
    size_t index;
    const json_t *row;
    json_array_foreach(json_object_get(member, "path_secrets"), index, row)
        CHECK(path_secret_set(v, k, row, keys));
    return ACCEPTED;
}

static enum verdict member_set(struct vectors *v, struct kem_case *k, const json_t *member,
                               uint32_t slot)
{
    struct kem_key *key = NULL;
    uint32_t index = (uint32_t)field_number(v, member, "index");
    DEFER(secret_clear) struct secret private_key = field_secret(v, member, "encryption_priv");
    const struct tree_node *leaf = tree_leaf(k->tree, index);
    if (leaf == NULL)
        return wrong(v, "leaf %u is blank", (unsigned)index);
    CHECK(outcome(v, kem_key_import(v->crypto, k->suite->hpke.kem, &private_key, &key)));
    CHECK(outcome(v, treekem_private_new(index, key, &k->members[slot])));
    CHECK(same(v, "encryption_priv's public key", kem_key_public(key),
               tree_node_key(leaf, TREE_ENCRYPTION_KEY)));
    CHECK(sign_key_of(v, k->suite->sign, member, "signature_priv", &k->sign_keys[slot]));
    return path_secrets_set(v, k, member, &k->members[slot]);
}

static enum verdict members_set(struct vectors *v, struct kem_case *k)
{
    size_t index;
    const json_t *member;
    json_array_foreach(json_object_get(k->json, "leaves_private"), index, member)
    {
        if (index >= MEMBERS_MAX)
            return leave_out(v, "more than %d members", MEMBERS_MAX);
        k->member_count++;
        CHECK(member_set(v, k, member, (uint32_t)index));
    }
    return ACCEPTED;
}

/* The provisional GroupContext with the tree hash of `tree`. */
static enum verdict context_make(struct vectors *v, const struct kem_case *k, struct tree *tree,
                                 sotto_buf *out)
{
    uint8_t root[HASH_MAX];
    CHECK(outcome(v, tree_root_hash(v->crypto, tree, root)));
    const struct group_context context = {.cipher_suite = k->suite->id,
                                          .group_id = field_hex(v, k->json, "group_id"),
                                          .epoch = (uint64_t)field_number(v, k->json, "epoch"),
                                          .tree_hash = view_of(root, k->suite->hash_len),
                                          .confirmed_transcript_hash =
                                              field_hex(v, k->json, "confirmed_transcript_hash")};
    struct wr w = wr_to(out);
    group_context_write(&w, &context);
    return outcome(v, wr_end(&w));
}

/* Opens the path as one member. The path secret that came out is seen by setting it anew: the same private key must follow
 * (it matches the tree's public key). */
static enum verdict member_open(struct vectors *v, struct kem_case *k, struct tree *merged,
                                uint32_t sender, const struct update_path *update, view context,
                                uint32_t slot, view expected_commit_secret)
{
    DEFER(treekem_private_clear) struct treekem_private after = {0};
    DEFER(secret_clear) struct secret commit_secret = {0};
    CHECK(outcome(v, treekem_open(v->crypto, merged, sender, update, &k->added, context,
                                  &k->members[slot], &after, &commit_secret, NULL)));
    return same(v, "commit_secret", secret_view(&commit_secret), expected_commit_secret);
}

/* The file gives the path secret that each member finds: its chain must give the same keys. */
static enum verdict path_secret_check(struct vectors *v, struct kem_case *k, struct tree *merged,
                                      uint32_t sender, uint32_t slot, const json_t *expected)
{
    DEFER(secret_clear) struct secret secret = {0};
    DEFER(treekem_private_clear) struct treekem_private keys = {0};
    struct tree_path path;
    view bytes = {0};
    if (!hex_bytes(v, expected, &bytes) || secret_set(&secret, bytes) != SOTTO_OK)
        return wrong(v, "path_secrets has no secret of member %u", (unsigned)slot);
    treekem_private_copy(&k->members[slot], &keys);
    tree_filtered_direct_path(merged, sender, &path);
    for (size_t i = 0; i < path.count; i++)
        if (tree_math_in_subtree(tree_math_leaf_node(keys.leaf_index), path.steps[i].copath))
            return outcome(v, treekem_private_set_path(v->crypto, merged, &keys, path.steps[i].node,
                                                       &secret, NULL));
    return wrong(v, "member %u is not beside the path", (unsigned)slot);
}

/* The leaves of some cases don't list their own cipher suite, so that not all checks are made. */
static enum verdict merged_check(struct vectors *v, const struct kem_case *k, struct tree *merged)
{
    static const enum mls_check checks[] = {
        CHECK_PARENT_UNMERGED_MEMBER, CHECK_PARENT_UNMERGED_BETWEEN, CHECK_PARENT_HASH,
        CHECK_PARENT_KEY_UNIQUE,      CHECK_LEAF_SIGNATURE,
    };
    const struct tree_check_context context = {.group_id = field_hex(v, k->json, "group_id")};
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        struct fault fault = {0};
        CHECK(checked(v, tree_check(v->crypto, merged, &context, checks[i], &fault), &fault));
    }
    return ACCEPTED;
}

static enum verdict received_check(struct vectors *v, struct kem_case *k, const json_t *row,
                                   uint32_t sender, const struct update_path *update)
{
    DEFER(tree_freep) struct tree *merged = NULL;
    DEFER(buf_clear) sotto_buf context = {0};
    view commit_secret = field_hex(v, row, "commit_secret");
    CHECK(outcome(v, tree_clone(k->tree, &merged)));
    CHECK(outcome(v, treekem_merge(v->crypto, merged, sender, false, update, &k->added, NULL)));
    CHECK(root_hash_check(v, merged, field_hex(v, row, "tree_hash_after")));
    CHECK(context_make(v, k, merged, &context));
    CHECK(merged_check(v, k, merged));
    for (uint32_t i = 0; i < k->member_count; i++) {
        uint32_t index = k->members[i].leaf_index;
        if (index == sender)
            continue;
        CHECK(member_open(v, k, merged, sender, update, buf_view(&context), i, commit_secret));
        CHECK(path_secret_check(v, k, merged, sender, i,
                                json_array_get(json_object_get(row, "path_secrets"), index)));
    }
    return ACCEPTED;
}

static enum verdict update_parse(struct vectors *v, view bytes, struct update_path *ret_update)
{
    struct rd r = rd_of(bytes);
    update_path_read(&r, ret_update);
    return outcome(v, rd_end(&r));
}

/* What we make, all others open. */
static enum verdict opened_by_all(struct vectors *v, struct kem_case *k, uint32_t sender,
                                  view encoded, view context, view expected_root,
                                  view commit_secret)
{
    DEFER(tree_freep) struct tree *merged = NULL;
    struct update_path update;
    CHECK(update_parse(v, encoded, &update));
    CHECK(outcome(v, tree_clone(k->tree, &merged)));
    CHECK(outcome(v, treekem_merge(v->crypto, merged, sender, false, &update, &k->added, NULL)));
    CHECK(root_hash_check(v, merged, expected_root));
    for (uint32_t i = 0; i < k->member_count; i++)
        if (k->members[i].leaf_index != sender)
            CHECK(member_open(v, k, merged, sender, &update, context, i, commit_secret));
    return ACCEPTED;
}

static enum verdict created_check(struct vectors *v, struct kem_case *k, uint32_t slot)
{
    static const uint8_t seed[RNG_SEED] = {7};
    struct rng rng = rng_from(seed);
    DEFER(tree_freep) struct tree *staged = NULL;
    DEFER(treekem_path_clear) struct treekem_path path = {0};
    DEFER(buf_clear) sotto_buf context = {0};
    DEFER(buf_clear) sotto_buf update = {0};
    uint8_t root[HASH_MAX];
    struct leaf_node leaf;
    uint32_t sender = k->members[slot].leaf_index;
    CHECK(outcome(v, tree_clone(k->tree, &staged)));
    CHECK(outcome(v, tree_leaf_read(k->tree, sender, &leaf)));
    const struct treekem_sender who = {sender, &leaf, k->sign_keys[slot],
                                       field_hex(v, k->json, "group_id")};
    CHECK(outcome(v, treekem_create(v->crypto, staged, &who, &rng, &k->members[slot], &path)));
    CHECK(context_make(v, k, staged, &context));
    CHECK(outcome(
        v, treekem_seal(v->crypto, staged, &path, &k->added, buf_view(&context), &rng, &update)));
    CHECK(outcome(v, tree_root_hash(v->crypto, staged, root)));
    return opened_by_all(v, k, sender, buf_view(&update), buf_view(&context),
                         view_of(root, k->suite->hash_len), secret_view(&path.commit_secret));
}

static enum verdict kem_check(struct vectors *v, struct kem_case *k)
{
    size_t index;
    const json_t *row;
    CHECK(tree_of(v, k->suite, field_hex(v, k->json, "ratchet_tree"), &k->tree));
    CHECK(members_set(v, k));
    json_array_foreach(json_object_get(k->json, "update_paths"), index, row)
    {
        struct update_path update;
        CHECK(update_parse(v, field_hex(v, row, "update_path"), &update));
        CHECK(received_check(v, k, row, (uint32_t)field_number(v, row, "sender"), &update));
    }
    for (uint32_t i = 0; i < k->member_count; i++)
        CHECK(created_check(v, k, i));
    return ACCEPTED;
}

static enum verdict treekem_case(struct vectors *v, const struct mls_suite *suite,
                                 const json_t *json)
{
    struct kem_case *k = (struct kem_case *)(void *)case_memory(v, sizeof *k);
    *k = (struct kem_case){.suite = suite, .json = json};
    enum verdict verdict = kem_check(v, k);
    kem_case_clear(k);
    return verdict;
}

bool mls_treekem_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "ratchet_tree") && field_has(first, "update_paths");
}

void mls_treekem_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, treekem_case);
}
