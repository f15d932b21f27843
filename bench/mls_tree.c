/* The ratchet tree and TreeKEM of a large group, beside their floor: the same number of primitive calls through the same layer
 * (crypto/), with nothing around them. What our layer costs over the bare libraries is shown by `sotto-bench crypto`.
 * cold: straight after a bulk add, all parents blank, so that a path is sealed for every member. warm: every leaf has sent a
 * path. The committer is leaf 0; `near` is leaf 1, which derives the keys of the whole path, `far` the last leaf, which
 * opens the root's secret. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#include "mls/tree_hash.h"
#include "mls/tree_math.h"
#include "mls/treekem.h"

#define ROUNDS    5
#define CONTEXT   200 /* bytes of a GroupContext */
#define LEAF_MAX  4096
#define GROUP_ID  VIEW_LIT("a group that is measured")
#define FAIL(...) (fprintf(stderr, __VA_ARGS__), false)

/* What verifying a leaf's signature takes. */
struct signed_leaf {
    view public_key, encryption_key, signature; /* borrowed from the tree */
    sotto_buf message;
};

/* A group, and the members that act. The floor goes through the keys of all members, as the real thing does: one and the same
 * again and again would be quicker, with branches that have been taken before. */
static struct {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    uint32_t n;
    struct tree *tree;
    struct treekem_private committer, near, far;
    sotto_sign_key *sign_key; /* of the committer */
    sotto_buf leaf;           /* the committer's, as it was added */
    struct tree_list none;
    size_t heap;

    /* of the last commit */
    struct tree *proposed, *merged;
    sotto_buf update, encoded, spare_leaf[2];
    uint8_t context[CONTEXT];
    size_t seals, path_len,
        keys; /* what it takes: seals, nodes on the path, keys that the receiver derives */
    const struct treekem_private *receiver;
    unsigned turn;

    /* for the floor */
    struct hpke_info info;
    struct kem_key *kem_key;
    sotto_buf signature;
    uint8_t enc[KEM_ENC_MAX], sealed[HASH_MAX + AEAD_TAG];
    struct signed_leaf *signed_leaves; /* n of them */
    uint32_t next;                     /* whose key is used next */
} g;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* As bench_time(), for what takes long: a few alternating rounds of one run each, the median of each side. */
static bool time_long(struct bench *b, const struct bench_case *t)
{
    double rounds[2][ROUNDS];
    bench_op *ops[2] = {t->ours, t->bare};
    for (size_t i = 0; i < ROUNDS; i++)
        for (size_t side = 0; side < 2; side++) {
            double began = now_ns();
            if (!ops[side](NULL))
                return FAIL("sotto-bench: %s failed\n", t->op);
            rounds[side][i] = (now_ns() - began) * 1e-3;
        }
    qsort(rounds[0], ROUNDS, sizeof(double), ascending);
    qsort(rounds[1], ROUNDS, sizeof(double), ascending);
    const struct bench_row row = {.section = t->section,
                                  .op = t->op,
                                  .n = t->n,
                                  .unit = "us",
                                  .value = rounds[0][ROUNDS / 2],
                                  .floor = rounds[1][ROUNDS / 2],
                                  .iterations = ROUNDS};
    bench_row(b, &row);
    return true;
}

/* --- a group --- */

static bool sign_key_make(sotto_sign_key **ret_key)
{
    uint8_t seed[96];
    size_t len = sign_seed_size(g.suite->sign);
    rng_bytes(&g.rng, seed, len);
    return sign_key_derive(g.c, g.suite->sign, view_of(seed, len), ret_key) == SOTTO_OK;
}

static bool kem_key_make(struct kem_key **ret_key)
{
    uint8_t seed[64];
    rng_bytes(&g.rng, seed, sizeof seed);
    return kem_key_derive(g.c, g.suite->hpke.kem, VIEW_OF(seed), ret_key) == SOTTO_OK;
}

