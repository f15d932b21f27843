/* Joining by a Welcome that is right; what is refused of others stands in guards_welcome.c. */
#include "forged_welcome.h"

#include "mls/staged.h"

static sotto_crypto *crypto;
static const struct bend straight;

static int make_crypto(void **state)
{
    (void)state;
    return crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int free_crypto(void **state)
{
    (void)state;
    crypto_free(crypto);
    return 0;
}

/* What who made the Welcome has: the secrets of the epoch. */
static void check_secrets(struct forge *f, const struct epoch *e)
{
    DEFER(epoch_secrets_clear) struct epoch_secrets secrets = {0};
    assert_ok(key_schedule_epoch(f->c, f->suite, &f->member, buf_view(&f->context), &secrets));
    assert_true(secret_equal(&secrets.epoch_authenticator, &e->secrets.epoch_authenticator));
    assert_true(secret_equal(&secrets.membership_key, &e->secrets.membership_key));
    assert_true(secret_equal(&secrets.init_secret, &e->secrets.init_secret));
    assert_int_equal(e->secrets.confirmation_key.len, 0);
}

/* The private keys of the own leaf and of each parent that the path reached above it fit the tree. */
static void check_keys(const struct forge *f, const struct epoch *e)
{
    uint32_t known = 0;
    for (uint32_t node = 0; node < tree_node_count(e->tree); node++) {
        const struct kem_key *key = treekem_private_find(&e->keys, node);
        if (key == NULL)
            continue;
        known++;
        assert_true(view_equal(kem_key_public(key),
                               tree_node_key(tree_node(e->tree, node), TREE_ENCRYPTION_KEY)));
    }
    assert_int_equal(known, f->has_path ? 2 : 1); /* 5 and 0 meet at the root */
}

static void check_state(struct forge *f, const sotto_staged *staged)
{
    const struct epoch *e = staged->next;
    sotto_buf tree = {0};
    assert_true(view_equal(buf_view(&e->encoded_context), buf_view(&f->context)));
    assert_int_equal(e->own_leaf, FORGE_MEMBERS - 1);
    assert_ok(sotto_staged_tree(staged, &tree));
    assert_true(view_equal(buf_view(&tree), buf_view(&f->tree_bytes)));
    check_secrets(f, e);
    check_keys(f, e);
    buf_clear(&tree);
}

static void check_change(const struct forge *f, const sotto_mls_change *change)
{
    assert_null(change->group);
    assert_true(view_equal(change->group_id, GROUP_ID));
    assert_int_equal(change->epoch, 1);
    assert_int_equal(change->suite, f->suite->id);
    assert_false(change->own);
    assert_int_equal(change->sender_type, SOTTO_MLS_MEMBER);
    assert_int_equal(change->sender, f->signer);
    assert_int_equal(change->proposal_count, 0);
    assert_int_equal(change->has_path, f->has_path);
    assert_int_equal(change->committer_before.index, UINT32_MAX);
    assert_int_equal(change->committer_after.index, f->signer);
}

static void join_with(const struct mls_suite *suite, const struct bend *bend)
{
    struct forge f;
    sotto_staged *staged = NULL;
    sotto_group *g = NULL;
    forge_init(crypto, suite, bend, &f);
    forge_make(&f);
    assert_ok(forge_join(&f, &staged));
    assert_int_equal(f.mls.check, 0);
    check_state(&f, staged);
    check_change(&f, sotto_staged_change(staged));
    assert_ok(sotto_staged_merge(&f.mls, &g, &staged));
    assert_null(staged);
    assert_true(sotto_group_is_active(g));
    assert_int_equal(sotto_group_own_leaf(g), FORGE_MEMBERS - 1);
    assert_int_equal(sotto_group_member_count(g), FORGE_MEMBERS);
    sotto_group_free(g);
    forge_clear(&f);
}

static void a_client_joins_in_each_suite(void **state)
{
    (void)state;
    size_t count;
    const struct mls_suite *suites = mls_suite_all(&count);
    for (size_t i = 0; i < count; i++)
        join_with(&suites[i], &straight);
}

static void beside(struct forge *f)
{
    f->tree_beside = true;
}

static void the_tree_may_come_beside_the_welcome(void **state)
{
    (void)state;
    join_with(mls_suite_find(1), &(struct bend){.forge = beside});
}

static void pathless(struct forge *f)
{
    f->has_path = false;
}

static void a_commit_without_a_path_brings_members_in(void **state)
{
    (void)state;
    join_with(mls_suite_find(1), &(struct bend){.forge = pathless});
}

static void with_psks(struct forge *f)
{
    static const uint8_t nonce[HASH_MAX] = {1};
    static const char *const names[] = {"one", "two", "three"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        f->psks[f->psk_count++] =
            (struct pre_shared_key){.id = {.psktype = PSK_EXTERNAL,
                                           .psk_id = view_str(names[i]),
                                           .psk_nonce = view_of(nonce, f->suite->hash_len)},
                                    .psk = view_str(names[i])};
}

static void psks_are_asked_of_the_application(void **state)
{
    (void)state;
    join_with(mls_suite_find(1), &(struct bend){.forge = with_psks});
}

/* Lifetimes of all members are over, or not begun: that keeps nobody out. */
static void late(struct forge *f)
{
    f->mls.now_s = 5000;
}

static void members_whose_lifetime_is_over_keep_nobody_out(void **state)
{
    (void)state;
    join_with(mls_suite_find(1), &(struct bend){.forge = late});
}

static unsigned jobs;

static void spread(void *context, void (*job)(void *work, sotto_crypto *c, uint32_t number),
                   void *work, uint32_t count)
{
    (void)context;
    jobs = count;
    for (uint32_t i = count; i > 0; i--)
        job(work, crypto, i - 1);
}

static void with_spread(struct forge *f)
{
    f->rules.spread = spread;
}

static void signatures_are_spread_over_threads(void **state)
{
    (void)state;
    jobs = 0;
    join_with(mls_suite_find(1), &(struct bend){.forge = with_spread});
    assert_true(jobs > 0);
}

static uint32_t asked;

static sotto_err ask(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    assert_null(before);
    assert_int_equal(leaf->index, asked++);
    assert_int_equal(leaf->credential.type, SOTTO_MLS_BASIC);
    return SOTTO_OK;
}

static void with_credentials(struct forge *f)
{
    f->rules.credential = ask;
}

static void the_application_is_asked_about_each_member(void **state)
{
    (void)state;
    asked = 0;
    join_with(mls_suite_find(1), &(struct bend){.forge = with_credentials});
    assert_int_equal(asked, FORGE_MEMBERS);
}

static void a_welcome_says_whom_it_is_for(void **state)
{
    (void)state;
    struct forge f;
    uint8_t ref[HASH_MAX];
    view found = {0};
    forge_init(crypto, mls_suite_find(1), &straight, &f);
    forge_make(&f);
    assert_ok(key_package_ref(crypto, f.suite, buf_view(&f.package), ref));
    assert_true(sotto_mls_welcome_for(buf_view(&f.welcome), 0, &found));
    assert_true(view_equal(found, view_of(ref, f.suite->hash_len)));
    assert_false(sotto_mls_welcome_for(buf_view(&f.welcome), 1, &found));
    assert_false(sotto_mls_welcome_for(buf_view(&f.package), 0, &found));
    assert_false(sotto_mls_welcome_for((view){0}, 0, &found));
    forge_clear(&f);
}

/* Nothing that is cut off, nor anything with a byte more, is a Welcome. */
static void a_welcome_is_taken_whole(void **state)
{
    (void)state;
    struct forge f;
    sotto_staged *staged = NULL;
    forge_init(crypto, mls_suite_find(1), &straight, &f);
    forge_make(&f);
    size_t len = f.welcome.len;
    for (size_t cut = 0; cut < len; cut += cut < 200 ? 1 : 97) {
        f.welcome.len = cut;
        assert_int_not_equal(forge_join(&f, &staged), SOTTO_OK);
    }
    f.welcome.len = len;
    assert_ok(buf_append(&f.welcome, VIEW_LIT("x")));
    assert_err(forge_join(&f, &staged), TRAILING);
    assert_null(staged);
    forge_clear(&f);
}

/* Two million blank nodes, and a member behind them. */
static void vast(struct forge *f, sotto_mls_join_options *options)
{
    DEFER(buf_clear) sotto_buf nodes = {0};
    uint8_t *blank;
    struct wr w = wr_to(&nodes);
    size_t count = 2 * (size_t)MLS_JOIN_LEAF_LIMIT;
    assert_ok(buf_extend(&nodes, count, &blank));
    memset(blank, 0, count);
    wr_u8(&w, 1);
    wr_u8(&w, NODE_LEAF);
    wr_bytes(&w, buf_view(&f->members[0].leaf));
    assert_ok(wr_end(&w));
    buf_reset(&f->scratch);
    w = wr_to(&f->scratch);
    wr_opaque(&w, buf_view(&nodes));
    assert_ok(wr_end(&w));
    options->tree = buf_view(&f->scratch);
}

static void a_vast_tree_is_refused_before_it_takes_memory(void **state)
{
    (void)state;
    struct forge f;
    sotto_staged *staged = NULL;
    const struct bend bend = {.join = vast};
    forge_init(crypto, mls_suite_find(1), &bend, &f);
    forge_make(&f);
    assert_err(forge_join(&f, &staged), TOO_LARGE);
    assert_null(staged);
    forge_clear(&f);
}

static void what_is_no_welcome_is_refused(void **state)
{
    (void)state;
    struct forge f;
    sotto_staged *staged = NULL;
    forge_init(crypto, mls_suite_find(1), &straight, &f);
    forge_make(&f);
    buf_clear(&f.welcome);
    struct wr w = wr_to(&f.welcome);
    wr_u16(&w, PROTOCOL_MLS10);
    wr_u16(&w, WIRE_KEY_PACKAGE);
    wr_bytes(&w, buf_view(&f.package));
    assert_ok(wr_end(&w));
    assert_err(forge_join(&f, &staged), UNEXPECTED);
    memset(f.mls.seed, 0, sizeof f.mls.seed);
    assert_err(forge_join(&f, &staged), USAGE);
    forge_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_joins_in_each_suite),
        cmocka_unit_test(the_tree_may_come_beside_the_welcome),
        cmocka_unit_test(a_commit_without_a_path_brings_members_in),
        cmocka_unit_test(psks_are_asked_of_the_application),
        cmocka_unit_test(members_whose_lifetime_is_over_keep_nobody_out),
        cmocka_unit_test(signatures_are_spread_over_threads),
        cmocka_unit_test(the_application_is_asked_about_each_member),
        cmocka_unit_test(a_welcome_says_whom_it_is_for),
        cmocka_unit_test(a_welcome_is_taken_whole),
        cmocka_unit_test(a_vast_tree_is_refused_before_it_takes_memory),
        cmocka_unit_test(what_is_no_welcome_is_refused),
    };
    return cmocka_run_group_tests(tests, make_crypto, free_crypto);
}
