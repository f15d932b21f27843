/* A ratchet tree as a stranger may send it, and behind it a script of changes, each made on a clone. What was accepted is written
 * as the same bytes; resolutions cover exactly what is there; hashes that were kept are those that a fresh tree computes; a base
 * never changes; memory stays in proportion to what came. */
#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "mls/tree_math.h"

#include "fuzz.h"

#define STEPS       16
#define MEMORY_BASE 16384 /* bytes: a tree of one leaf has a chunk and small tables */
#define MEMORY_RATE \
    400 /* bytes for a byte that came: a blank node is one, and has a place for its hash, and so may as many
                           * again behind it have */

static const uint8_t seed[TREE_SEED] = "no secret: what is fuzzed is not";

static sotto_buf encoding_of(const struct tree *tree)
{
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    tree_write(&w, tree);
    HOLDS(wr_end(&w) == SOTTO_OK);
    return out;
}

static void root_of(sotto_crypto *c, struct tree *tree, uint8_t *out)
{
    HOLDS(tree_root_hash(c, tree, out) == SOTTO_OK);
}

/* A tree that is read anew has the same hash and bytes. */
static void check_read_again(sotto_crypto *c, struct tree *tree)
{
    sotto_buf encoded = encoding_of(tree), again;
    struct tree *fresh = NULL;
    uint8_t one[HASH_MAX], two[HASH_MAX];
    HOLDS(tree_read(tree_suite(tree), seed, buf_view(&encoded), &fresh, NULL) == SOTTO_OK);
    HOLDS(tree_member_count(fresh) == tree_member_count(tree));
    again = encoding_of(fresh);
    HOLDS(view_equal(buf_view(&encoded), buf_view(&again)));
    /* A parent behind the last member makes the fresh tree as large as the one that was sent, and no larger. */
    HOLDS(tree_leaf_count(fresh) <= tree_leaf_count(tree));
    if (tree_leaf_count(fresh) == tree_leaf_count(tree)) {
        root_of(c, tree, one);
        root_of(c, fresh, two);
        HOLDS(memcmp(one, two, tree_suite(tree)->hash_len) == 0);
    }
    buf_clear(&encoded);
    buf_clear(&again);
    tree_free(fresh);
}

/* Every member is covered by the resolution of the root, through itself or a node above it. */
static void check_resolution(const struct tree *tree)
{
    struct tree_list nodes = {0};
    uint32_t root = tree_math_root(tree_leaf_count(tree));
    HOLDS(tree_resolution(tree, root, NULL, &nodes) == SOTTO_OK);
    HOLDS(tree_resolution_is_empty(tree, root) == (nodes.count == 0));
    for (uint32_t at = 0; tree_next_member(tree, &at); at++) {
        bool covered = false;
        for (size_t i = 0; i < nodes.count && !covered; i++)
            covered = tree_math_in_subtree(tree_math_leaf_node(at), nodes.items[i]);
        HOLDS(covered);
    }
    tree_list_clear(&nodes);
}

static void check_keys(const struct tree *tree)
{
    for (uint32_t at = 0; tree_next_member(tree, &at); at++) {
        uint32_t node;
        HOLDS(tree_find_key(tree, TREE_SIGNATURE_KEY,
                            tree_node_key(tree_leaf(tree, at), TREE_SIGNATURE_KEY), UINT32_MAX,
                            &node));
        HOLDS(tree_node(tree, node)->is_leaf);
    }
}

/* Whatever the verdict, each check ends, and all together fail if one does. */
static bool check_checks(sotto_crypto *c, struct tree *tree)
{
    uint8_t root[HASH_MAX];
    struct fault fault = {0};
    root_of(c, tree, root);
    const struct tree_check_context context = {
        .group_id = VIEW_LIT("group"), .tree_hash = view_of(root, tree_suite(tree)->hash_len)};
    sotto_err all = tree_check_all(c, tree, &context, &fault);
    HOLDS((all == SOTTO_OK) == (fault.check == CHECK_NONE));
    HOLDS(all == SOTTO_OK || check_row(fault.check)->err == all);
    for (enum mls_check check = 1; check < CHECK_PATH_LEAF_KEY_NEW; check++)
        if (check != CHECK_LEAF_SOURCE)
            HOLDS(tree_check(c, tree, &context, check, NULL) == SOTTO_OK || all != SOTTO_OK);
    return tree_check(c, tree, &context, CHECK_PARENT_UNMERGED_MEMBER, NULL) == SOTTO_OK &&
           tree_check(c, tree, &context, CHECK_TREE_RIGHT_HALF, NULL) == SOTTO_OK;
}

