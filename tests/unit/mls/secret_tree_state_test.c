/* The tree is included, not linked: some of what it promises is about memory that runs out. */
#include <stdlib.h>

static int allocations_left = -1; /* -1: no end */

static int allocation_fails(void)
{
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0;
}

static void *scarce_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : calloc(count, size);
}

static void *scarce_realloc(void *memory, size_t size)
{
    return allocation_fails() ? NULL : realloc(memory, size);
}

#define calloc  scarce_calloc
#define realloc scarce_realloc
#include "mls/secret_tree.c"
#include "mls/secret_tree_state.c"
#undef calloc
#undef realloc

#include "unit.h"

#define APPLICATION RATCHET_APPLICATION
#define HANDSHAKE   RATCHET_HANDSHAKE

/* A store of names and values, as an application has one. */
#define PIECES_MAX 4096u

struct stored {
    uint8_t name[10], value[SECRET_TREE_VALUE_MAX];
    size_t name_len, value_len;
    bool touched; /* in the last write */
};

struct pieces {
    struct stored at[PIECES_MAX];
    size_t count;
    size_t written; /* bytes of names and values of the last write */
};

static view stored_name(const struct stored *s)
{
    return view_of(s->name, s->name_len);
}

static view stored_value(const struct stored *s)
{
    return view_of(s->value, s->value_len);
}

static struct stored *pieces_find(struct pieces *p, view name)
{
    for (size_t i = 0; i < p->count; i++)
        if (view_equal(stored_name(&p->at[i]), name))
            return &p->at[i];
    return NULL;
}

static struct secret_tree_piece stored_piece(const struct stored *s)
{
    struct secret_tree_piece piece;
    struct rd r = rd_of(stored_name(s));
    secret_tree_piece_read(&r, &piece);
    assert_ok(rd_end(&r));
    return piece;
}

/* Every call says something new: what is gone was there, what is new was not, what was there has changed. */
static sotto_err pieces_take(void *context, const struct secret_tree_piece *piece, view value)
{
    struct pieces *p = context;
    uint8_t bytes[10];
    sotto_buf name = BUF_ON(bytes);
    struct wr w = wr_to(&name);
    secret_tree_piece_write(&w, piece);
    assert_ok(wr_end(&w));
    struct stored *s = pieces_find(p, buf_view(&name));
    p->written += name.len + value.len;
    if (value.len == 0) {
        assert_non_null(s);
        assert_false(s->touched);
        *s = p->at[--p->count];
        return SOTTO_OK;
    }
    assert_true(s == NULL || (!s->touched && !view_equal(stored_value(s), value)));
    if (s == NULL) {
        assert_true(p->count < PIECES_MAX);
        s = &p->at[p->count++];
        memcpy(s->name, name.data, name.len);
        s->name_len = name.len;
    }
    memcpy(s->value, value.data, value.len);
    s->value_len = value.len;
    s->touched = true;
    return SOTTO_OK;
}

static void pieces_write(struct pieces *p, struct secret_tree *tree)
{
    for (size_t i = 0; i < p->count; i++)
        p->at[i].touched = false;
    p->written = 0;
    assert_ok(secret_tree_changes(tree, false, pieces_take, p));
    secret_tree_changes_done(tree);
}

/* From the last to the first: the order does not matter. */
static sotto_err pieces_read(const struct pieces *p, const struct mls_suite *suite,
                             uint32_t leaf_count, struct secret_tree **ret_tree)
{
    DEFER(secret_tree_freep) struct secret_tree *tree = NULL;
    TRY(secret_tree_read_begin(suite, leaf_count, &tree));
    for (size_t i = p->count; i-- > 0;) {
        const struct stored *s = &p->at[i];
        const struct secret_tree_piece piece = stored_piece(s);
        TRY(secret_tree_read_piece(tree, &piece, stored_value(s)));
    }
    TRY(secret_tree_read_end(tree));
    *ret_tree = MOVE(tree);
    return SOTTO_OK;
}

static sotto_crypto *crypto;

static int setup(void **state)
{
    (void)state;
    return crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    crypto_freep(&crypto);
    return 0;
}

static struct pieces *pieces_new(void)
{
    struct pieces *p = calloc(1, sizeof *p);
    assert_non_null(p);
    return p;
}

static struct secret_tree *tree_of(const struct mls_suite *suite, uint32_t leaf_count)
{
    struct secret_tree *tree = NULL;
    struct secret secret = {.len = suite->hash_len};
    memset(secret.data, 0x77, secret.len);
    assert_ok(secret_tree_new(suite, leaf_count, &secret, &tree));
    return tree;
}

static sotto_err peek(const struct secret_tree *tree, uint32_t leaf, enum ratchet_kind kind,
                      uint32_t generation, struct message_key *ret_key)
{
    sotto_err err = secret_tree_find(crypto, tree, leaf, kind, generation, ret_key);
    struct message_key bare = {.key = ret_key->key};
    memcpy(bare.nonce, ret_key->nonce, sizeof bare.nonce);
    if (err == SOTTO_OK)
        message_key_clear(ret_key);
    *ret_key = bare;
    return err;
}

