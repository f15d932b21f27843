#include "mls/tree_check.h"

#include "../crypto/handle.h"
#include "grown_group.h"
#include "mls/tree_local.h"
#include "mls/tree_math.h"

static bool is_of_path(enum mls_check check)
{
    return check >= CHECK_PATH_LEAF_KEY_NEW;
}

/* That check and no other fails, alone and among all; `node` is where. */
static void assert_only_fails(struct group *g, enum mls_check wanted, uint32_t node)
{
    struct fault fault = {0};
    for (enum mls_check check = 1; check <= CHECK_PATH_SECRET_LENGTH; check++) {
        fault = (struct fault){0};
        if (is_of_path(check) || check == CHECK_LEAF_SOURCE)
            continue;
        sotto_err err = tree_check(g->c, g->tree, &g->context, check, &fault);
        if (check != wanted) {
            if (err != SOTTO_OK)
                print_error("%s fails, too\n", check_row(check)->name);
            assert_ok(err);
            continue;
        }
        assert_int_equal(err, check_row(wanted)->err);
        assert_int_equal(fault.check, wanted);
        assert_int_equal(fault.where, node);
    }
    assert_int_equal(tree_check_all(g->c, g->tree, &g->context, &fault), check_row(wanted)->err);
    assert_int_equal(fault.check, wanted);
    assert_int_equal(fault.where, node);
}

static void fails_with(sotto_crypto *c, enum mls_check check, const struct profile *profile)
{
    struct group *g = group_new(c);
    leaf_with(g, 8, profile);
    assert_only_fails(g, check, 16);
    struct fault fault = {0};
    assert_int_equal(tree_check_leaf(c, g->tree, &g->context, 8, LEAF_NODE_KEY_PACKAGE, &fault),
                     check_row(check)->err);
    assert_int_equal(fault.check, check);
    group_free(g);
}

static void the_rows_have_numbers_and_sentences(void **state)
{
    (void)state;
    size_t count = 0;
    for (enum mls_check check = 1; check <= CHECK_PATH_SECRET_LENGTH; check++) {
        const struct check_row *row = check_row(check);
        assert_non_null(row);
        assert_non_null(row->name);
        assert_true(strlen(row->sentence) > 10 && strlen(row->section) > 0);
        assert_int_not_equal(row->err, SOTTO_OK);
        count++;
    }
    assert_int_equal(count, 33);
    assert_null(check_row(CHECK_NONE));
    assert_null(check_row(CHECK_END));
}

static void checks_of_a_path_are_no_checks_of_a_tree(void **state)
{
    struct group *g = group_new(*state);
    for (enum mls_check check = CHECK_PATH_LEAF_KEY_NEW; check <= CHECK_PATH_SECRET_LENGTH + 1;
         check++)
        assert_err(tree_check(g->c, g->tree, &g->context, check, NULL), USAGE);
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_LEAF_SOURCE, NULL), USAGE);
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_NONE, NULL), USAGE);
    group_free(g);
}

static void the_tree_hash_is_that_of_the_group_context(void **state)
{
    struct group *g = group_new(*state);
    g->tree_hash[3] ^= 1;
    assert_only_fails(g, CHECK_TREE_HASH, 15);
    g->tree_hash[3] ^= 1;
    g->context.tree_hash.len--;
    assert_only_fails(g, CHECK_TREE_HASH, 15);
    g->context.tree_hash = (view){0};
    assert_only_fails(g, CHECK_TREE_HASH, 15);
    group_free(g);
}

