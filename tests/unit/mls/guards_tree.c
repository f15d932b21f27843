/* A tree and its leaves: a group that passes every check, changed in one place. */
#include "guards.h"

#include "grown_group.h"
#include "mls/tree_local.h"
#include "mls/tree_math.h"

#define LEAF 8u /* unmerged everywhere above, so that it can be changed without a path */

/* What is changed, and whether all of the tree is looked at, or the one leaf alone. */
struct change {
    void (*make)(struct group *g);
    bool whole;
};

static sotto_err attempt(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    const struct change *change = argument;
    struct group *g = group_new(c);
    change->make(g);
    sotto_err err = change->whole ? tree_check_all(c, g->tree, &g->context, ret_fault)
                                  : tree_check_leaf(c, g->tree, &g->context, LEAF,
                                                    LEAF_NODE_KEY_PACKAGE, ret_fault);
    group_free(g);
    return err;
}

/* A leaf with other content, signed for it. */
static void leaf_rewrite(struct group *g, uint32_t leaf_index,
                         void (*change)(struct group *g, struct leaf_node *leaf))
{
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    DEFER(buf_clear) sotto_buf encoded = {0};
    struct member *member = &g->members[leaf_index];
    struct leaf_node leaf;
    struct rd r = rd_of(buf_view(&member->leaf));
    leaf_node_read(&r, &leaf);
    change(g, &leaf);
    struct wr w = wr_to(&tbs);
    leaf_node_write_tbs(&w, &leaf, GROUP_ID, leaf_index);
    assert_ok(wr_end(&w));
    assert_ok(sign_with_label(g->c, member->sign_key, VIEW_LIT("LeafNodeTBS"), buf_view(&tbs),
                              &signature));
    leaf.signature = buf_view(&signature);
    w = wr_to(&encoded);
    leaf_node_write(&w, &leaf);
    assert_ok(wr_end(&w));
    assert_ok(tree_set_leaf(g->tree, leaf_index, buf_view(&encoded)));
    group_settle(g);
}

/* --- a leaf --- */

static const uint8_t private_use[] = {0xf0, 0x01};
static const uint8_t both_credentials[] = {0, CREDENTIAL_BASIC, 0, CREDENTIAL_X509};

