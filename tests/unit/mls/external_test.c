/* Joining by a commit of one's own, with a GroupInfo that a member hands out. */
#include "peers.h"

#include "mls/staged.h"

#define PEERS 5u

static struct peer peers[PEERS];
static sotto_crypto *crypto;

static int setup(void **state)
{
    (void)state;
    return sotto_crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    sotto_crypto_free(crypto);
    return 0;
}

static void peers_make(uint16_t suite)
{
    for (unsigned i = 0; i < PEERS; i++)
        peer_init(&peers[i], crypto, suite, i + 1);
}

static void peers_end(void)
{
    for (unsigned i = 0; i < PEERS; i++)
        peer_clear(&peers[i]);
}

static sotto_buf info_of(struct peer *p, bool with_tree)
{
    sotto_buf info = {0};
    assert_ok(sotto_group_info(&p->m, p->group, with_tree, true, &info));
    return info;
}

static sotto_staged *join(struct peer *p, view info, const sotto_mls_join_options *options)
{
    sotto_staged *staged = NULL;
    sotto_err err = sotto_mls_join_external(&p->m, &p->client, info, options, &staged);
    if (err != SOTTO_OK)
        print_message("%s joins: %s, check %u\n", p->name, sotto_err_name(err), p->m.check);
    assert_ok(err);
    return staged;
}

/* All members take the commit in, and then the joiner. */
static void enter(struct peer *p, sotto_staged **staged)
{
    struct peer *other = NULL;
    for (unsigned i = 0; i < PEERS; i++) {
        if (&peers[i] == p || peers[i].group == NULL)
            continue;
        other = &peers[i];
        peer_process(other, sotto_staged_commit(*staged));
    }
    sotto_group_free(p->group);
    p->group = NULL;
    assert_ok(sotto_staged_merge(&p->m, &p->group, staged));
    assert_null(*staged);
    peers_agree(p, other);
}

static void everybody_hears_everybody(void)
{
    for (unsigned i = 0; i < PEERS; i++) {
        if (peers[i].group == NULL)
            continue;
        sotto_buf said = peer_say(&peers[i], "here I am");
        for (unsigned k = 0; k < PEERS; k++)
            if (k != i && peers[k].group != NULL)
                peer_hears(&peers[k], buf_view(&said), "here I am",
                           sotto_group_own_leaf(peers[i].group));
        buf_clear(&said);
    }
}

static void who_has_a_group_info_joins_in_every_suite(void **state)
{
    (void)state;
    uint16_t suite;
    for (size_t i = 0; (suite = sotto_suite_at(i)) != 0; i++) {
        peers_make(suite);
        peers_found(peers, 3, NULL);
        sotto_buf info = info_of(&peers[1], true);
        sotto_staged *staged = join(&peers[3], buf_view(&info), NULL);
        enter(&peers[3], &staged);
        everybody_hears_everybody();
        peers_commit(peers, 4, 3, NULL, 0);
        peers_commit(peers, 4, 0, NULL, 0);
        buf_clear(&info);
        peers_end();
    }
}

static void a_group_of_one_can_be_joined(void **state)
{
    (void)state;
    peers_make(1);
    peer_create(&peers[0], NULL);
    sotto_buf info = info_of(&peers[0], true);
    sotto_staged *staged = join(&peers[1], buf_view(&info), NULL);
    enter(&peers[1], &staged);
    everybody_hears_everybody();
    buf_clear(&info);
    peers_end();
}

static void the_tree_may_come_beside_the_group_info(void **state)
{
    (void)state;
    sotto_buf tree = {0};
    sotto_staged *staged = NULL;
    peers_make(1);
    peers_found(peers, 2, NULL);
    sotto_buf info = info_of(&peers[0], false);
    assert_ok(sotto_group_tree(peers[0].group, &tree));
    assert_err(
        sotto_mls_join_external(&peers[2].m, &peers[2].client, buf_view(&info), NULL, &staged),
        MISSING);
    assert_int_equal(peers[2].m.check, CHECK_GROUP_INFO_TREE);
    staged = join(&peers[2], buf_view(&info), &(sotto_mls_join_options){.tree = buf_view(&tree)});
    enter(&peers[2], &staged);
    buf_clear(&tree);
    buf_clear(&info);
    peers_end();
}

