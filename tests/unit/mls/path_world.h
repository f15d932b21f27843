/* path_world.h - members who live through epochs, each with its own private keys over one public tree, and a commit on its way that
 * tests make wrong in one place. */
#ifndef TESTS_UNIT_MLS_PATH_WORLD_H
#define TESTS_UNIT_MLS_PATH_WORLD_H

#include "members.h"
#include "mls/tree_hash.h"
#include "mls/tree_math.h"
#include "mls/treekem.h"

#define PARTIES 40

/* One member as it sees the group: its own private keys. The public tree is the same for all. */
struct party {
    bool in;
    struct member member;
    struct treekem_private keys;
};

struct world {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    struct tree *tree;
    struct party parties[PARTIES];
};

static inline struct world *world_new(sotto_crypto *c, uint16_t suite, uint8_t seed)
{
    uint8_t bytes[RNG_SEED] = {seed};
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->c = c;
    w->suite = mls_suite_find(suite);
    w->rng = rng_from(bytes);
    assert_ok(tree_new(w->suite, tree_seed, &w->tree));
    return w;
}

static inline void world_free(struct world *w)
{
    tree_free(w->tree);
    for (size_t i = 0; i < PARTIES; i++) {
        treekem_private_clear(&w->parties[i].keys);
        member_clear(&w->parties[i].member);
    }
    free(w);
}

static inline struct party *party_new(struct world *w)
{
    for (size_t i = 0; i < PARTIES; i++)
        if (!w->parties[i].in) {
            struct party *p = &w->parties[i];
            treekem_private_clear(&p->keys);
            member_clear(&p->member);
            p->member = member_new(w->c, w->suite, &w->rng);
            p->in = true;
            return p;
        }
    return NULL;
}

static inline struct party *party_at(struct world *w, uint32_t leaf_index)
{
    for (size_t i = 0; i < PARTIES; i++)
        if (w->parties[i].in && w->parties[i].keys.keys[0] != NULL &&
            w->parties[i].keys.leaf_index == leaf_index)
            return &w->parties[i];
    return NULL;
}

static inline void party_enter(struct party *p, uint32_t leaf_index)
{
    assert_ok(treekem_private_new(leaf_index, MOVE(p->member.kem_key), &p->keys));
}

static inline void world_add(struct world *w, struct tree *tree, struct tree_list *added)
{
    struct party *p = party_new(w);
    uint32_t leaf;
    if (p == NULL)
        return;
    assert_ok(tree_add(tree, buf_view(&p->member.leaf), &leaf));
    party_enter(p, leaf);
    if (added != NULL)
        assert_ok(tree_list_add(added, leaf));
}

/* Anybody but the committer. */
static inline struct party *other_member(struct world *w, uint32_t committer)
{
    struct party *p = party_at(w, rng_below(&w->rng, tree_leaf_count(w->tree)));
    return p != NULL && p->keys.leaf_index != committer ? p : NULL;
}

/* An Update proposal that is committed by somebody else. */
static inline void world_update(struct world *w, struct tree *tree, uint32_t committer)
{
    struct party *p = other_member(w, committer);
    if (p == NULL)
        return;
    struct profile profile = profile_usual(w->suite);
    profile.source = LEAF_NODE_UPDATE;
    profile.leaf_index = p->keys.leaf_index;
    kem_key_free(p->member.kem_key); /* of one who joined by commit */
    p->member.kem_key = fresh_kem_key(w->c, w->suite, &w->rng);
    member_sign(w->c, &p->member, &profile);
    assert_ok(tree_update(tree, p->keys.leaf_index, buf_view(&p->member.leaf)));
    assert_ok(treekem_private_set(&p->keys, tree_math_leaf_node(p->keys.leaf_index),
                                  MOVE(p->member.kem_key)));
}

static inline void world_remove(struct world *w, struct tree *tree, uint32_t committer)
{
    struct party *p = other_member(w, committer);
    if (p == NULL || tree_leaf(tree, p->keys.leaf_index) == NULL)
        return;
    assert_ok(tree_remove(tree, p->keys.leaf_index));
    treekem_private_clear(&p->keys);
    member_clear(&p->member);
    p->in = false;
}

/* A commit on its way: what the committer made of it. */
struct sent {
    uint32_t sender;
    bool external;
    struct tree_list added;
    struct tree *proposed; /* the tree with the proposals, before the path */
    struct tree *staged;   /* the committer's */
    struct treekem_path path;
    sotto_buf update;
    uint8_t context[HASH_MAX]; /* the tree hash stands for the GroupContext */
    size_t context_len;
};

static inline void sent_clear(struct sent *s)
{
    tree_list_clear(&s->added);
    tree_free(s->proposed);
    tree_free(s->staged);
    treekem_path_clear(&s->path);
    buf_clear(&s->update);
}