static sotto_err take(struct secret_tree *tree, uint32_t leaf, enum ratchet_kind kind,
                      uint32_t generation)
{
    DEFER(message_key_clear) struct message_key key = {0};
    TRY(secret_tree_find(crypto, tree, leaf, kind, generation, &key));
    return secret_tree_consume(tree, &key);
}

static void assert_same_keys(const struct secret_tree *a, const struct secret_tree *b,
                             uint32_t leaf, enum ratchet_kind kind, uint32_t from, uint32_t to)
{
    for (uint32_t g = from; g < to; g++) {
        struct message_key x = {0}, y = {0};
        assert_int_equal(peek(a, leaf, kind, g, &x), peek(b, leaf, kind, g, &y));
        assert_true(secret_equal(&x.key, &y.key));
        assert_memory_equal(x.nonce, y.nonce, sizeof x.nonce);
    }
}

static void assert_same_pieces(struct pieces *a, struct pieces *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct stored *s = pieces_find(b, stored_name(&a->at[i]));
        assert_non_null(s);
        assert_true(view_equal(stored_value(s), stored_value(&a->at[i])));
    }
}

/* All pieces of a tree, whatever was written before. */
static sotto_err piece_collect(void *context, const struct secret_tree_piece *piece, view value)
{
    return value.len > 0 ? pieces_take(context, piece, value) : SOTTO_OK;
}

static void assert_pieces_of(struct pieces *p, const struct secret_tree *tree)
{
    struct pieces *all = pieces_new();
    assert_ok(secret_tree_changes(tree, true, piece_collect, all));
    assert_same_pieces(all, p);
    free(all);
}

/* A tree worked out from the RFC alone: what there was, generation by generation. */
#define LEAVES      8u
#define GENERATIONS 64u

struct oracle {
    const struct mls_suite *suite;
    struct secret nodes[2 * LEAVES - 1];
    struct secret ratchets[LEAVES][RATCHET_KINDS][GENERATIONS],
        keys[LEAVES][RATCHET_KINDS][GENERATIONS];
    bool consumed[LEAVES][RATCHET_KINDS][GENERATIONS];
    uint32_t next[LEAVES][RATCHET_KINDS];
};

static void oracle_ratchet(struct oracle *o, uint32_t leaf, enum ratchet_kind kind, view label)
{
    const struct mls_suite *suite = o->suite;
    struct secret *ratchets = o->ratchets[leaf][kind], *keys = o->keys[leaf][kind];
    assert_ok(derive_secret(crypto, suite, &o->nodes[2 * leaf], label, &ratchets[0]));
    for (uint32_t g = 0; g < GENERATIONS; g++) {
        secret_resize(&keys[g], suite->key_len);
        assert_ok(derive_tree_secret(crypto, suite, &ratchets[g], VIEW_LIT("key"), g, keys[g].data,
                                     suite->key_len));
        if (g + 1 == GENERATIONS)
            break;
        secret_resize(&ratchets[g + 1], suite->hash_len);
        assert_ok(derive_tree_secret(crypto, suite, &ratchets[g], VIEW_LIT("secret"), g,
                                     ratchets[g + 1].data, suite->hash_len));
    }
}

static struct oracle *oracle_new(const struct mls_suite *suite)
{
    struct oracle *o = calloc(1, sizeof *o);
    assert_non_null(o);
    o->suite = suite;
    struct secret *root = &o->nodes[tree_math_root(LEAVES)];
    secret_resize(root, suite->hash_len);
    memset(root->data, 0x77, root->len);
    for (uint32_t level = 3; level > 0; level--)
        for (uint32_t node = (1u << level) - 1; node < 2 * LEAVES - 1; node += 2u << level) {
            assert_int_equal(tree_math_level(node), level);
            assert_ok(expand_secret(crypto, suite, &o->nodes[node], VIEW_LIT("tree"),
                                    VIEW_LIT("left"), suite->hash_len,
                                    &o->nodes[tree_math_left(node)]));
            assert_ok(expand_secret(crypto, suite, &o->nodes[node], VIEW_LIT("tree"),
                                    VIEW_LIT("right"), suite->hash_len,
                                    &o->nodes[tree_math_right(node)]));
        }
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        oracle_ratchet(o, leaf, HANDSHAKE, VIEW_LIT("handshake"));
        oracle_ratchet(o, leaf, APPLICATION, VIEW_LIT("application"));
    }
    return o;
}

static bool pieces_have(const struct pieces *p, const struct secret *secret)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct stored *s = &p->at[i];
        for (size_t at = 0; at + secret->len <= s->value_len; at++)
            if (s->value[at] == secret->data[0] &&
                memcmp(s->value + at, secret->data, secret->len) == 0)
                return true;
    }
    return false;
}