static void the_change_is_shown_before_it_takes_effect(void **state)
{
    (void)state;
    peers_make(1);
    peers_found(peers, 3, NULL);
    sotto_buf info = info_of(&peers[0], true);
    sotto_staged *staged = join(&peers[3], buf_view(&info), NULL);
    const sotto_mls_change *change = sotto_staged_change(staged);
    assert_null(change->group);
    assert_true(change->own && change->has_path);
    assert_int_equal(change->sender_type, SOTTO_MLS_NEW_MEMBER_COMMIT);
    assert_int_equal(change->epoch, 2);
    assert_int_equal(change->proposal_count, 1);
    assert_int_equal(change->proposals[0].proposal.type, SOTTO_MLS_EXTERNAL_INIT);
    assert_int_equal(change->committer_before.index, UINT32_MAX);
    assert_int_equal(change->committer_after.index, 3);
    assert_true(view_equal(change->committer_after.credential.content, view_str(peers[3].name)));
    sotto_mls_event event = peer_receive(&peers[1], sotto_staged_commit(staged));
    const sotto_mls_change *theirs = sotto_staged_change(event.staged);
    assert_false(theirs->own);
    assert_int_equal(theirs->sender_type, SOTTO_MLS_NEW_MEMBER_COMMIT);
    assert_int_equal(theirs->sender, 3);
    assert_int_equal(theirs->committer_before.index, UINT32_MAX);
    sotto_mls_event_clear(&event);
    sotto_staged_free(staged);
    buf_clear(&info);
    peers_end();
}

static void who_lost_its_state_joins_again_in_its_own_place(void **state)
{
    (void)state;
    peers_make(1);
    peers_found(peers, 4, NULL);
    sotto_buf info = info_of(&peers[0], true);
    uint32_t old = sotto_group_own_leaf(peers[2].group);
    sotto_staged *staged = join(&peers[2], buf_view(&info),
                                &(sotto_mls_join_options){.rejoin = true, .rejoin_index = old});
    assert_int_equal(sotto_staged_change(staged)->proposal_count, 2);
    enter(&peers[2], &staged);
    assert_int_equal(sotto_group_own_leaf(peers[2].group), old);
    assert_int_equal(sotto_group_member_count(peers[0].group), 4);
    everybody_hears_everybody();
    buf_clear(&info);
    peers_end();
}

/* Its old leaf is still there, with the same signature key. */
static void who_does_not_remove_its_old_leaf_stays_out(void **state)
{
    (void)state;
    sotto_staged *staged = NULL;
    peers_make(1);
    peers_found(peers, 3, NULL);
    sotto_buf info = info_of(&peers[0], true);
    assert_err(
        sotto_mls_join_external(&peers[2].m, &peers[2].client, buf_view(&info), NULL, &staged),
        VALUE);
    assert_int_equal(peers[2].m.check, CHECK_LEAF_SIGNATURE_KEY_UNIQUE);
    buf_clear(&info);
    peers_end();
}

static void nobody_takes_the_place_of_another(void **state)
{
    (void)state;
    sotto_staged *staged = NULL;
    peers_make(1);
    peers_found(peers, 3, NULL);
    sotto_buf info = info_of(&peers[0], true);
    assert_err(sotto_mls_join_external(&peers[3].m, &peers[3].client, buf_view(&info),
                                       &(sotto_mls_join_options){.rejoin = true, .rejoin_index = 1},
                                       &staged),
               CERTIFICATE);
    assert_err(sotto_mls_join_external(&peers[3].m, &peers[3].client, buf_view(&info),
                                       &(sotto_mls_join_options){.rejoin = true, .rejoin_index = 9},
                                       &staged),
               NOTFOUND);
    assert_null(staged);
    buf_clear(&info);
    peers_end();
}