static inline view sent_context(const struct sent *s)
{
    return view_of(s->context, s->context_len);
}

/* `committer` makes the path for what s->proposed holds. */
static inline void commit_send(struct world *w, struct party *committer, struct sent *s)
{
    struct leaf_node leaf;
    struct rd r = rd_of(buf_view(&committer->member.leaf));
    leaf_node_read(&r, &leaf);
    assert_ok(rd_end(&r));
    const struct treekem_sender sender = {s->sender, &leaf, committer->member.sign_key, GROUP_ID};
    assert_ok(tree_clone(s->proposed, &s->staged));
    assert_ok(treekem_create(w->c, s->staged, &sender, &w->rng, &committer->keys, &s->path));
    assert_ok(tree_root_hash(w->c, s->staged, s->context));
    s->context_len = w->suite->hash_len;
    assert_ok(
        treekem_seal(w->c, s->staged, &s->path, &s->added, sent_context(s), &w->rng, &s->update));
}

static inline struct update_path update_of(view bytes)
{
    struct update_path update;
    struct rd r = rd_of(bytes);
    update_path_read(&r, &update);
    assert_ok(rd_end(&r));
    return update;
}

static inline bool list_has(const struct tree_list *list, uint32_t number)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == number)
            return true;
    return false;
}

/* The tree invariant, both ways: a member has the key of each non-blank node above it but where it is unmerged. */
static inline void assert_keys_of_member(const struct tree *tree,
                                         const struct treekem_private *keys)
{
    uint32_t root = tree_math_root(tree_leaf_count(tree));
    for (uint32_t at = tree_math_leaf_node(keys->leaf_index);; at = tree_math_parent(at)) {
        const struct tree_node *node = tree_node(tree, at);
        const struct kem_key *key = treekem_private_find(keys, at);
        bool expected = node != NULL;
        for (uint32_t i = 0; node != NULL && i < node->unmerged_count; i++)
            expected &= node->unmerged[i] != keys->leaf_index;
        assert_int_equal(key != NULL, expected);
        if (key != NULL)
            assert_true(view_equal(kem_key_public(key), tree_node_key(node, TREE_ENCRYPTION_KEY)));
        if (at == root)
            return;
    }
}

static inline void member_receive(struct world *w, struct party *p, const struct sent *s,
                                  const struct tree *merged)
{
    struct update_path update = update_of(buf_view(&s->update));
    struct treekem_private after = {0};
    struct secret commit_secret = {0};
    if (list_has(&s->added, p->keys.leaf_index)) {
        const struct secret *secret = treekem_path_secret(&s->path, p->keys.leaf_index);
        assert_non_null(secret);
        uint32_t ancestor = tree_math_common_ancestor(tree_math_leaf_node(p->keys.leaf_index),
                                                      tree_math_leaf_node(s->sender));
        assert_err(treekem_open(w->c, merged, s->sender, &update, &s->added, sent_context(s),
                                &p->keys, &after, &commit_secret, NULL),
                   NOTFOUND);
        assert_ok(treekem_private_set_path(w->c, merged, &p->keys, ancestor, secret, NULL));
        return;
    }
    assert_ok(treekem_open(w->c, merged, s->sender, &update, &s->added, sent_context(s), &p->keys,
                           &after, &commit_secret, NULL));
    assert_true(secret_equal(&commit_secret, &s->path.commit_secret));
    treekem_private_clear(&p->keys);
    p->keys = after;
}

static inline void assert_all_checks(struct world *w, struct tree *tree, const struct sent *s)
{
    struct fault fault = {0};
    const struct tree_check_context context = {
        .group_id = GROUP_ID, .tree_hash = sent_context(s), .now_s = 1500, .lifetime_max_s = 1000};
    assert_ok(tree_check_all(w->c, tree, &context, &fault));
    assert_ok(tree_check_leaf(w->c, tree, &context, s->sender, LEAF_NODE_COMMIT, &fault));
    assert_int_equal(fault.check, CHECK_NONE);
}

/* All merge, open, and go to the next epoch. */
static inline void commit_receive(struct world *w, struct party *committer, struct sent *s)
{
    struct update_path update = update_of(buf_view(&s->update));
    struct tree *merged = NULL;
    uint8_t root[HASH_MAX];
    assert_ok(tree_clone(s->proposed, &merged));
    assert_ok(treekem_merge(w->c, merged, s->sender, s->external, &update, &s->added, NULL));
    assert_ok(tree_root_hash(w->c, merged, root));
    assert_memory_equal(root, s->context, s->context_len);
    for (size_t i = 0; i < PARTIES; i++)
        if (w->parties[i].in && &w->parties[i] != committer)
            member_receive(w, &w->parties[i], s, merged);
    treekem_private_clear(&committer->keys);
    treekem_private_copy(&s->path.keys, &committer->keys);
    assert_all_checks(w, merged, s);
    for (size_t i = 0; i < PARTIES; i++)
        if (w->parties[i].in)
            assert_keys_of_member(merged, &w->parties[i].keys);
    tree_free(w->tree);
    w->tree = merged;
}