/* RFC 9420 9.2: what led to a consumed key is nowhere, and of the keys that were passed by each is there. */
static void assert_consumed_is_gone(const struct oracle *o, const struct pieces *p, uint32_t leaf)
{
    if (o->next[leaf][HANDSHAKE] == 0 && o->next[leaf][APPLICATION] == 0)
        return;
    uint32_t node = tree_math_leaf_node(leaf);
    for (;; node = tree_math_parent(node)) {
        assert_false(pieces_have(p, &o->nodes[node]));
        if (node == tree_math_root(LEAVES))
            break;
    }
    for (size_t kind = 0; kind < RATCHET_KINDS; kind++) {
        uint32_t next = o->next[leaf][kind];
        for (uint32_t g = 0; g < next; g++) {
            assert_false(pieces_have(p, &o->ratchets[leaf][kind][g]));
            assert_int_equal(pieces_have(p, &o->keys[leaf][kind][g]), !o->consumed[leaf][kind][g]);
        }
        assert_true(pieces_have(p, &o->ratchets[leaf][kind][next]));
    }
}

static uint32_t draw(uint32_t *dice, uint32_t below)
{
    *dice = *dice * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)*dice * below >> 32);
}

/* One message of some sender: the next one, one from further ahead, or one that is late. */
static void walk_step(struct secret_tree *tree, struct oracle *o, uint32_t *dice,
                      uint32_t *ret_leaf)
{
    uint32_t leaf = draw(dice, LEAVES);
    enum ratchet_kind kind = draw(dice, 3) == 0 ? HANDSHAKE : APPLICATION;
    uint32_t next = o->next[leaf][kind], generation = next;
    DEFER(message_key_clear) struct message_key key = {0};
    uint32_t act = draw(dice, 4);
    *ret_leaf = leaf;
    if (act == 1)
        generation += draw(dice, 5);
    else if (act > 1)
        generation = draw(dice, next + 1);
    if (generation + 1 >= GENERATIONS)
        return;
    sotto_err err = act == 0 ? secret_tree_next(crypto, tree, leaf, kind, &key)
                             : secret_tree_find(crypto, tree, leaf, kind, generation, &key);
    assert_int_equal(err, o->consumed[leaf][kind][generation] ? SOTTO_E_REPLAYED : SOTTO_OK);
    if (err != SOTTO_OK || draw(dice, 8) == 0)
        return; /* refused, or dropped */
    assert_true(secret_equal(&key.key, &o->keys[leaf][kind][generation]));
    assert_ok(secret_tree_consume(tree, &key));
    o->consumed[leaf][kind][generation] = true;
    if (generation >= next)
        o->next[leaf][kind] = generation + 1;
}

/* A write that fails: nothing of it is kept, and all of it is told again. */
struct failing {
    uint32_t left;
    struct pieces rolled_back;
};

static sotto_err piece_refuse(void *context, const struct secret_tree_piece *piece, view value)
{
    struct failing *f = context;
    if (f->left-- == 0)
        return SOTTO_E_IO;
    return pieces_take(&f->rolled_back, piece, value);
}

static void write_in_vain(const struct pieces *p, const struct secret_tree *tree, uint32_t *dice)
{
    struct failing *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->left = draw(dice, 4);
    f->rolled_back = *p;
    for (size_t i = 0; i < p->count; i++)
        f->rolled_back.at[i].touched = false;
    sotto_err err = secret_tree_changes(tree, false, piece_refuse, f);
    assert_true(err == SOTTO_OK || err == SOTTO_E_IO);
    free(f);
}

static void check_read_back(const struct oracle *o, struct pieces *p, struct secret_tree **tree,
                            uint32_t leaf, bool replace)
{
    struct secret_tree *back = NULL;
    assert_ok(pieces_read(p, o->suite, LEAVES, &back));
    assert_pieces_of(p, *tree);
    assert_pieces_of(p, back);
    for (size_t kind = 0; kind < RATCHET_KINDS; kind++)
        assert_same_keys(*tree, back, leaf, (enum ratchet_kind)kind, 0, o->next[leaf][kind] + 3);
    size_t written = p->count;
    pieces_write(p, back);
    assert_int_equal(p->written, 0);
    assert_int_equal(p->count, written);
    if (replace) {
        secret_tree_free(*tree);
        *tree = back;
    } else {
        secret_tree_free(back);
    }
}

static void walk(uint16_t suite_id, uint32_t dice)
{
    struct oracle *o = oracle_new(mls_suite_find(suite_id));
    struct pieces *p = pieces_new();
    struct secret_tree *tree = tree_of(o->suite, LEAVES);
    for (int step = 0; step < 600; step++) {
        uint32_t leaf;
        walk_step(tree, o, &dice, &leaf);
        if (draw(&dice, 6) == 0)
            continue; /* several messages in one write */
        if (draw(&dice, 6) == 0)
            write_in_vain(p, tree, &dice);
        pieces_write(p, tree);
        assert_consumed_is_gone(o, p, leaf);
        check_read_back(o, p, &tree, leaf, draw(&dice, 10) == 0);
    }
    pieces_write(p, tree);
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        assert_true(o->next[leaf][APPLICATION] > 20 && o->next[leaf][HANDSHAKE] > 5);
        assert_consumed_is_gone(o, p, leaf);
        check_read_back(o, p, &tree, leaf, false);
    }
    secret_tree_free(tree);
    free(p);
    free(o);
}