/* The leaf of a KeyPackage with a basic credential, signed. */
static bool leaf_make(const struct kem_key *kem_key, const sotto_sign_key *sign_key, uint32_t i,
                      sotto_buf *out)
{
    static const uint8_t one[] = {0, 1};
    const uint8_t suite[] = {(uint8_t)(g.suite->id >> 8), (uint8_t)g.suite->id};
    char name[24];
    snprintf(name, sizeof name, "member %u", (unsigned)i);
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    struct leaf_node leaf = {
        .encryption_key = kem_key_public(kem_key),
        .signature_key = sign_key_public(sign_key),
        .credential = {.credential_type = CREDENTIAL_BASIC, .identity = view_str(name)},
        .capabilities = {.versions = VIEW_OF(one),
                         .cipher_suites = VIEW_OF(suite),
                         .credentials = VIEW_OF(one)},
        .leaf_node_source = LEAF_NODE_KEY_PACKAGE,
        .lifetime = {0, UINT64_MAX}};
    struct wr w = wr_to(&tbs);
    leaf_node_write_tbs(&w, &leaf, GROUP_ID, i);
    if (wr_end(&w) != SOTTO_OK || sign_with_label(g.c, sign_key, VIEW_LIT("LeafNodeTBS"),
                                                  buf_view(&tbs), &signature) != SOTTO_OK)
        return false;
    leaf.signature = buf_view(&signature);
    buf_reset(out);
    w = wr_to(out);
    leaf_node_write(&w, &leaf);
    return wr_end(&w) == SOTTO_OK;
}

/* A path of one leaf: its keys go up from a random secret. Seals are left out: nobody opens them. */
static bool path_send(uint32_t index, const sotto_sign_key *sign_key, struct treekem_private *keys,
                      struct treekem_path *path)
{
    struct leaf_node leaf;
    if (tree_leaf_read(g.tree, index, &leaf) != SOTTO_OK)
        return false;
    const struct treekem_sender sender = {index, &leaf, sign_key, GROUP_ID};
    return treekem_create(g.c, g.tree, &sender, &g.rng, keys, path) == SOTTO_OK;
}

/* What a member would have opened: the path secret where its way meets the sender's. */
static bool path_learn(const struct treekem_path *path, struct treekem_private *keys)
{
    const struct secret *secret = treekem_path_secret(path, keys->leaf_index);
    uint32_t node = tree_math_common_ancestor(tree_math_leaf_node(keys->leaf_index),
                                              tree_math_leaf_node(path->keys.leaf_index));
    return secret != NULL &&
           treekem_private_set_path(g.c, g.tree, keys, node, secret, NULL) == SOTTO_OK;
}

static struct treekem_private *actor(uint32_t i)
{
    return i == 0 ? &g.committer : i == 1 ? &g.near : i == g.n - 1 ? &g.far : NULL;
}

static bool member_add(uint32_t i, sotto_sign_key **sign_keys)
{
    struct kem_key *kem_key = NULL;
    uint32_t at;
    bool ok = sign_key_make(&sign_keys[i]) && kem_key_make(&kem_key) &&
              leaf_make(kem_key, sign_keys[i], i, &g.leaf) &&
              tree_add(g.tree, buf_view(&g.leaf), &at) == SOTTO_OK;
    if (ok && actor(i) != NULL)
        return treekem_private_new(i, kem_key, actor(i)) == SOTTO_OK;
    kem_key_free(kem_key);
    return ok;
}

static bool member_warm(uint32_t i, sotto_sign_key **sign_keys)
{
    struct treekem_path path = {0};
    struct treekem_private nobody = {.leaf_index = i}, *own = actor(i);
    bool ok = path_send(i, sign_keys[i], own != NULL ? own : &nobody, &path);
    struct treekem_private *actors[] = {&g.committer, &g.near, &g.far};
    for (size_t k = 0; ok && k < COUNT_OF(actors); k++)
        if (actors[k] != own)
            ok = path_learn(&path, actors[k]);
    if (ok && own != NULL) {
        treekem_private_clear(own);
        treekem_private_copy(&path.keys, own);
    }
    treekem_path_clear(&path);
    return ok;
}

static bool group_make(uint32_t n, bool warm)
{
    static const uint8_t seed[TREE_SEED] = "keys of the indexes of a bench";
    sotto_sign_key **sign_keys = calloc(n, sizeof(sotto_sign_key *));
    size_t before = mallinfo2().uordblks;
    g.n = n;
    bool ok = sign_keys != NULL && tree_new(g.suite, seed, &g.tree) == SOTTO_OK;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = member_add(i, sign_keys);
    size_t with_keys = mallinfo2().uordblks;
    (void)with_keys;
    for (uint32_t i = 0; ok && warm && i < n; i++)
        ok = member_warm(n - 1 - i, sign_keys);
    if (ok)
        g.sign_key = MOVE(sign_keys[0]);
    for (uint32_t i = 0; sign_keys != NULL && i < n; i++)
        sign_key_free(sign_keys[i]);
    free(sign_keys);
    uint8_t root[HASH_MAX];
    ok = ok && tree_root_hash(g.c, g.tree, root) == SOTTO_OK;
    g.heap = mallinfo2().uordblks - before;
    return ok ? true : FAIL("sotto-bench: no group of %u\n", (unsigned)n);
}