static inline void epoch_of_member(struct world *w, struct party *committer, unsigned adds,
                                   unsigned updates, unsigned removes)
{
    struct sent s = {.sender = committer->keys.leaf_index};
    assert_ok(tree_clone(w->tree, &s.proposed));
    for (unsigned i = 0; i < updates; i++)
        world_update(w, s.proposed, s.sender);
    for (unsigned i = 0; i < removes; i++)
        world_remove(w, s.proposed, s.sender);
    for (unsigned i = 0; i < adds; i++)
        world_add(w, s.proposed, &s.added);
    commit_send(w, committer, &s);
    commit_receive(w, committer, &s);
    sent_clear(&s);
}

/* One who joins by an external commit. */
static inline void epoch_of_stranger(struct world *w)
{
    struct party *joiner = party_new(w);
    struct sent s = {.external = true};
    if (joiner == NULL)
        return;
    assert_ok(tree_clone(w->tree, &s.proposed));
    assert_ok(tree_blank_leaf(s.proposed, &s.sender));
    joiner->keys.leaf_index = s.sender;
    commit_send(w, joiner, &s);
    commit_receive(w, joiner, &s);
    sent_clear(&s);
}

static inline struct party *any_member(struct world *w)
{
    for (;;) {
        struct party *p = party_at(w, rng_below(&w->rng, tree_leaf_count(w->tree)));
        if (p != NULL)
            return p;
    }
}

static inline void found(struct world *w)
{
    world_add(w, w->tree, NULL);
    epoch_of_member(w, party_at(w, 0), 0, 0, 0); /* alone: with an empty path */
}

static inline void live(struct world *w, unsigned epochs)
{
    found(w);
    epoch_of_member(w, party_at(w, 0), 6, 0, 0);
    for (unsigned i = 0; i < epochs; i++) {
        if (rng_below(&w->rng, 8) == 0)
            epoch_of_stranger(w);
        else
            epoch_of_member(w, any_member(w), rng_below(&w->rng, 4), rng_below(&w->rng, 3),
                            rng_below(&w->rng, 3));
    }
}

/* A group of nine with a commit by leaf 2 that adds one; each test changes it. */
struct refusal {
    struct world *w;
    struct sent s;
    struct update_path update;
    struct update_path_node nodes[TREE_DEPTH];
    size_t count;
    sotto_buf rewritten; /* all of it, with other nodes */
};

static inline void refusal_init(sotto_crypto *c, struct refusal *f)
{
    *f = (struct refusal){.w = world_new(c, 1, 30)};
    found(f->w);
    epoch_of_member(f->w, party_at(f->w, 0), 8, 0, 0);
    epoch_of_member(f->w, party_at(f->w, 7), 0, 0, 0);
    f->s.sender = 2;
    assert_ok(tree_clone(f->w->tree, &f->s.proposed));
    world_add(f->w, f->s.proposed, &f->s.added);
    commit_send(f->w, party_at(f->w, 2), &f->s);
    f->update = update_of(buf_view(&f->s.update));
    for (struct rd at = rd_of(f->update.nodes); rd_more(&at);)
        update_path_node_read(&at, &f->nodes[f->count++]);
    assert_int_equal(f->count, 4);
}

static inline void refusal_clear(struct refusal *f)
{
    sent_clear(&f->s);
    world_free(f->w);
    buf_clear(&f->rewritten);
}

/* The leaf stays what the test has made of it. */
static inline void refusal_rewrite(struct refusal *f)
{
    sotto_buf encoded = {0};
    struct wr w = wr_to(&encoded);
    wr_bytes(&w, f->update.leaf_node.encoded);
    size_t mark = wr_vector_begin(&w);
    for (size_t i = 0; i < f->count; i++)
        update_path_node_write(&w, &f->nodes[i]);
    wr_vector_end(&w, mark);
    assert_ok(wr_end(&w));
    struct leaf_node leaf = f->update.leaf_node;
    f->update = update_of(buf_view(&encoded));
    f->update.leaf_node = leaf;
    buf_clear(&f->rewritten);
    f->rewritten = encoded;
}

static inline sotto_err open_as(struct refusal *f, uint32_t leaf, const struct tree *merged,
                                view context, struct fault *fault)
{
    struct treekem_private after = {0};
    struct secret commit_secret = {0};
    sotto_err err = treekem_open(f->w->c, merged, 2, &f->update, &f->s.added, context,
                                 &party_at(f->w, leaf)->keys, &after, &commit_secret, fault);
    treekem_private_clear(&after);
    assert_int_equal(commit_secret.len > 0, err == SOTTO_OK);
    return err;
}

#endif