static void a_tree_read_back_after_any_step_is_the_tree_that_was_written(void **state)
{
    (void)state;
    walk(1, 1);
    walk(3, 2);
    walk(5, 3);
}

static void a_new_tree_is_one_piece(void **state)
{
    (void)state;
    struct pieces *p = pieces_new();
    struct secret_tree *tree = tree_of(mls_suite_find(1), 4), *back = NULL;
    pieces_write(p, tree);
    assert_int_equal(p->count, 1);
    assert_bytes(stored_name(&p->at[0]), "01 00000003");
    assert_bytes(stored_value(&p->at[0]),
                 "7777777777777777777777777777777777777777777777777777777777777777");
    assert_ok(pieces_read(p, tree->suite, 4, &back));
    for (uint32_t leaf = 0; leaf < 4; leaf++) {
        assert_same_keys(tree, back, leaf, APPLICATION, 0, 3);
        assert_same_keys(tree, back, leaf, HANDSHAKE, 0, 3);
    }
    assert_same_keys(tree, back, 1, APPLICATION, MLS_FORWARD_MAX, MLS_FORWARD_MAX + 2);
    assert_same_keys(tree, back, 4, APPLICATION, 0, 1);
    secret_tree_free(tree);
    secret_tree_free(back);
    free(p);
}

static const struct stored *stored_at(struct pieces *p, const char *name_hex)
{
    sotto_buf name = unhex(name_hex);
    const struct stored *s = pieces_find(p, buf_view(&name));
    buf_clear(&name);
    return s;
}

/* Leaf 2 of four has said generation 1: its sibling and the left half are nodes still, generation 0 may come. */
static void pieces_have_the_names_and_values_that_are_written_down(void **state)
{
    (void)state;
    struct pieces *p = pieces_new();
    struct secret_tree *tree = tree_of(mls_suite_find(1), 4);
    struct message_key passed = {0};
    pieces_write(p, tree);
    assert_ok(peek(tree, 2, APPLICATION, 0, &passed));
    assert_ok(take(tree, 2, APPLICATION, 1));
    pieces_write(p, tree);
    assert_int_equal(p->count, 4);
    assert_null(stored_at(p, "01 00000003"));
    assert_null(stored_at(p, "01 00000005"));
    assert_int_equal(stored_at(p, "01 00000001")->value_len, 32);
    assert_int_equal(stored_at(p, "01 00000006")->value_len, 32);
    const struct stored *sender = stored_at(p, "02 00000002");
    const struct ratchet *ratchets = tree->senders[0]->ratchets;
    assert_int_equal(sender->value_len, 80);
    assert_bytes(view_of(sender->value, 8), "00000000 00000000");
    assert_memory_equal(sender->value + 8, ratchets[HANDSHAKE].secret.data, 32);
    assert_bytes(view_of(sender->value + 40, 8), "00000002 00000000");
    assert_memory_equal(sender->value + 48, ratchets[APPLICATION].secret.data, 32);
    const struct stored *skipped = stored_at(p, "03 00000002 01 00000000");
    assert_int_equal(skipped->value_len, 16 + 12);
    assert_memory_equal(skipped->value, passed.key.data, 16);
    assert_memory_equal(skipped->value + 16, passed.nonce, 12);
    secret_tree_free(tree);
    free(p);
}

static void keys_given_up_are_deleted(void **state)
{
    (void)state;
    static const uint32_t taken[] = {1500, 500, 1511, 510, 1510, 3511, 2600, 3512};
    struct pieces *p = pieces_new();
    struct secret_tree *tree = tree_of(mls_suite_find(1), 2), *back = NULL;
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        assert_ok(take(tree, 1, APPLICATION, taken[i]));
        if (i == 1)
            continue; /* not written by itself: what comes and goes between two writes is never told */
        pieces_write(p, tree);
        assert_pieces_of(p, tree);
        assert_ok(pieces_read(p, tree->suite, 2, &back));
        assert_pieces_of(p, back);
        assert_same_keys(tree, back, 1, APPLICATION, taken[i] > 1005 ? taken[i] - 1005 : 0,
                         taken[i] > 1005 ? taken[i] - 990 : 10);
        assert_same_keys(tree, back, 1, APPLICATION, taken[i] - 5, taken[i] + 5);
        secret_tree_freep(&back);
    }
    assert_int_equal(tree->senders[0]->ratchets[APPLICATION].given_up, 2511);
    secret_tree_free(tree);
    free(p);
}

