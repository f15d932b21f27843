/* grown_group.h - the tree of a group that was added to and has had commits, and that passes every check: what tests of the checks
 * make wrong in one place. */
#ifndef TESTS_UNIT_MLS_GROWN_GROUP_H
#define TESTS_UNIT_MLS_GROWN_GROUP_H

#include "members.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "mls/treekem.h"

#define MEMBERS 11
#define NOW     1500

/* A group of eleven that passes every check: the first seven were there when leaf 2 and leaf 6 sent a path, four more were
 * added later. Each test makes one thing wrong. */
struct group {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    struct tree *tree;
    struct member members[MEMBERS];
    struct tree_check_context context;
    uint8_t tree_hash[HASH_MAX];
    struct required_capabilities required;
};

static inline void group_path(struct group *g, uint32_t leaf)
{
    struct leaf_node profile;
    struct rd r = rd_of(buf_view(&g->members[leaf].leaf));
    leaf_node_read(&r, &profile);
    const struct treekem_sender sender = {leaf, &profile, g->members[leaf].sign_key, GROUP_ID};
    struct treekem_private none = {0};
    struct treekem_path path = {0};
    assert_ok(treekem_create(g->c, g->tree, &sender, &g->rng, &none, &path));
    treekem_path_clear(&path);
}

static inline void group_settle(struct group *g)
{
    assert_ok(tree_root_hash(g->c, g->tree, g->tree_hash));
    g->context.tree_hash = view_of(g->tree_hash, g->suite->hash_len);
}

static inline struct group *group_new(sotto_crypto *c)
{
    uint8_t seed[RNG_SEED] = {77};
    struct group *g = calloc(1, sizeof *g);
    assert_non_null(g);
    *g = (struct group){.c = c, .suite = mls_suite_find(1), .rng = rng_from(seed)};
    g->context = (struct tree_check_context){
        .group_id = GROUP_ID, .now_s = NOW, .lifetime_max_s = 1000, .sending = true};
    assert_ok(tree_new(g->suite, tree_seed, &g->tree));
    for (uint32_t i = 0; i < MEMBERS; i++) {
        uint32_t leaf;
        g->members[i] = member_new(c, g->suite, &g->rng);
        assert_ok(tree_add(g->tree, buf_view(&g->members[i].leaf), &leaf));
        if (i == 6) {
            group_path(g, 2);
            group_path(g, 6);
        }
    }
    group_settle(g);
    assert_ok(tree_check_all(c, g->tree, &g->context, NULL));
    return g;
}

static inline void group_free(struct group *g)
{
    tree_free(g->tree);
    for (uint32_t i = 0; i < MEMBERS; i++)
        member_clear(&g->members[i]);
    free(g);
}

static inline struct profile usual(void)
{
    return profile_usual(mls_suite_find(1));
}

/* Puts a leaf of a member anew, with another profile, at a leaf that is unmerged everywhere above. */
static inline void leaf_with(struct group *g, uint32_t leaf, const struct profile *profile)
{
    member_sign(g->c, &g->members[leaf], profile);
    assert_ok(tree_set_leaf(g->tree, leaf, buf_view(&g->members[leaf].leaf)));
    group_settle(g);
}

/* A leaf with other bytes in a place, signed or not. */
static inline void leaf_changed(struct group *g, void (*change)(struct leaf_node *leaf))
{
    struct leaf_node leaf;
    sotto_buf encoded = {0};
    struct rd r = rd_of(buf_view(&g->members[8].leaf));
    leaf_node_read(&r, &leaf);
    change(&leaf);
    struct wr w = wr_to(&encoded);
    leaf_node_write(&w, &leaf);
    assert_ok(wr_end(&w));
    assert_ok(tree_set_leaf(g->tree, 8, buf_view(&encoded)));
    group_settle(g);
    buf_clear(&encoded);
}

#endif