static void commit_drop(void)
{
    tree_free(MOVE(g.proposed));
    tree_free(MOVE(g.merged));
    buf_reset(&g.update);
}

/* What is signed by each leaf, put together beforehand. */
static bool signed_leaves_prepare(void)
{
    g.signed_leaves = calloc(g.n, sizeof *g.signed_leaves);
    bool ok = g.signed_leaves != NULL;
    for (uint32_t i = 0; ok && i < g.n; i++) {
        struct signed_leaf *s = &g.signed_leaves[i];
        struct leaf_node leaf = {.leaf_node_source = LEAF_NODE_KEY_PACKAGE};
        DEFER(buf_clear) sotto_buf tbs = {0};
        ok = tree_leaf_read(g.tree, i, &leaf) == SOTTO_OK;
        struct wr w = wr_to(&tbs);
        leaf_node_write_tbs(&w, &leaf, GROUP_ID, i);
        ok = ok && wr_end(&w) == SOTTO_OK;
        w = wr_to(&s->message);
        wr_opaque(&w, VIEW_LIT("MLS 1.0 LeafNodeTBS"));
        wr_opaque(&w, buf_view(&tbs));
        ok = ok && wr_end(&w) == SOTTO_OK;
        s->public_key = leaf.signature_key;
        s->encryption_key = leaf.encryption_key;
        s->signature = leaf.signature;
    }
    return ok;
}

static struct signed_leaf *signed_leaf_next(void)
{
    g.next = (g.next + 1) % g.n;
    return &g.signed_leaves[g.next];
}

static void group_drop(void)
{
    commit_drop();
    for (uint32_t i = 0; g.signed_leaves != NULL && i < g.n; i++)
        buf_clear(&g.signed_leaves[i].message);
    free(MOVE(g.signed_leaves));
    tree_free(MOVE(g.tree));
    treekem_private_clear(&g.committer);
    treekem_private_clear(&g.near);
    treekem_private_clear(&g.far);
    sign_key_free(MOVE(g.sign_key));
}

/* --- operations --- */

/* Stage, create, tree hash, seal: all that a committer does for its path. Into g.update. */
static bool create_once(void *unused)
{
    (void)unused;
    struct tree *staged = NULL;
    struct treekem_path path = {0};
    struct leaf_node leaf;
    bool ok = tree_leaf_read(g.tree, 0, &leaf) == SOTTO_OK;
    const struct treekem_sender sender = {0, &leaf, g.sign_key, GROUP_ID};
    buf_reset(&g.update);
    ok = ok && tree_clone(g.tree, &staged) == SOTTO_OK &&
         treekem_create(g.c, staged, &sender, &g.rng, &g.committer, &path) == SOTTO_OK &&
         tree_root_hash(g.c, staged, g.context) == SOTTO_OK &&
         treekem_seal(g.c, staged, &path, &g.none, VIEW_OF(g.context), &g.rng, &g.update) ==
             SOTTO_OK;
    g.path_len = path.path.count;
    treekem_path_clear(&path);
    tree_free(staged);
    return ok;
}

static bool derive_bare(size_t count)
{
    DEFER(secret_clear) struct secret secret = {.len = g.suite->hash_len};
    rng_bytes(&g.rng, secret.data, secret.len);
    for (size_t i = 0; i < count; i++) {
        struct kem_key *key = NULL;
        if (derive_secret(g.c, g.suite, &secret, VIEW_LIT("path"), &secret) != SOTTO_OK ||
            derive_secret(g.c, g.suite, &secret, VIEW_LIT("node"), &secret) != SOTTO_OK ||
            kem_key_derive(g.c, g.suite->hpke.kem, secret_view(&secret), &key) != SOTTO_OK)
            return false;
        kem_key_free(key);
    }
    return true;
}