/* A parent stands where no member is: such a tree can come over the wire. */
static void a_tree_is_no_larger_than_it_needs_to_be(void **state)
{
    struct group *g = group_new(*state);
    struct kem_key *key = fresh_kem_key(g->c, g->suite, &g->rng);
    struct fault fault = {0};
    while (tree_member_count(g->tree) > 8)
        assert_ok(tree_remove(g->tree, tree_member_count(g->tree) - 1));
    assert_int_equal(tree_leaf_count(g->tree), 8);
    assert_ok(tree_store_extend(&g->tree->store));
    assert_ok(tree_set_parent(g->tree, 23, kem_key_public(key), (view){0}));
    group_settle(g);
    assert_int_equal(tree_check(g->c, g->tree, &g->context, CHECK_TREE_RIGHT_HALF, &fault),
                     SOTTO_E_VALUE);
    assert_int_equal(fault.check, CHECK_TREE_RIGHT_HALF);
    assert_int_equal(tree_check_all(g->c, g->tree, &g->context, &fault), SOTTO_E_VALUE);
    assert_int_equal(fault.check, CHECK_TREE_RIGHT_HALF);
    kem_key_free(key);
    group_free(g);
}

static void a_leaf_lists_version_and_cipher_suite(void **state)
{
    static const uint8_t other[] = {0x0a, 0x0a, 0x00, 0x02};
    struct profile p = usual();
    p.versions = VIEW_OF(other);
    fails_with(*state, CHECK_LEAF_VERSION, &p);
    p = usual();
    p.cipher_suites = VIEW_OF(other);
    fails_with(*state, CHECK_LEAF_CIPHER_SUITE, &p);
}

/* A leaf that does not list its own type fails for all three rules about credentials: the first is named. */
static void a_leaf_lists_its_own_credential(void **state)
{
    static const uint8_t x509[] = {0, CREDENTIAL_X509};
    struct group *g = group_new(*state);
    struct profile p = usual();
    struct fault fault = {0};
    p.credentials = VIEW_OF(x509);
    leaf_with(g, 8, &p);
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_LEAF_CREDENTIAL_LISTED, &fault), VALUE);
    assert_int_equal(fault.where, 16);
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_LEAF_SUPPORTS_CREDENTIALS, &fault),
               VALUE);
    assert_int_equal(fault.where, 16);
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_LEAF_CREDENTIAL_SUPPORTED, &fault),
               VALUE);
    assert_int_equal(fault.where, 0); /* all leaves have a type that one does not support */
    group_free(g);
}

/* Leaf 8 has another type of credential, which it lists, and nobody else does. */
static void a_leaf_has_a_credential_that_all_support(void **state)
{
    struct group *g = group_new(*state);
    static const uint8_t both[] = {0, CREDENTIAL_BASIC, 0, CREDENTIAL_X509};
    static const uint8_t certificate[] = {1, 0x30};
    struct profile p = usual();
    struct leaf_node leaf;
    sotto_buf encoded = {0};
    struct fault fault = {0};
    p.credentials = VIEW_OF(both);
    member_sign(g->c, &g->members[8], &p);
    struct rd r = rd_of(buf_view(&g->members[8].leaf));
    leaf_node_read(&r, &leaf);
    leaf.credential = (struct credential){.credential_type = CREDENTIAL_X509,
                                          .certificates = VIEW_OF(certificate)};
    struct wr w = wr_to(&encoded);
    leaf_node_write(&w, &leaf);
    assert_ok(wr_end(&w));
    assert_ok(tree_set_leaf(g->tree, 8, buf_view(&encoded)));
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_LEAF_CREDENTIAL_SUPPORTED, &fault),
               VALUE);
    assert_int_equal(fault.where, 16);
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_LEAF_SUPPORTS_CREDENTIALS, &fault),
               VALUE);
    assert_int_equal(fault.where, 0);
    assert_ok(tree_check(g->c, g->tree, &g->context, CHECK_LEAF_CREDENTIAL_LISTED, &fault));
    buf_clear(&encoded);
    group_free(g);
}

static void a_leaf_lists_the_types_of_its_extensions(void **state)
{
    static const uint8_t private_use[] = {0xf0, 0x01, 0}, application_id[] = {0, 1, 3, 2, 'i', 'd'};
    static const uint8_t listed[] = {0xf0, 0x01};
    struct profile p = usual();
    p.leaf_extensions = VIEW_OF(private_use);
    fails_with(*state, CHECK_LEAF_EXTENSIONS_LISTED, &p);
    struct group *g = group_new(*state);
    p.extensions = VIEW_OF(listed);
    leaf_with(g, 8, &p);
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    p = usual();
    p.leaf_extensions = VIEW_OF(application_id);
    leaf_with(g, 8, &p);
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    group_free(g);
}