static sotto_err psk_rule(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    (void)context;
    return view_equal(id->id, VIEW_LIT("paper"))
               ? sotto_buf_set(ret_psk, VIEW_LIT("a word on paper"))
               : SOTTO_E_NOTFOUND;
}

static void a_pre_shared_key_goes_in(void **state)
{
    (void)state;
    const sotto_mls_rules rules = {.psk = psk_rule};
    const sotto_mls_psk_id paper = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_LIT("paper")};
    const sotto_mls_psk_id stone = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_LIT("stone")};
    sotto_staged *staged = NULL;
    peers_make(1);
    for (unsigned i = 0; i < PEERS; i++)
        peers[i].m.rules = &rules;
    peers_found(peers, 3, NULL);
    sotto_buf info = info_of(&peers[0], true);
    assert_err(sotto_mls_join_external(&peers[3].m, &peers[3].client, buf_view(&info),
                                       &(sotto_mls_join_options){.psks = &stone, .psk_count = 1},
                                       &staged),
               NOTFOUND);
    assert_int_equal(peers[3].m.check, CHECK_PSK_KNOWN);
    staged =
        join(&peers[3], buf_view(&info), &(sotto_mls_join_options){.psks = &paper, .psk_count = 1});
    enter(&peers[3], &staged);
    buf_clear(&info);
    peers_end();
}

/* Of two who join at once one wins; the other takes a new GroupInfo. */
static void a_group_info_is_good_for_one_epoch(void **state)
{
    (void)state;
    sotto_mls_event event = {0};
    peers_make(1);
    peers_found(peers, 2, NULL);
    sotto_buf info = info_of(&peers[0], true);
    sotto_staged *first = join(&peers[2], buf_view(&info), NULL);
    sotto_staged *second = join(&peers[3], buf_view(&info), NULL);
    enter(&peers[2], &first);
    assert_int_not_equal(
        sotto_group_receive(&peers[0].m, peers[0].group, sotto_staged_commit(second), &event),
        SOTTO_OK);
    assert_int_equal(peers[0].m.check, CHECK_MESSAGE_EPOCH);
    sotto_staged_free(second);
    buf_clear(&info);
    info = info_of(&peers[2], true);
    second = join(&peers[3], buf_view(&info), NULL);
    enter(&peers[3], &second);
    everybody_hears_everybody();
    buf_clear(&info);
    peers_end();
}

/* What the GroupInfo of a staged commit says is what others find once it was accepted. */
static void a_group_info_can_be_made_of_an_epoch_to_come(void **state)
{
    (void)state;
    sotto_buf info = {0}, tree = {0}, later = {0};
    peers_make(1);
    peers_found(peers, 3, NULL);
    sotto_staged *staged = peer_commit(&peers[0], NULL, 0);
    assert_ok(sotto_staged_group_info(&peers[0].m, staged, true, true, &info));
    assert_ok(sotto_staged_tree(staged, &tree));
    peer_process(&peers[1], sotto_staged_commit(staged));
    peer_process(&peers[2], sotto_staged_commit(staged));
    peer_merge(&peers[0], &staged);
    assert_ok(sotto_group_tree(peers[1].group, &later));
    assert_true(view_equal(buf_view(&tree), buf_view(&later)));
    staged = join(&peers[3], buf_view(&info), NULL);
    enter(&peers[3], &staged);
    buf_clear(&info);
    buf_clear(&tree);
    buf_clear(&later);
    peers_end();
}