static void a_tree_of_another_store_is_new_as_a_whole(void **state)
{
    (void)state;
    struct pieces *p = pieces_new(), *other = pieces_new();
    struct secret_tree *tree = tree_of(mls_suite_find(1), 4), *back = NULL;
    assert_ok(take(tree, 1, APPLICATION, 3));
    assert_ok(take(tree, 2, HANDSHAKE, 0));
    pieces_write(p, tree);
    assert_ok(pieces_read(p, tree->suite, 4, &back));
    assert_ok(take(back, 1, APPLICATION, 1));
    secret_tree_changes_undone(back);
    pieces_write(other, back);
    assert_pieces_of(other, back);
    secret_tree_free(tree);
    secret_tree_free(back);
    free(other);
    free(p);
}

/* Bytes that must be written after a message, in a group of 16,384 leaves, names and all. */
static void a_message_writes_less_than_a_kibibyte(void **state)
{
    (void)state;
    enum { GROUP = 16384 };
    size_t count = 0;
    const struct mls_suite *all = mls_suite_all(&count);
    for (size_t i = 0; i < count; i++) {
        size_t first = all[i].hash_len <= 48 ? 1024 : 1200; /* 14 secrets of a path, two ratchets */
        struct pieces *p = pieces_new();
        struct secret_tree *tree = tree_of(&all[i], GROUP);
        pieces_write(p, tree);
        assert_true(p->written < 100);
        assert_ok(take(tree, 9999, APPLICATION, 0));
        pieces_write(p, tree);
        assert_in_range(p->written, 14 * all[i].hash_len, first - 1);
        for (uint32_t generation = 1; generation < 4; generation++) {
            assert_ok(take(tree, 9999, APPLICATION, generation));
            pieces_write(p, tree);
            assert_in_range(p->written, 1, 160);
        }
        assert_ok(take(tree, 9999, APPLICATION, 5));
        pieces_write(p, tree);
        assert_in_range(p->written, 1, 220);
        assert_ok(take(tree, 9999, APPLICATION, 4));
        pieces_write(p, tree);
        assert_int_equal(p->written, 10); /* one name */
        assert_ok(take(tree, 0, HANDSHAKE, 0));
        pieces_write(p, tree);
        assert_in_range(p->written, 13 * all[i].hash_len, first - 1);
        secret_tree_free(tree);
        free(p);
    }
}

/* Who never writes pays nothing for it, and a store that forgets to say so is told the same again. */
static void nothing_is_remembered_for_who_never_writes(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(mls_suite_find(1), 4);
    assert_ok(take(tree, 0, APPLICATION, 30));
    for (uint32_t generation = 0; generation < 30; generation++)
        assert_ok(take(tree, 0, APPLICATION, generation));
    assert_int_equal(tree->gone_cap, 0);
    struct pieces *p = pieces_new(), *again = pieces_new();
    assert_ok(secret_tree_changes(tree, false, pieces_take, p));
    assert_ok(secret_tree_changes(tree, false, pieces_take, again));
    assert_same_pieces(p, again);
    secret_tree_free(tree);
    free(p);
    free(again);
}

static struct pieces *pieces_copy(const struct pieces *p)
{
    struct pieces *copy = pieces_new();
    *copy = *p;
    return copy;
}

static void a_step_without_memory_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        uint32_t leaf, generation;
    } rows[] = {{200, 0}, {199, 7}, {200, 999}, {200, 1500}, {200, 600}, {3, 1}};
    struct pieces *p = pieces_new();
    struct secret_tree *tree = tree_of(mls_suite_find(1), 256);
    pieces_write(p, tree);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        sotto_err err = SOTTO_E_NOMEM;
        for (int left = 1; err != SOTTO_OK; left++) {
            struct message_key key = {0};
            assert_ok(secret_tree_find(crypto, tree, rows[i].leaf, APPLICATION, rows[i].generation,
                                       &key));
            allocations_left = left;
            err = secret_tree_consume(tree, &key);
            allocations_left = -1;
            if (err != SOTTO_OK) {
                assert_int_equal(err, SOTTO_E_NOMEM);
                assert_pieces_of(p, tree);
                struct pieces *copy = pieces_copy(p);
                pieces_write(copy, tree);
                assert_int_equal(copy->written, 0);
                free(copy);
            }
            message_key_clear(&key);
            assert_true(left < 10);
        }
        pieces_write(p, tree);
        assert_pieces_of(p, tree);
    }
    secret_tree_free(tree);
    free(p);
}

static void reading_without_memory_fails_and_leaks_nothing(void **state)
{
    (void)state;
    struct pieces *p = pieces_new();
    struct secret_tree *tree = tree_of(mls_suite_find(1), 64), *back = NULL;
    for (uint32_t leaf = 0; leaf < 12; leaf++)
        assert_ok(take(tree, 5 * leaf, APPLICATION, leaf));
    pieces_write(p, tree);
    int left = 1;
    for (sotto_err err = SOTTO_E_NOMEM; err != SOTTO_OK; left++) {
        allocations_left = left;
        err = pieces_read(p, tree->suite, 64, &back);
        allocations_left = -1;
        assert_true(err == SOTTO_OK || (err == SOTTO_E_NOMEM && back == NULL));
        assert_true(left < 100);
    }
    assert_true(left > 12 * 2);
    assert_pieces_of(p, back);
    secret_tree_free(tree);
    secret_tree_free(back);
    free(p);
}