static void a_leaf_lists_no_default_types(void **state)
{
    static const uint8_t edges[][2] = {{0, 1}, {0, 5}, {0, 7}}, spare[] = {0, 8, 0, 6, 0x1a, 0x1a};
    struct profile p = usual();
    for (size_t i = 0; i < 2; i++) {
        p.extensions = VIEW_OF(edges[i]);
        fails_with(*state, CHECK_LEAF_DEFAULTS_UNLISTED, &p);
    }
    p = usual();
    p.proposals = VIEW_OF(edges[0]);
    fails_with(*state, CHECK_LEAF_DEFAULTS_UNLISTED, &p);
    p.proposals = VIEW_OF(edges[2]);
    fails_with(*state, CHECK_LEAF_DEFAULTS_UNLISTED, &p);
    struct group *g = group_new(*state);
    p.extensions = VIEW_OF(spare);
    p.proposals = VIEW_OF(spare);
    p.proposals.len = 2;
    leaf_with(g, 8, &p);
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    group_free(g);
}

static void a_leaf_supports_what_the_group_requires(void **state)
{
    static const uint8_t type[] = {0xf0, 0x01}, defaults[] = {0, 1, 0, 5}, basic[] = {0, 1};
    struct group *g = group_new(*state);
    g->required =
        (struct required_capabilities){VIEW_OF(defaults), VIEW_OF(defaults), VIEW_OF(basic)};
    g->context.required = &g->required;
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    view *lists[] = {&g->required.extension_types, &g->required.proposal_types,
                     &g->required.credential_types};
    for (unsigned i = 0; i < 3; i++) {
        view before = *lists[i];
        *lists[i] = VIEW_OF(type);
        assert_only_fails(g, CHECK_LEAF_REQUIRED_EXTENSIONS + i, 0);
        *lists[i] = before;
    }
    group_free(g);
}

static void a_lifetime_is_not_too_long_and_not_over(void **state)
{
    struct profile p = usual();
    p.lifetime = (struct lifetime){1000, 2001};
    fails_with(*state, CHECK_LEAF_LIFETIME_RANGE, &p);
    p.lifetime = (struct lifetime){0, UINT64_MAX};
    fails_with(*state, CHECK_LEAF_LIFETIME_RANGE, &p);
    p.lifetime = (struct lifetime){1000, NOW - 1};
    fails_with(*state, CHECK_LEAF_LIFETIME_NOW, &p);
    p.lifetime = (struct lifetime){NOW + 1, 2000};
    fails_with(*state, CHECK_LEAF_LIFETIME_NOW, &p);
    struct group *g = group_new(*state);
    g->context.now_s = 0;
    g->context.lifetime_max_s = 0;
    p.lifetime = (struct lifetime){0, UINT64_MAX};
    leaf_with(g, 8, &p);
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    p.lifetime = (struct lifetime){2, 1};
    leaf_with(g, 8, &p);
    assert_only_fails(g, CHECK_LEAF_LIFETIME_RANGE, 16);
    group_free(g);
}

static void a_leaf_comes_from_where_its_place_says(void **state)
{
    struct group *g = group_new(*state);
    struct fault fault = {0};
    assert_ok(tree_check_leaf(g->c, g->tree, &g->context, 8, LEAF_NODE_KEY_PACKAGE, &fault));
    assert_ok(tree_check_leaf(g->c, g->tree, &g->context, 2, LEAF_NODE_COMMIT, &fault));
    assert_err(tree_check_leaf(g->c, g->tree, &g->context, 8, LEAF_NODE_UPDATE, &fault), VALUE);
    assert_int_equal(fault.check, CHECK_LEAF_SOURCE);
    assert_err(tree_check_leaf(g->c, g->tree, &g->context, 2, LEAF_NODE_KEY_PACKAGE, &fault),
               VALUE);
    assert_err(tree_check_leaf(g->c, g->tree, &g->context, 11, LEAF_NODE_UPDATE, &fault), NOTFOUND);
    assert_err(tree_check_leaf(g->c, g->tree, &g->context, 99, LEAF_NODE_UPDATE, &fault), NOTFOUND);
    group_free(g);
}