/* Some leaf of the tree, to be put elsewhere. */
static sotto_buf leaf_from(const struct tree *tree, uint8_t choice)
{
    uint32_t at = choice % tree_leaf_count(tree);
    sotto_buf leaf = {0};
    if (!tree_next_member(tree, &at))
        at = 0;
    if (tree_next_member(tree, &at))
        HOLDS(buf_set(&leaf, tree_node_encoded(tree_leaf(tree, at))) == SOTTO_OK);
    return leaf;
}

static void step_make(struct tree *tree, uint8_t kind, uint8_t where, uint8_t what)
{
    sotto_buf leaf = leaf_from(tree, what);
    uint32_t index = where % tree_leaf_count(tree), members = tree_member_count(tree);
    bool there = tree_leaf(tree, index) != NULL;
    if (leaf.len > 0 && kind % 3 == 0) {
        HOLDS(tree_add(tree, buf_view(&leaf), &index) == SOTTO_OK);
        HOLDS(tree_member_count(tree) == members + 1);
    } else if (leaf.len > 0 && kind % 3 == 1) {
        HOLDS(tree_update(tree, index, buf_view(&leaf)) == (there ? SOTTO_OK : SOTTO_E_NOTFOUND));
        HOLDS(tree_member_count(tree) == members);
    } else if (members > 1) {
        HOLDS(tree_remove(tree, index) == (there ? SOTTO_OK : SOTTO_E_NOTFOUND));
        HOLDS(tree_member_count(tree) == members - there);
    }
    buf_clear(&leaf);
}

/* Every other step leads on; the others are dropped. */
static void script_run(sotto_crypto *c, struct tree **tree, view script)
{
    for (unsigned i = 0; i < STEPS && script.len > 0; i++) {
        uint8_t kind = fuzz_u8(&script), where = fuzz_u8(&script), what = fuzz_u8(&script);
        sotto_buf before = encoding_of(*tree), after;
        struct tree *staged = NULL;
        uint8_t root[HASH_MAX];
        HOLDS(tree_clone(*tree, &staged) == SOTTO_OK);
        step_make(staged, kind, where, what);
        root_of(c, staged, root);
        after = encoding_of(*tree);
        HOLDS(view_equal(buf_view(&before), buf_view(&after)));
        buf_clear(&before);
        buf_clear(&after);
        if (kind & 0x80) {
            tree_free(staged);
            continue;
        }
        tree_free(*tree);
        *tree = staged;
        check_read_again(c, staged);
        check_resolution(staged);
        check_keys(staged);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sotto_crypto *c;
    if (c == NULL)
        HOLDS(crypto_new(&c) == SOTTO_OK);
    uint8_t *copy = fuzz_copy(view_of(data, size));
    struct rd r = rd_of(view_of(copy, size));
    const struct rd start = r;
    (void)rd_opaque(&r, MLS_MESSAGE_MAX);
    view content = rd_since(&r, &start), script = rd_rest(&r);
    struct tree *tree = NULL;
    if (tree_read(mls_suite_find(1), seed, content, &tree, NULL) == SOTTO_OK) {
        sotto_buf encoded = encoding_of(tree);
        HOLDS(view_equal(buf_view(&encoded), content));
        buf_clear(&encoded);
        check_read_again(c, tree);
        check_resolution(tree);
        bool sound = check_checks(c, tree);
        HOLDS(tree_memory(tree) <= MEMORY_BASE + MEMORY_RATE * size);
        if (sound && tree_member_count(tree) > 0)
            script_run(c, &tree, script);
    }
    tree_free(tree);
    free(copy);
    return 0;
}