/* Leaf 2 of eight was heard, with generations 3 and 5 still to come, and leaf 3 up to the point where keys were given up. */
static struct pieces *pieces_of_some_tree(void)
{
    struct pieces *p = pieces_new();
    struct secret_tree *tree = tree_of(mls_suite_find(1), 8);
    assert_ok(take(tree, 2, APPLICATION, 2));
    assert_ok(take(tree, 2, APPLICATION, 0));
    assert_ok(take(tree, 2, APPLICATION, 1));
    assert_ok(take(tree, 2, APPLICATION, 6));
    assert_ok(take(tree, 2, APPLICATION, 4));
    assert_ok(take(tree, 3, HANDSHAKE, 1500));
    pieces_write(p, tree);
    secret_tree_free(tree);
    return p;
}

static void assert_refused(const struct pieces *p, sotto_err expected)
{
    struct secret_tree *back = NULL;
    assert_int_equal(pieces_read(p, mls_suite_find(1), 8, &back), expected);
    assert_null(back);
}

static void piece_add(struct pieces *p, struct secret_tree_piece piece, size_t value_len)
{
    static const uint8_t zeros[SECRET_TREE_VALUE_MAX];
    struct stored *s = &p->at[p->count];
    sotto_buf name = BUF_ON(s->name);
    struct wr w = wr_to(&name);
    secret_tree_piece_write(&w, &piece);
    assert_ok(wr_end(&w));
    s->name_len = name.len;
    memcpy(s->value, zeros, value_len);
    s->value_len = value_len;
    p->count++;
}

static void a_tree_without_one_of_its_nodes_or_senders_is_none(void **state)
{
    (void)state;
    struct pieces *whole = pieces_of_some_tree();
    size_t refused = 0;
    for (size_t i = 0; i < whole->count; i++) {
        if (stored_piece(&whole->at[i]).type == SECRET_TREE_SKIPPED)
            continue;
        struct pieces *p = pieces_copy(whole);
        p->at[i] = p->at[--p->count];
        assert_refused(p, SOTTO_E_VALUE);
        free(p);
        refused++;
    }
    assert_int_equal(refused, 4); /* nodes 1 and 11, and two senders */
    whole->count = 0;
    assert_refused(whole, SOTTO_E_VALUE);
    free(whole);
}

static void a_leaf_whose_keys_come_from_two_places_is_refused(void **state)
{
    (void)state;
    struct pieces *whole = pieces_of_some_tree();
    for (uint32_t node = 0; node < 15; node++) {
        struct pieces *p = pieces_copy(whole);
        piece_add(p, (struct secret_tree_piece){.type = SECRET_TREE_NODE, .index = node}, 32);
        assert_refused(p, SOTTO_E_VALUE);
        free(p);
    }
    for (uint32_t leaf = 0; leaf < 8; leaf++) {
        struct pieces *p = pieces_copy(whole);
        piece_add(p, (struct secret_tree_piece){.type = SECRET_TREE_SENDER, .index = leaf}, 80);
        p->at[p->count - 1].value[3] = 1; /* it was heard */
        assert_refused(p, SOTTO_E_VALUE);
        free(p);
    }
    free(whole);
}

static void skipped_keys_must_belong_to_a_ratchet_that_passed_them(void **state)
{
    (void)state;
    static const struct {
        uint32_t leaf;
        enum ratchet_kind kind;
        uint32_t generation;
        sotto_err expected;
    } rows[] = {
        {2, APPLICATION, 6, SOTTO_OK}, /* consumed: the pieces can't tell */
        {2, APPLICATION, 7, SOTTO_E_VALUE},
        {2, APPLICATION, 5, SOTTO_E_VALUE}, /* it is there */
        {2, HANDSHAKE, 0, SOTTO_E_VALUE},
        {1, APPLICATION, 0, SOTTO_E_VALUE},  /* below a node */
        {3, HANDSHAKE, 499, SOTTO_E_VALUE},  /* given up */
        {3, HANDSHAKE, 1500, SOTTO_E_VALUE}, /* one more than may be kept */
        {3, HANDSHAKE, 1501, SOTTO_E_VALUE},
        {8, APPLICATION, 0, SOTTO_E_VALUE},
        {UINT32_MAX, APPLICATION, 0, SOTTO_E_VALUE},
    };
    struct pieces *whole = pieces_of_some_tree();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pieces *p = pieces_copy(whole);
        struct secret_tree *back = NULL;
        piece_add(p,
                  (struct secret_tree_piece){.type = SECRET_TREE_SKIPPED,
                                             .index = rows[i].leaf,
                                             .kind = rows[i].kind,
                                             .generation = rows[i].generation},
                  16 + 12);
        assert_int_equal(pieces_read(p, mls_suite_find(1), 8, &back), rows[i].expected);
        secret_tree_free(back);
        free(p);
    }
    free(whole);
}