static void shorten_encryption_key(struct leaf_node *leaf)
{
    leaf->encryption_key.len--;
}

static void shorten_signature_key(struct leaf_node *leaf)
{
    leaf->signature_key.len--;
}

static void change_credential(struct leaf_node *leaf)
{
    leaf->credential.identity.len--;
}

static void drop_signature(struct leaf_node *leaf)
{
    leaf->signature.len = 0;
}

static void assert_fails_at(struct group *g, enum mls_check check, uint32_t node)
{
    struct fault fault = {0};
    assert_int_equal(tree_check(g->c, g->tree, &g->context, check, &fault), check_row(check)->err);
    assert_int_equal(fault.check, check);
    assert_int_equal(fault.where, node);
}

static void keys_are_keys(void **state)
{
    struct group *g = group_new(*state);
    struct fault fault = {0};
    leaf_changed(g, shorten_encryption_key);
    assert_fails_at(g, CHECK_LEAF_ENCRYPTION_KEY, 16);
    leaf_changed(g, shorten_signature_key);
    assert_fails_at(g, CHECK_LEAF_SIGNATURE_KEY, 16);
    assert_err(tree_check_all(g->c, g->tree, &g->context, &fault), KEY);
    assert_int_equal(fault.check, CHECK_LEAF_SIGNATURE_KEY);
    group_free(g);
    g = group_new(*state);
    view key = tree_node_key(tree_node(g->tree, 3), TREE_ENCRYPTION_KEY);
    uint8_t shorter[64];
    memcpy(shorter, key.data, key.len);
    assert_ok(tree_set_parent(g->tree, 3, view_of(shorter, key.len - 1), (view){0}));
    assert_fails_at(g, CHECK_PARENT_ENCRYPTION_KEY, 3);
    group_free(g);
}

static void signatures_are_made_for_leaf_group_and_place(void **state)
{
    struct group *g = group_new(*state);
    leaf_changed(g, change_credential);
    assert_only_fails(g, CHECK_LEAF_SIGNATURE, 16);
    leaf_changed(g, drop_signature);
    assert_only_fails(g, CHECK_LEAF_SIGNATURE, 16);
    group_free(g);
    g = group_new(*state);
    g->context.group_id = VIEW_LIT("another group"); /* what came with a commit names its group */
    assert_only_fails(g, CHECK_LEAF_SIGNATURE, 4);
    g->context.group_id = GROUP_ID;
    struct profile p = usual();
    p.source = LEAF_NODE_UPDATE;
    p.leaf_index = 9;
    leaf_with(g, 8, &p);
    assert_only_fails(g, CHECK_LEAF_SIGNATURE, 16);
    p.leaf_index = 8;
    leaf_with(g, 8, &p);
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    group_free(g);
}

static void no_two_leaves_share_a_key(void **state)
{
    struct group *g = group_new(*state);
    struct profile p = usual();
    struct kem_key *own = g->members[8].kem_key;
    g->members[8].kem_key = g->members[9].kem_key;
    leaf_with(g, 8, &p);
    assert_only_fails(g, CHECK_LEAF_ENCRYPTION_KEY_UNIQUE, 16);
    g->members[8].kem_key = own;
    sotto_sign_key *sign_key = g->members[8].sign_key;
    g->members[8].sign_key = g->members[10].sign_key;
    leaf_with(g, 8, &p);
    assert_only_fails(g, CHECK_LEAF_SIGNATURE_KEY_UNIQUE, 16);
    g->members[8].sign_key = sign_key;
    group_free(g);
}