static void a_client_of_another_suite_stays_out(void **state)
{
    (void)state;
    sotto_staged *staged = NULL;
    peers_make(1);
    peers_found(peers, 2, NULL);
    sotto_buf info = info_of(&peers[0], true);
    peer_clear(&peers[2]);
    peer_init(&peers[2], crypto, 3, 9);
    assert_err(
        sotto_mls_join_external(&peers[2].m, &peers[2].client, buf_view(&info), NULL, &staged),
        VALUE);
    assert_int_equal(peers[2].m.check, CHECK_WELCOME_GROUP_INFO_SUITE);
    peer_clear(&peers[2]);
    peer_init(&peers[2], crypto, 2, 9);
    assert_err(
        sotto_mls_join_external(&peers[2].m, &peers[2].client, buf_view(&info), NULL, &staged),
        VALUE);
    assert_int_equal(peers[2].m.check, CHECK_WELCOME_GROUP_INFO_SUITE);
    peers[2].client.suite = 77;
    assert_err(
        sotto_mls_join_external(&peers[2].m, &peers[2].client, buf_view(&info), NULL, &staged),
        UNSUPPORTED);
    assert_err(sotto_mls_join_external(&peers[3].m, &peers[3].client, peer_publish(&peers[3]), NULL,
                                       &staged),
               UNEXPECTED);
    peers[3].client.sign_key = NULL;
    assert_err(
        sotto_mls_join_external(&peers[3].m, &peers[3].client, buf_view(&info), NULL, &staged),
        USAGE);
    buf_clear(&info);
    peers_end();
}

static void who_left_hands_out_no_group_info(void **state)
{
    (void)state;
    sotto_buf info = {0};
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 1};
    peers_make(1);
    peers_found(peers, 3, NULL);
    sotto_staged *staged = peer_commit(&peers[0], &remove, 1);
    sotto_mls_event event = peer_receive(&peers[1], sotto_staged_commit(staged));
    assert_true(sotto_staged_change(event.staged)->removes_us);
    assert_err(sotto_staged_group_info(&peers[1].m, event.staged, true, true, &info), NOT_NOW);
    assert_err(sotto_staged_tree(event.staged, &info), NOT_NOW);
    peer_merge(&peers[1], &event.staged);
    sotto_mls_event_clear(&event);
    assert_err(sotto_group_info(&peers[1].m, peers[1].group, true, true, &info), NOT_NOW);
    sotto_staged_free(staged);
    peers_end();
}

static sotto_err refuse(void *context, const sotto_mls_change *change)
{
    (void)context;
    (void)change;
    return SOTTO_E_PERMISSION;
}

static void the_application_may_refuse_to_join(void **state)
{
    (void)state;
    const sotto_mls_rules rules = {.commit = refuse};
    sotto_staged *staged = NULL;
    peers_make(1);
    peers_found(peers, 2, NULL);
    sotto_buf info = info_of(&peers[0], true);
    peers[2].m.rules = &rules;
    assert_int_not_equal(
        sotto_mls_join_external(&peers[2].m, &peers[2].client, buf_view(&info), NULL, &staged),
        SOTTO_OK);
    assert_int_equal(peers[2].m.check, CHECK_COMMIT_POLICY);
    assert_null(staged);
    buf_clear(&info);
    peers_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_a_group_info_joins_in_every_suite),
        cmocka_unit_test(a_group_of_one_can_be_joined),
        cmocka_unit_test(the_tree_may_come_beside_the_group_info),
        cmocka_unit_test(the_change_is_shown_before_it_takes_effect),
        cmocka_unit_test(who_lost_its_state_joins_again_in_its_own_place),
        cmocka_unit_test(who_does_not_remove_its_old_leaf_stays_out),
        cmocka_unit_test(nobody_takes_the_place_of_another),
        cmocka_unit_test(a_pre_shared_key_goes_in),
        cmocka_unit_test(a_group_info_is_good_for_one_epoch),
        cmocka_unit_test(a_group_info_can_be_made_of_an_epoch_to_come),
        cmocka_unit_test(a_client_of_another_suite_stays_out),
        cmocka_unit_test(who_left_hands_out_no_group_info),
        cmocka_unit_test(the_application_may_refuse_to_join),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