static void generations_of_a_sender_must_make_sense(void **state)
{
    (void)state;
    static const struct {
        const char *handshake, *application;
        sotto_err expected;
    } rows[] = {
        {"00000000 00000000", "00000007 00000000", SOTTO_OK},
        {"00000000 00000000", "00000007 00000003", SOTTO_OK},
        {"00000000 00000000", "00000007 00000004", SOTTO_E_VALUE}, /* 3 is kept */
        {"00000000 00000000", "00000007 00000007", SOTTO_E_VALUE},
        {"00000000 00000001", "00000007 00000000", SOTTO_E_VALUE},
        {"00000001 00000001", "00000007 00000000", SOTTO_E_VALUE},
        {"ffffffff fffffffe", "00000007 00000000", SOTTO_OK},
        {"00000000 00000000", "00000000 00000000", SOTTO_E_VALUE},
        {"00000000 00000000", "00000005 00000000", SOTTO_E_VALUE}, /* 5 is kept */
    };
    struct pieces *p = pieces_of_some_tree();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct secret_tree *back = NULL;
        sotto_buf name = unhex("02 00000002"), handshake = unhex(rows[i].handshake),
                  application = unhex(rows[i].application);
        struct stored *sender = pieces_find(p, buf_view(&name));
        assert_non_null(sender);
        memcpy(sender->value, handshake.data, 8);
        memcpy(sender->value + 40, application.data, 8);
        assert_int_equal(pieces_read(p, mls_suite_find(1), 8, &back), rows[i].expected);
        secret_tree_free(back);
        buf_clear(&name);
        buf_clear(&handshake);
        buf_clear(&application);
    }
    free(p);
}

/* Nobody was heard, as the second ratchet above: without keys that were skipped. */
static void a_sender_who_was_not_heard_is_none(void **state)
{
    (void)state;
    struct pieces *p = pieces_new();
    struct secret_tree *back = NULL;
    piece_add(p, (struct secret_tree_piece){.type = SECRET_TREE_SENDER}, 80);
    assert_int_equal(pieces_read(p, mls_suite_find(1), 1, &back), SOTTO_E_VALUE);
    p->at[0].value[43] = 1;
    assert_ok(pieces_read(p, mls_suite_find(1), 1, &back));
    assert_err(take(back, 0, APPLICATION, 0), REPLAYED);
    assert_ok(take(back, 0, HANDSHAKE, 0));
    secret_tree_free(back);
    free(p);
}

static void values_have_one_length(void **state)
{
    (void)state;
    static const uint8_t bytes[SECRET_TREE_VALUE_MAX + 1];
    static const size_t sizes[] = {
        [SECRET_TREE_NODE] = 32, [SECRET_TREE_SENDER] = 80, [SECRET_TREE_SKIPPED] = 28};
    struct secret_tree *tree = NULL;
    assert_ok(secret_tree_read_begin(mls_suite_find(1), 8, &tree));
    for (unsigned type = SECRET_TREE_NODE; type <= SECRET_TREE_SKIPPED; type++) {
        const struct secret_tree_piece piece = {.type = (enum secret_tree_piece_type)type};
        for (size_t len = 0; len < sizes[type]; len++)
            assert_err(secret_tree_read_piece(tree, &piece, view_of(bytes, len)), TRUNCATED);
        for (size_t len = sizes[type] + 1; len <= sizeof bytes; len++)
            assert_err(secret_tree_read_piece(tree, &piece, view_of(bytes, len)), TRAILING);
    }
    static const struct secret_tree_piece outside[] = {
        {.type = SECRET_TREE_NODE, .index = 15},
        {.type = SECRET_TREE_NODE, .index = UINT32_MAX},
        {.type = SECRET_TREE_SENDER, .index = 8},
        {.type = SECRET_TREE_SENDER, .index = UINT32_MAX},
        {.type = SECRET_TREE_SKIPPED, .index = 8},
        {.type = SECRET_TREE_SKIPPED, .kind = RATCHET_KINDS},
        {0},
    };
    for (size_t i = 0; i < COUNT_OF(outside); i++)
        for (size_t type = SECRET_TREE_NODE; type <= SECRET_TREE_SKIPPED; type++)
            assert_err(secret_tree_read_piece(tree, &outside[i], view_of(bytes, sizes[type])),
                       VALUE);
    assert_int_equal(tree->loose->count, 0);
    secret_tree_free(tree);
}