/* The key pairs of path and leaf, the seals, one signature. */
static bool create_bare(void *unused)
{
    (void)unused;
    uint8_t seed[64], enc[KEM_ENC_MAX], sealed[HASH_MAX + AEAD_TAG];
    const uint8_t secret[HASH_MAX] = {1};
    if (!derive_bare(g.path_len + 1))
        return false;
    for (size_t i = 0; i < g.seals; i++) {
        rng_bytes(&g.rng, seed, kem_seed_size(g.suite->hpke.kem));
        if (hpke_seal(g.c, &g.info, signed_leaf_next()->encryption_key,
                      view_of(seed, kem_seed_size(g.suite->hpke.kem)), (view){0},
                      view_of(secret, g.suite->hash_len), enc, sealed) != SOTTO_OK)
            return false;
    }
    return sign(g.c, g.sign_key, VIEW_OF(g.context), &g.signature) == SOTTO_OK;
}

/* Stage, parse, merge, validate the leaf, tree hash, open: all that a receiver does with a path. */
static bool process_once(void *unused)
{
    (void)unused;
    struct tree *merged = NULL;
    struct update_path update;
    struct treekem_private after = {0};
    struct secret commit_secret = {0};
    const struct tree_check_context context = {.group_id = GROUP_ID};
    uint8_t root[CONTEXT];
    memcpy(root, g.context, sizeof root);
    struct rd r = rd_of(buf_view(&g.update));
    update_path_read(&r, &update);
    bool ok = rd_end(&r) == SOTTO_OK && tree_clone(g.tree, &merged) == SOTTO_OK &&
              treekem_merge(g.c, merged, 0, false, &update, &g.none, NULL) == SOTTO_OK &&
              tree_check_leaf(g.c, merged, &context, 0, LEAF_NODE_COMMIT, NULL) == SOTTO_OK &&
              tree_root_hash(g.c, merged, root) == SOTTO_OK &&
              treekem_open(g.c, merged, 0, &update, &g.none, VIEW_OF(root), g.receiver, &after,
                           &commit_secret, NULL) == SOTTO_OK;
    treekem_private_clear(&after);
    tree_free(merged);
    return ok;
}

static bool verify_bare(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct signed_leaf *s = signed_leaf_next();
        if (verify(g.c, g.suite->sign, s->public_key, buf_view(&s->message), s->signature) !=
            SOTTO_OK)
            return false;
    }
    return true;
}

/* One verify, one open, the key pairs that follow. */
static bool process_bare(void *unused)
{
    (void)unused;
    uint8_t plain[HASH_MAX];
    return verify_bare(1) &&
           hpke_open(g.c, &g.info, g.kem_key, view_of(g.enc, kem_enc_size(g.suite->hpke.kem)),
                     (view){0}, view_of(g.sealed, (size_t)g.suite->hash_len + AEAD_TAG),
                     plain) == SOTTO_OK &&
           derive_bare(g.keys);
}

/* One leaf changes in a staged tree. */
static bool hash_once(void *unused)
{
    (void)unused;
    struct tree *staged = NULL;
    uint8_t root[HASH_MAX];
    bool ok = tree_clone(g.tree, &staged) == SOTTO_OK &&
              tree_set_leaf(staged, g.n / 2, buf_view(&g.spare_leaf[g.turn++ % 2])) == SOTTO_OK &&
              tree_root_hash(g.c, staged, root) == SOTTO_OK;
    tree_free(staged);
    return ok;
}

/* Hashes of parents, `count` times, each with the one before in its input: as long as those of this tree are, below the root. */
static bool inner_hash_bare(uint32_t count)
{
    static uint8_t inner[8 + KEM_PUBLIC_MAX + 3 * (HASH_MAX + 1)] = {2};
    uint32_t root = tree_math_root(tree_leaf_count(g.tree));
    const struct tree_node *parent = tree_node(g.tree, tree_math_left(root));
    size_t len = 2 + 2u * (g.suite->hash_len + 1u) + (parent != NULL ? parent->len + 4u : 0);
    for (uint32_t i = 0; i < count; i++)
        if (hash(g.c, suite_hash(g.suite), view_of(inner, len), inner + 8) != SOTTO_OK)
            return false;
    return true;
}