static void parent_change(struct group *g, uint32_t node, struct tree_node **ret_parent)
{
    assert_ok(tree_store_edit(&g->tree->store, node, ret_parent));
}

static void no_parent_has_the_key_of_another_node(void **state)
{
    struct group *g = group_new(*state);
    view key = tree_node_key(tree_node(g->tree, 11), TREE_ENCRYPTION_KEY);
    assert_ok(tree_set_parent(g->tree, 3, key, (view){0}));
    assert_fails_at(g, CHECK_PARENT_KEY_UNIQUE, 3);
    key = tree_node_key(tree_leaf(g->tree, 0), TREE_ENCRYPTION_KEY);
    assert_ok(tree_set_parent(g->tree, 3, key, (view){0}));
    assert_fails_at(g, CHECK_PARENT_KEY_UNIQUE, 3);
    assert_fails_at(g, CHECK_LEAF_ENCRYPTION_KEY_UNIQUE, 0);
    group_free(g);
}

static void unmerged_leaves_are_members_below(void **state)
{
    struct group *g = group_new(*state);
    struct tree_node *parent = NULL;
    parent_change(g, 11, &parent); /* above the leaves 4 to 7 */
    assert_ok(tree_node_unmerge(parent, 3));
    assert_fails_at(g, CHECK_PARENT_UNMERGED_MEMBER, 11);
    group_free(g);
    g = group_new(*state);
    assert_ok(tree_set_parent(
        g->tree, 15, tree_node_key(tree_node(g->tree, 7), TREE_ENCRYPTION_KEY), (view){0}));
    parent_change(g, 15, &parent);
    assert_ok(tree_node_unmerge(parent, 12)); /* blank */
    assert_fails_at(g, CHECK_PARENT_UNMERGED_MEMBER, 15);
    group_free(g);
}

static void what_is_unmerged_above_is_unmerged_between(void **state)
{
    struct group *g = group_new(*state);
    struct tree_node *parent = NULL;
    assert_non_null(tree_node(g->tree, 7)); /* above all of 0 to 7, and 11 between */
    assert_int_equal(tree_node(g->tree, 7)->unmerged_count, 1);
    assert_int_equal(tree_node(g->tree, 11)->unmerged[0], 7);
    parent_change(g, 7, &parent);
    assert_ok(tree_node_unmerge(parent, 4));
    assert_fails_at(g, CHECK_PARENT_UNMERGED_BETWEEN, 7);
    assert_fails_at(g, CHECK_PARENT_HASH, 7); /* on the side of the path, where no hash covers it */
    assert_ok(tree_check(g->c, g->tree, &g->context, CHECK_PARENT_UNMERGED_MEMBER, NULL));
    group_free(g);
}

/* Everything that a parent hash covers: changed, exactly that check fails. */
static void parents_are_bound_by_parent_hashes(void **state)
{
    struct group *g = group_new(*state);
    struct tree_node *parent = NULL;
    struct kem_key *other = fresh_kem_key(g->c, g->suite, &g->rng);
    struct tree *right = g->tree;
    for (uint32_t node = 1; node < tree_node_count(right); node += 2) {
        if (tree_node(right, node) == NULL)
            continue;
        uint8_t hash[HASH_MAX];
        view old = tree_node_parent_hash(tree_node(right, node));
        memcpy(hash, old.data, old.len);
        assert_ok(tree_clone(right, &g->tree)); /* another key */
        assert_ok(tree_set_parent(g->tree, node, kem_key_public(other), view_of(hash, old.len)));
        assert_err(tree_check(g->c, g->tree, &g->context, CHECK_PARENT_HASH, NULL), VALUE);
        tree_free(g->tree);
        assert_ok(tree_clone(right, &g->tree)); /* another parent hash: an empty one */
        assert_ok(tree_set_parent(g->tree, node,
                                  tree_node_key(tree_node(right, node), TREE_ENCRYPTION_KEY),
                                  old.len > 0 ? (view){0} : VIEW_LIT("x")));
        assert_err(tree_check(g->c, g->tree, &g->context, CHECK_PARENT_HASH, NULL), VALUE);
        tree_free(g->tree);
    }
    assert_ok(tree_clone(right, &g->tree)); /* a leaf that is said to be unmerged, and is not */
    parent_change(g, 11, &parent);
    assert_ok(tree_node_unmerge(parent, 5));
    group_settle(g);
    assert_err(tree_check(g->c, g->tree, &g->context, CHECK_PARENT_HASH, NULL), VALUE);
    tree_free(g->tree);
    g->tree = right;
    group_settle(g);
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    kem_key_free(other);
    group_free(g);
}