static void a_tree_is_read_before_it_is_used_and_not_again(void **state)
{
    (void)state;
    static const uint8_t root[32];
    static const struct secret_tree_piece piece = {.type = SECRET_TREE_NODE, .index = 3};
    const struct mls_suite *suite = mls_suite_find(1);
    struct secret_tree *tree = NULL;
    struct message_key key = {0};
    assert_err(secret_tree_read_begin(suite, 0, &tree), USAGE);
    assert_err(secret_tree_read_begin(suite, 3, &tree), USAGE);
    assert_err(secret_tree_read_begin(suite, 2 * MLS_LEAF_LIMIT, &tree), USAGE);
    assert_null(tree);
    assert_ok(secret_tree_read_begin(suite, 4, &tree));
    assert_ok(secret_tree_read_piece(tree, &piece, VIEW_OF(root)));
    assert_err(secret_tree_find(crypto, tree, 0, APPLICATION, 0, &key), NOTFOUND);
    assert_err(secret_tree_next(crypto, tree, 0, APPLICATION, &key), NOTFOUND);
    assert_ok(secret_tree_read_end(tree));
    assert_err(secret_tree_read_end(tree), USAGE);
    assert_err(secret_tree_read_piece(tree, &piece, VIEW_OF(root)), USAGE);
    assert_ok(take(tree, 0, APPLICATION, 0));
    secret_tree_freep(&tree);
    assert_ok(secret_tree_read_begin(suite, 4, &tree));
    assert_err(secret_tree_read_end(tree), VALUE);
    assert_err(secret_tree_find(crypto, tree, 0, APPLICATION, 0, &key), NOTFOUND);
    secret_tree_free(tree);
}

static sotto_err name_read(view bytes, struct secret_tree_piece *ret_piece)
{
    struct rd r = rd_of(bytes);
    secret_tree_piece_read(&r, ret_piece);
    return rd_end(&r);
}

static void names_are_bytes_and_back(void **state)
{
    (void)state;
    static const struct {
        struct secret_tree_piece piece;
        const char *bytes;
    } rows[] = {
        {{.type = SECRET_TREE_NODE, .index = 0x01fffffe}, "01 01fffffe"},
        {{.type = SECRET_TREE_SENDER, .index = 7}, "02 00000007"},
        {{.type = SECRET_TREE_SKIPPED, .index = 7, .kind = APPLICATION, .generation = 258},
         "03 00000007 01 00000102"},
        {{.type = SECRET_TREE_SKIPPED, .index = 7, .kind = HANDSHAKE, .generation = UINT32_MAX},
         "03 00000007 00 ffffffff"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        sotto_buf name = {0};
        struct secret_tree_piece piece;
        struct wr w = wr_to(&name);
        secret_tree_piece_write(&w, &rows[i].piece);
        assert_ok(wr_end(&w));
        assert_bytes(buf_view(&name), rows[i].bytes);
        assert_ok(name_read(buf_view(&name), &piece));
        assert_int_equal(piece.type, rows[i].piece.type);
        assert_int_equal(piece.index, rows[i].piece.index);
        assert_int_equal(piece.kind, rows[i].piece.kind);
        assert_int_equal(piece.generation, rows[i].piece.generation);
        for (size_t len = 0; len < name.len; len++)
            assert_int_not_equal(name_read(view_of(name.data, len), &piece), SOTTO_OK);
        assert_ok(buf_append(&name, VIEW_LIT("x")));
        assert_err(name_read(buf_view(&name), &piece), TRAILING);
        buf_clear(&name);
    }
}

static void names_of_other_kinds_are_refused(void **state)
{
    (void)state;
    static const char *rows[] = {"00 00000000", "04 00000000", "ff 00000000",
                                 "03 00000000 02 00000000", "03 00000000 ff 00000000"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct secret_tree_piece piece;
        sotto_buf name = unhex(rows[i]);
        assert_err(name_read(buf_view(&name), &piece), VALUE);
        buf_clear(&name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_read_back_after_any_step_is_the_tree_that_was_written),
        cmocka_unit_test(a_new_tree_is_one_piece),
        cmocka_unit_test(pieces_have_the_names_and_values_that_are_written_down),
        cmocka_unit_test(keys_given_up_are_deleted),
        cmocka_unit_test(a_tree_of_another_store_is_new_as_a_whole),
        cmocka_unit_test(a_message_writes_less_than_a_kibibyte),
        cmocka_unit_test(nothing_is_remembered_for_who_never_writes),
        cmocka_unit_test(a_step_without_memory_changes_nothing),
        cmocka_unit_test(reading_without_memory_fails_and_leaks_nothing),
        cmocka_unit_test(a_tree_without_one_of_its_nodes_or_senders_is_none),
        cmocka_unit_test(a_leaf_whose_keys_come_from_two_places_is_refused),
        cmocka_unit_test(skipped_keys_must_belong_to_a_ratchet_that_passed_them),
        cmocka_unit_test(generations_of_a_sender_must_make_sense),
        cmocka_unit_test(a_sender_who_was_not_heard_is_none),
        cmocka_unit_test(values_have_one_length),
        cmocka_unit_test(a_tree_is_read_before_it_is_used_and_not_again),
        cmocka_unit_test(names_are_bytes_and_back),
        cmocka_unit_test(names_of_other_kinds_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