/* The hashes alone: one of a leaf, and one for each level above. */
static bool hash_bare(void *unused)
{
    (void)unused;
    uint8_t out[HASH_MAX];
    return hash(g.c, suite_hash(g.suite), buf_view(&g.spare_leaf[0]), out) == SOTTO_OK &&
           inner_hash_bare(tree_math_level(tree_math_root(tree_leaf_count(g.tree))));
}

/* Reads the tree that came with a Welcome, and validates it to the last signature. */
static bool join_once(void *unused)
{
    (void)unused;
    static const uint8_t seed[TREE_SEED] = "keys of the indexes of a bench";
    struct tree *tree = NULL;
    uint8_t root[HASH_MAX];
    if (tree_root_hash(g.c, g.tree, root) != SOTTO_OK)
        return false;
    const struct tree_check_context context = {.group_id = GROUP_ID,
                                               .tree_hash = view_of(root, g.suite->hash_len)};
    bool ok = tree_read(g.suite, seed, buf_view(&g.encoded), &tree, NULL) == SOTTO_OK &&
              tree_check_all(g.c, tree, &context, NULL) == SOTTO_OK;
    tree_free(tree);
    return ok;
}

/* A signature and a hash for each leaf; the tree hash of each parent, and its parent hash unless it is blank. */
static bool join_bare(void *unused)
{
    (void)unused;
    uint8_t out[HASH_MAX];
    bool warm = tree_node(g.tree, tree_math_root(tree_leaf_count(g.tree))) != NULL;
    for (uint32_t i = 0; i < g.n; i++)
        if (hash(g.c, suite_hash(g.suite), buf_view(&g.signed_leaves[i].message), out) != SOTTO_OK)
            return false;
    return verify_bare(g.n) && inner_hash_bare(warm ? 2 * g.n : g.n);
}

/* All members added in one commit, each leaf validated, and the tree hash. */
static bool build_once(void *unused)
{
    (void)unused;
    static const uint8_t seed[TREE_SEED] = "keys of the indexes of a bench";
    const struct tree_check_context context = {.group_id = GROUP_ID};
    struct tree *tree = NULL;
    uint8_t root[HASH_MAX];
    uint32_t at;
    bool ok = tree_new(g.suite, seed, &tree) == SOTTO_OK;
    for (uint32_t i = 0; ok && i < g.n; i++)
        ok = tree_add(tree, tree_node_encoded(tree_leaf(g.tree, i)), &at) == SOTTO_OK;
    for (uint32_t i = 0; ok && i < g.n; i++)
        ok = tree_check_leaf(g.c, tree, &context, i, LEAF_NODE_KEY_PACKAGE, NULL) == SOTTO_OK;
    ok = ok && tree_root_hash(g.c, tree, root) == SOTTO_OK;
    tree_free(tree);
    return ok;
}

/* --- rows --- */

static bool floor_prepare(void)
{
    static const uint8_t seed[64] = {4}, secret[HASH_MAX] = {1};
    size_t seed_len = kem_seed_size(g.suite->hpke.kem);
    return kem_key_make(&g.kem_key) &&
           encrypt_context(g.c, g.suite, VIEW_LIT("UpdatePathNode"), VIEW_OF(g.context), &g.info) ==
               SOTTO_OK &&
           hpke_seal(g.c, &g.info, kem_key_public(g.kem_key), view_of(seed, seed_len), (view){0},
                     view_of(secret, g.suite->hash_len), g.enc, g.sealed) == SOTTO_OK;
}

/* The commit that the receivers process, and what it takes. */
static bool commit_prepare(void)
{
    struct update_path update;
    if (!create_once(NULL) || sign(g.c, g.sign_key, VIEW_OF(g.context), &g.signature) != SOTTO_OK)
        return false;
    struct rd r = rd_of(buf_view(&g.update));
    update_path_read(&r, &update);
    g.seals = 0;
    for (struct rd at = rd_of(update.nodes); rd_more(&at);) {
        struct update_path_node node;
        update_path_node_read(&at, &node);
        struct hpke_ciphertext sealed;
        for (struct rd one = rd_of(node.encrypted_path_secret); rd_more(&one); g.seals++)
            hpke_ciphertext_read(&one, &sealed);
    }
    return rd_end(&r) == SOTTO_OK;
}

static bool row_of(struct bench *b, bool is_long, const struct bench_case *t)
{
    return is_long ? time_long(b, t) : bench_time(b, t, NULL);
}