/* A sibling that was replaced without a path: the hash of its subtree is no longer the one that was signed. */
static void a_sibling_that_changed_unbinds_its_parent(void **state)
{
    struct group *g = group_new(*state);
    struct profile p = usual();
    p.lifetime.not_before++;
    leaf_with(g, 3, &p); /* beside the path of leaf 2 */
    assert_fails_at(g, CHECK_PARENT_HASH, 5);
    group_free(g);
}

/* --- jobs --- */

struct backwards {
    sotto_crypto *c;
    uint32_t count, skip;
};

static void run_backwards(void *context, tree_job *job, void *work, uint32_t count)
{
    struct backwards *b = context;
    b->count = count;
    for (uint32_t i = count; i > 0; i--)
        if (i - 1 != b->skip)
            job(work, b->c, i - 1);
}

static void signatures_may_be_verified_elsewhere(void **state)
{
    struct group *g = group_new(*state);
    struct backwards b = {g->c, 0, UINT32_MAX};
    const struct tree_spread spread = {run_backwards, &b};
    struct fault fault = {0};
    g->context.spread = &spread;
    assert_ok(tree_check_all(g->c, g->tree, &g->context, NULL));
    assert_int_equal(b.count, MEMBERS);
    b.skip = 4; /* a job that is not done is no signature */
    assert_err(tree_check_all(g->c, g->tree, &g->context, &fault), CRYPTO);
    assert_int_equal(fault.check, CHECK_NONE);
    b.skip = UINT32_MAX;
    leaf_changed(g, change_credential);
    assert_only_fails(g, CHECK_LEAF_SIGNATURE, 16);
    group_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_have_numbers_and_sentences),
        cmocka_unit_test(checks_of_a_path_are_no_checks_of_a_tree),
        cmocka_unit_test(the_tree_hash_is_that_of_the_group_context),
        cmocka_unit_test(a_tree_is_no_larger_than_it_needs_to_be),
        cmocka_unit_test(a_leaf_lists_version_and_cipher_suite),
        cmocka_unit_test(a_leaf_lists_its_own_credential),
        cmocka_unit_test(a_leaf_has_a_credential_that_all_support),
        cmocka_unit_test(a_leaf_lists_the_types_of_its_extensions),
        cmocka_unit_test(a_leaf_lists_no_default_types),
        cmocka_unit_test(a_leaf_supports_what_the_group_requires),
        cmocka_unit_test(a_lifetime_is_not_too_long_and_not_over),
        cmocka_unit_test(a_leaf_comes_from_where_its_place_says),
        cmocka_unit_test(keys_are_keys),
        cmocka_unit_test(signatures_are_made_for_leaf_group_and_place),
        cmocka_unit_test(no_two_leaves_share_a_key),
        cmocka_unit_test(no_parent_has_the_key_of_another_node),
        cmocka_unit_test(unmerged_leaves_are_members_below),
        cmocka_unit_test(what_is_unmerged_above_is_unmerged_between),
        cmocka_unit_test(parents_are_bound_by_parent_hashes),
        cmocka_unit_test(a_sibling_that_changed_unbinds_its_parent),
        cmocka_unit_test(signatures_may_be_verified_elsewhere),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
