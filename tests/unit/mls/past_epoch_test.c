#include "mls/past_epoch.h"

#include "../crypto/handle.h"
#include "members.h"

/* Epochs that are made of a tree and two secrets alone: what is kept of them. */

struct group {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    struct tree *tree; /* of the present epoch */
    struct past_epochs past;
    uint64_t number;
};

static void group_begin(struct group *g, sotto_crypto *c)
{
    static const uint8_t seed[RNG_SEED] = {3};
    *g = (struct group){.c = c, .suite = mls_suite_find(1), .rng = rng_from(seed)};
    assert_ok(tree_new(g->suite, tree_seed, &g->tree));
}

static void group_end(struct group *g)
{
    past_epochs_clear(&g->past);
    tree_free(g->tree);
}

static struct member arrival(struct group *g)
{
    uint32_t leaf_index;
    struct member m = member_new(g->c, g->suite, &g->rng);
    assert_ok(tree_add(g->tree, buf_view(&m.leaf), &leaf_index));
    return m;
}

static struct epoch *epoch_of(struct group *g)
{
    struct epoch *e = NULL;
    struct secret encryption = {.len = g->suite->hash_len};
    assert_ok(epoch_new(g->suite, &e));
    assert_ok(tree_clone(g->tree, &e->tree));
    assert_ok(epoch_set_context(g->c, e, GROUP_ID, g->number, (view){0}, (view){0}));
    secret_resize(&e->secrets.resumption_psk, g->suite->hash_len);
    e->secrets.resumption_psk.data[0] = (uint8_t)g->number;
    assert_ok(secret_tree_new(g->suite, tree_leaf_count(e->tree), &encryption, &e->secret_tree));
    return e;
}

/* Ends an epoch, when g->tree has become that of the next. */
static void pass(struct group *g, struct epoch *e, uint64_t now_s, size_t keep)
{
    struct past_epoch *past = NULL;
    assert_ok(past_epoch_new(e, g->tree, now_s, &past));
    assert_null(e->secret_tree);
    past_epochs_push(&g->past, past, keep);
    epoch_free(e);
    g->number++;
}

/* The key that a leaf had in an epoch, as message protection sees it. */
static sotto_err key_at(const struct group *g, uint64_t number, uint32_t leaf_index, view *ret_key)
{
    struct group_context context;
    struct message_protection p;
    const struct past_members members = {&g->past, past_epochs_find(&g->past, number), g->tree};
    assert_true(members.place < PAST_EPOCHS_MAX);
    assert_ok(past_epoch_protection(&members, &context, &p));
    assert_int_equal(p.epoch, number);
    assert_true(view_equal(p.group_id, GROUP_ID));
    return p.signature_key(p.members, leaf_index, ret_key);
}

static void assert_key(const struct group *g, uint64_t number, uint32_t leaf_index,
                       const struct member *m)
{
    view key = {0};
    assert_ok(key_at(g, number, leaf_index, &key));
    assert_true(view_equal(key, sign_key_public(m->sign_key)));
}

static void each_epoch_keeps_its_own_members(void **state)
{
    struct group g;
    view key = {0};
    group_begin(&g, *state);
    struct member first = arrival(&g), second = arrival(&g);
    struct epoch *e = epoch_of(&g); /* 0: first, second */
    assert_ok(tree_remove(g.tree, 1));
    pass(&g, e, 10, 5);
    e = epoch_of(&g); /* 1: first */
    struct member third = arrival(&g);
    pass(&g, e, 20, 5);
    e = epoch_of(&g); /* 2: first, third */
    struct member fourth = arrival(&g);
    pass(&g, e, 30, 5);
    /* present: first, third, fourth */
    assert_key(&g, 0, 0, &first);
    assert_key(&g, 0, 1, &second);
    assert_err(key_at(&g, 0, 2, &key), NOTFOUND);
    assert_key(&g, 1, 0, &first);
    assert_err(key_at(&g, 1, 1, &key), NOTFOUND);
    assert_key(&g, 2, 1, &third);
    assert_err(key_at(&g, 2, 2, &key), NOTFOUND);
    assert_err(key_at(&g, 2, 77, &key), NOTFOUND);
    assert_int_equal(g.past.items[0]->leaf_count, 1);
    struct member *members[] = {&first, &second, &third, &fourth};
    for (size_t i = 0; i < COUNT_OF(members); i++)
        member_clear(members[i]);
    group_end(&g);
}

static void a_leaf_that_only_took_another_encryption_key_is_not_noted(void **state)
{
    struct group g;
    group_begin(&g, *state);
    struct member m = arrival(&g);
    struct epoch *e = epoch_of(&g);
    kem_key_free(m.kem_key);
    m.kem_key = fresh_kem_key(g.c, g.suite, &g.rng);
    struct profile p = profile_usual(g.suite);
    member_sign(g.c, &m, &p);
    assert_ok(tree_update(g.tree, 0, buf_view(&m.leaf)));
    pass(&g, e, 10, 5);
    assert_int_equal(g.past.items[0]->leaf_count, 0);
    assert_key(&g, 0, 0, &m);
    member_clear(&m);
    group_end(&g);
}

static void the_newest_stay(void **state)
{
    struct group g;
    group_begin(&g, *state);
    struct member m = arrival(&g);
    for (uint64_t i = 0; i < 6; i++)
        pass(&g, epoch_of(&g), 100 + i, 3);
    assert_int_equal(g.past.count, 3);
    assert_int_equal(past_epochs_find(&g.past, 5), 0);
    assert_int_equal(past_epochs_find(&g.past, 3), 2);
    assert_int_equal(past_epochs_find(&g.past, 2), PAST_EPOCHS_MAX);
    assert_int_equal(g.past.items[2]->resumption_psk.data[0], 3);
    past_epochs_expire(&g.past, 104); /* that of epoch 3 ended at 103 */
    assert_int_equal(g.past.count, 2);
    past_epochs_keep(&g.past, 1);
    assert_int_equal(past_epochs_find(&g.past, 5), 0);
    assert_int_equal(past_epochs_find(&g.past, 4), PAST_EPOCHS_MAX);
    pass(&g, epoch_of(&g), 200, 0);
    assert_int_equal(g.past.count, 0);
    member_clear(&m);
    group_end(&g);
}

static void as_many_are_kept_as_there_is_room_for(void **state)
{
    struct group g;
    group_begin(&g, *state);
    struct member m = arrival(&g);
    for (uint64_t i = 0; i < PAST_EPOCHS_MAX + 2; i++)
        pass(&g, epoch_of(&g), i, PAST_EPOCHS_MAX);
    assert_int_equal(g.past.count, PAST_EPOCHS_MAX);
    assert_key(&g, 2, 0, &m);
    assert_int_equal(past_epochs_find(&g.past, 1), PAST_EPOCHS_MAX);
    member_clear(&m);
    group_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_epoch_keeps_its_own_members),
        cmocka_unit_test(a_leaf_that_only_took_another_encryption_key_is_not_noted),
        cmocka_unit_test(the_newest_stay),
        cmocka_unit_test(as_many_are_kept_as_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