static bool process_row(struct bench *b, const char *section, const char *op,
                        const struct treekem_private *receiver, size_t keys)
{
    const struct bench_case t = {.section = section,
                                 .op = op,
                                 .n = g.n,
                                 .unit = "us",
                                 .ours = process_once,
                                 .bare = process_bare};
    g.receiver = receiver;
    g.keys = keys;
    return bench_time(b, &t, NULL);
}

static bool commit_rows(struct bench *b, const char *section)
{
    const struct bench_case create = {.section = section,
                                      .op = "UpdatePath create",
                                      .n = g.n,
                                      .unit = "us",
                                      .ours = create_once,
                                      .bare = create_bare};
    /* The seals are random, and the last create's are those that are processed. */
    return commit_prepare() && row_of(b, g.seals > 500, &create) && commit_prepare() &&
           process_row(b, section, "process, near", &g.near, g.path_len) &&
           process_row(b, section, "process, far", &g.far, 1);
}

static bool tree_rows(struct bench *b, const char *section)
{
    const struct bench_case hash_case = {.section = section,
                                         .op = "tree hash after a change",
                                         .n = g.n,
                                         .unit = "us",
                                         .ours = hash_once,
                                         .bare = hash_bare};
    const struct bench_case join = {.section = section,
                                    .op = "read and validate",
                                    .n = g.n,
                                    .unit = "us",
                                    .ours = join_once,
                                    .bare = join_bare};
    const struct bench_row heap = {.section = section,
                                   .op = "heap (MB)",
                                   .n = g.n,
                                   .value = (double)g.heap / 1e6,
                                   .unit = "MB"};
    const struct bench_case build = {.section = section,
                                     .op = "add all, validated",
                                     .n = g.n,
                                     .unit = "us",
                                     .ours = build_once,
                                     .bare = join_bare};
    for (uint32_t i = 0; i < 2; i++)
        if (!leaf_make(g.kem_key, g.sign_key, i, &g.spare_leaf[i]))
            return false;
    buf_reset(&g.encoded);
    struct wr w = wr_to(&g.encoded);
    tree_write(&w, g.tree);
    if (wr_end(&w) != SOTTO_OK)
        return false;
    bench_row(b, &heap);
    bool cold = tree_node(g.tree, tree_math_root(tree_leaf_count(g.tree))) == NULL;
    return bench_time(b, &hash_case, NULL) && row_of(b, true, &join) &&
           (!cold || row_of(b, true, &build)); /* its leaves are those of KeyPackages */
}

static bool size_rows(struct bench *b, uint32_t n)
{
    const char *sections[] = {"cold: all parents blank", "warm: every leaf has sent a path"};
    for (unsigned warm = 0; warm < 2; warm++) {
        bool ok = group_make(n, warm) && signed_leaves_prepare() &&
                  commit_rows(b, sections[warm]) && tree_rows(b, sections[warm]);
        group_drop();
        if (!ok)
            return FAIL("sotto-bench: %u members failed\n", (unsigned)n);
    }
    return true;
}

int bench_mls_tree(struct bench *b, int argc, char **argv)
{
    static const uint8_t seed[RNG_SEED] = {3};
    long suite = 1, only = 0;
    for (int i = 0; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--suite") == 0)
            suite = strtol(argv[i + 1], NULL, 0);
        if (strcmp(argv[i], "--n") == 0)
            only = strtol(argv[i + 1], NULL, 0);
    }
    g.suite = suite > 0 && suite <= UINT16_MAX ? mls_suite_find((uint16_t)suite) : NULL;
    if (g.suite == NULL || only < 0 || only == 1 || only == 2 || only > 1000000) {
        fprintf(stderr, "usage: sotto-bench mls-tree [--suite NUMBER] [--n MEMBERS]\n");
        return 2;
    }
    g.rng = rng_from(seed);
    bool ok = crypto_new(&g.c) == SOTTO_OK && floor_prepare();
    b->backend = ok ? curve_backend_name(crypto_curve(g.c)) : NULL;
    const uint32_t sizes[] = {1000, 10000};
    for (size_t i = 0; ok && only == 0 && i < COUNT_OF(sizes); i++)
        ok = size_rows(b, sizes[i]);
    if (ok && only != 0)
        ok = size_rows(b, (uint32_t)only);
    crypto_free(g.c);
    return ok ? 0 : 1;
}