#define LEAF_CHANGE(name, code)                                     \
    static void name##_set(struct group *g, struct leaf_node *leaf) \
    {                                                               \
        (void)g;                                                    \
        code;                                                       \
    }                                                               \
    static void name(struct group *g)                               \
    {                                                               \
        leaf_rewrite(g, LEAF, name##_set);                          \
    }

LEAF_CHANGE(no_version, leaf->capabilities.versions = VIEW_OF(private_use))
LEAF_CHANGE(no_cipher_suite, leaf->capabilities.cipher_suites = VIEW_OF(private_use))
LEAF_CHANGE(own_credential_unlisted,
            leaf->capabilities.credentials = view_of(both_credentials + 2, 2))
LEAF_CHANGE(extension_unlisted, leaf->extensions = VIEW_LIT("\xf0\x01\0"))
LEAF_CHANGE(default_listed, leaf->capabilities.extensions = VIEW_LIT("\0\5"))
LEAF_CHANGE(x509_where_not_all_can, leaf->capabilities.credentials = VIEW_OF(both_credentials);
            leaf->credential = ((struct credential){.credential_type = CREDENTIAL_X509,
                                                    .certificates = VIEW_LIT("\1\x30")}))
LEAF_CHANGE(lifetime_too_long, leaf->lifetime = ((struct lifetime){1000, 2001}))
LEAF_CHANGE(lifetime_over, leaf->lifetime = ((struct lifetime){1000, NOW - 1}))
LEAF_CHANGE(no_encryption_key, leaf->encryption_key.len--)
LEAF_CHANGE(no_signature_key, leaf->signature_key.len--)
LEAF_CHANGE(other_source, leaf->leaf_node_source = LEAF_NODE_UPDATE)
LEAF_CHANGE(encryption_key_of_another, leaf->encryption_key = kem_key_public(g->members[9].kem_key))
LEAF_CHANGE(wire_formats_listed, leaf->capabilities.extensions = VIEW_LIT("\0\7\0\x08");
            leaf->extensions = VIEW_LIT("\0\7\3\2\0\1"))

static void dictionary_listed_set(struct group *g, struct leaf_node *leaf)
{
    (void)g;
    leaf->capabilities.extensions = VIEW_LIT("\0\6");
}

static void required_extension(struct group *g)
{
    g->required = (struct required_capabilities){.extension_types = VIEW_OF(private_use)};
    g->context.required = &g->required;
}

static void required_proposal(struct group *g)
{
    g->required = (struct required_capabilities){.proposal_types = VIEW_OF(private_use)};
    g->context.required = &g->required;
}

static void required_credential(struct group *g)
{
    g->required = (struct required_capabilities){.credential_types = VIEW_OF(private_use)};
    g->context.required = &g->required;
}

static void group_extension(struct group *g)
{
    g->context.extensions = VIEW_LIT("\xf0\x01\0");
}

/* An app_data_dictionary with app_components alone: those that the group requires. */
static void required_component(struct group *g)
{
    g->context.extensions = VIEW_LIT("\0\6\7\6\0\1\3\2\x80\1");
    leaf_rewrite(g, LEAF, dictionary_listed_set);
}

static void required_wire_format(struct group *g)
{
    g->context.extensions = VIEW_LIT("\0\x08\3\2\0\2");
    wire_formats_listed(g);
}

static void x509_set(struct group *g, struct leaf_node *leaf)
{
    x509_where_not_all_can_set(g, leaf);
}

/* Everybody can have basic ones, and one has another. */
static void x509_in_use(struct group *g)
{
    leaf_rewrite(g, 9, x509_set);
}

static void signed_by_another(struct group *g)
{
    sotto_sign_key *own = g->members[LEAF].sign_key;
    struct profile p = usual();
    g->members[LEAF].sign_key = g->members[10].sign_key;
    leaf_with(g, LEAF, &p);
    g->members[LEAF].sign_key = own;
}

static void shorter_name(struct leaf_node *leaf)
{
    leaf->credential.identity.len--;
}

static void unsigned_change(struct group *g)
{
    leaf_changed(g, shorter_name);
}

/* --- a tree --- */

static void other_tree_hash(struct group *g)
{
    g->tree_hash[0] ^= 1;
}

static void right_half_without_members(struct group *g)
{
    struct kem_key *key = fresh_kem_key(g->c, g->suite, &g->rng);
    while (tree_member_count(g->tree) > 8)
        assert_ok(tree_remove(g->tree, tree_member_count(g->tree) - 1));
    assert_ok(tree_store_extend(&g->tree->store));
    assert_ok(tree_set_parent(g->tree, 23, kem_key_public(key), (view){0}));
    group_settle(g);
    kem_key_free(key);
}

static void parent_without_key(struct group *g)
{
    uint8_t shorter[64];
    view key = tree_node_key(tree_node(g->tree, 3), TREE_ENCRYPTION_KEY);
    memcpy(shorter, key.data, key.len);
    assert_ok(tree_set_parent(g->tree, 3, view_of(shorter, key.len - 1), (view){0}));
    group_settle(g);
}

static void parents_with_one_key(struct group *g)
{
    view key = tree_node_key(tree_node(g->tree, 11), TREE_ENCRYPTION_KEY);
    assert_ok(tree_set_parent(g->tree, 3, key, (view){0}));
    group_settle(g);
}

static void unmerge(struct group *g, uint32_t node, uint32_t leaf_index)
{
    struct tree_node *parent = NULL;
    assert_ok(tree_store_edit(&g->tree->store, node, &parent));
    assert_ok(tree_node_unmerge(parent, leaf_index));
    group_settle(g);
}

static void unmerged_elsewhere(struct group *g)
{
    unmerge(g, 11, 3); /* that is above the leaves 4 to 7 */
}

static void merged_between(struct group *g)
{
    unmerge(g, 7, 4); /* but not at 11 */
}

static void sibling_replaced(struct group *g)
{
    struct profile p = usual();
    p.lifetime.not_before++;
    leaf_with(g, 3, &p); /* beside the path of leaf 2 */
}

/* clang-format off */
#define OF_LEAF(name, making) {CHECK_##name, attempt, &(const struct change){making, false}}
#define OF_TREE(name, making) {CHECK_##name, attempt, &(const struct change){making, true}}
/* clang-format on */

static const struct guard_row rows[] = {
    OF_TREE(TREE_HASH, other_tree_hash),
    OF_TREE(TREE_RIGHT_HALF, right_half_without_members),
    OF_LEAF(LEAF_VERSION, no_version),
    OF_LEAF(LEAF_CIPHER_SUITE, no_cipher_suite),
    OF_LEAF(LEAF_CREDENTIAL_LISTED, own_credential_unlisted),
    OF_LEAF(LEAF_EXTENSIONS_LISTED, extension_unlisted),
    OF_LEAF(LEAF_DEFAULTS_UNLISTED, default_listed),
    OF_LEAF(LEAF_REQUIRED_EXTENSIONS, required_extension),
    OF_LEAF(LEAF_REQUIRED_PROPOSALS, required_proposal),
    OF_LEAF(LEAF_REQUIRED_CREDENTIALS, required_credential),
    OF_LEAF(LEAF_GROUP_EXTENSIONS, group_extension),
    OF_LEAF(LEAF_WIRE_FORMATS, required_wire_format),
    OF_LEAF(LEAF_COMPONENTS, required_component),
    OF_LEAF(LEAF_CREDENTIAL_SUPPORTED, x509_where_not_all_can),
    OF_LEAF(LEAF_SUPPORTS_CREDENTIALS, x509_in_use),
    OF_LEAF(LEAF_LIFETIME_RANGE, lifetime_too_long),
    OF_LEAF(LEAF_LIFETIME_NOW, lifetime_over),
    OF_LEAF(LEAF_SOURCE, other_source),
    OF_LEAF(LEAF_ENCRYPTION_KEY, no_encryption_key),
    OF_LEAF(LEAF_SIGNATURE_KEY, no_signature_key),
    OF_TREE(LEAF_SIGNATURE_KEY, no_signature_key),
    OF_LEAF(LEAF_ENCRYPTION_KEY_UNIQUE, encryption_key_of_another),
    OF_LEAF(LEAF_SIGNATURE_KEY_UNIQUE, signed_by_another),
    OF_LEAF(LEAF_SIGNATURE, unsigned_change),
    OF_TREE(LEAF_SIGNATURE, unsigned_change),
    OF_TREE(PARENT_ENCRYPTION_KEY, parent_without_key),
    OF_TREE(PARENT_KEY_UNIQUE, parents_with_one_key),
    OF_TREE(PARENT_UNMERGED_MEMBER, unmerged_elsewhere),
    OF_TREE(PARENT_UNMERGED_BETWEEN, merged_between),
    OF_TREE(PARENT_HASH, sibling_replaced),
};

const struct guard_rows guards_tree = {rows, COUNT_OF(rows)};
