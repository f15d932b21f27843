/* Groups that take the place of others, or branch from them. */
#include "peers.h"

#include "mls/check.h"

#define PEERS 4u

static struct peer peers[PEERS]; /* the last one is no member of the old group */
static struct peer again[PEERS]; /* the same in the new group, perhaps of another suite */
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

static void peers_make(uint16_t suite, uint16_t suite_after)
{
    for (unsigned i = 0; i < PEERS; i++) {
        peer_init(&peers[i], crypto, suite, i + 1);
        peer_init(&again[i], crypto, suite_after, i + 1);
        again[i].m.seed[20] = 7; /* the same people, but no randomness twice */
    }
    peers_found(peers, PEERS - 1, NULL);
}

static void peers_end(void)
{
    for (unsigned i = 0; i < PEERS; i++) {
        peer_clear(&peers[i]);
        peer_clear(&again[i]);
    }
}

static void end_by_reinit(uint16_t suite, view extensions)
{
    const sotto_mls_proposal reinit = {.type = SOTTO_MLS_REINIT,
                                       .group_id = VIEW_LIT("the next one"),
                                       .suite = suite,
                                       .extensions = extensions};
    sotto_staged *staged = peer_commit(&peers[0], &reinit, 1);
    peer_process(&peers[1], sotto_staged_commit(staged));
    peer_process(&peers[2], sotto_staged_commit(staged));
    peer_merge(&peers[0], &staged);
}

/* The creator's side: peer `by`, with KeyPackages of others. */
struct making {
    sotto_view members[PEERS];
    size_t count;
    sotto_staged *staged;
};

static void invite(struct making *m, unsigned who)
{
    m->members[m->count++] = peer_publish(&again[who]);
}

static sotto_err reinit(struct making *m, unsigned by)
{
    return sotto_group_reinit(&again[by].m, peers[by].group, &again[by].client, m->members,
                              m->count, false, &again[by].group, &m->staged);
}

static sotto_err branch(struct making *m, unsigned by)
{
    return sotto_group_branch(&again[by].m, peers[by].group, &again[by].client,
                              VIEW_LIT("a side room"), (view){0}, m->members, m->count, false,
                              &again[by].group, &m->staged);
}

static sotto_err join(struct making *m, unsigned who, const sotto_group *predecessor)
{
    const sotto_mls_join_options options = {.predecessor = predecessor};
    sotto_staged *staged = NULL;
    sotto_err err = sotto_mls_join(&again[who].m, sotto_staged_welcome(m->staged),
                                   buf_view(&again[who].private_part), &options, &staged);
    if (err == SOTTO_OK)
        assert_ok(sotto_staged_merge(&again[who].m, &again[who].group, &staged));
    assert_null(staged);
    return err;
}

static void talk(unsigned a, unsigned b)
{
    peers_agree(&again[a], &again[b]);
    sotto_buf said = peer_say(&again[a], "moved");
    peer_hears(&again[b], buf_view(&said), "moved", sotto_group_own_leaf(again[a].group));
    buf_clear(&said);
}

static void a_group_goes_on_with_another_suite(void **state)
{
    (void)state;
    struct making m = {0};
    sotto_buf extensions = {0};
    const uint16_t basic = SOTTO_MLS_BASIC;
    assert_ok(sotto_mls_require(&extensions, NULL, 0, NULL, 0, &basic, 1));
    peers_make(1, 2);
    end_by_reinit(2, buf_view(&extensions));
    invite(&m, 0);
    invite(&m, 2);
    assert_ok(reinit(&m, 1)); /* not who committed the ReInit */
    assert_int_equal(sotto_group_epoch(again[1].group), 0);
    assert_ok(join(&m, 0, peers[0].group));
    assert_ok(join(&m, 2, peers[2].group));
    peer_merge(&again[1], &m.staged);
    assert_int_equal(sotto_group_epoch(again[1].group), 1);
    assert_int_equal(sotto_group_suite(again[0].group), 2);
    assert_true(view_equal(sotto_group_id(again[0].group), VIEW_LIT("the next one")));
    assert_true(view_equal(sotto_group_extensions(again[0].group), buf_view(&extensions)));
    talk(1, 0);
    talk(2, 1);
    buf_clear(&extensions);
    peers_end();
}

static void a_reinit_takes_all_members_along(void **state)
{
    (void)state;
    struct making m = {0};
    peers_make(1, 1);
    end_by_reinit(1, (view){0});
    invite(&m, 1);
    assert_err(reinit(&m, 0), VALUE);
    assert_int_equal(again[0].m.check, CHECK_REINIT_MEMBERS);
    assert_int_equal(again[0].m.check_where, 2);
    assert_null(again[0].group);
    assert_null(m.staged);
    invite(&m, 2);
    assert_ok(reinit(&m, 0));
    sotto_staged_free(m.staged);
    peers_end();
}

static void a_reinit_is_what_the_members_agreed_on(void **state)
{
    (void)state;
    struct making m = {0};
    peers_make(1, 2);
    invite(&m, 1);
    invite(&m, 2);
    assert_err(reinit(&m, 0), USAGE); /* nobody did */
    end_by_reinit(3, (view){0});
    assert_err(reinit(&m, 0), VALUE);
    assert_int_equal(again[0].m.check, CHECK_REINIT_GROUP);
    peers_end();
}

/* Who was not there has no PSK of the old group. */
static void strangers_do_not_follow(void **state)
{
    (void)state;
    struct making m = {0};
    peers_make(1, 1);
    end_by_reinit(1, (view){0});
    for (unsigned i = 1; i < PEERS; i++)
        invite(&m, i);
    assert_ok(reinit(&m, 0)); /* that all old members are there is what the RFC demands */
    assert_err(join(&m, 3, NULL), NOTFOUND);
    assert_int_equal(again[3].m.check, CHECK_WELCOME_PSK_KNOWN);
    assert_ok(join(&m, 1, peers[1].group));
    sotto_staged_free(m.staged);
    peers_end();
}

static void some_members_branch_off(void **state)
{
    (void)state;
    struct making m = {0};
    peers_make(1, 1);
    invite(&m, 2);
    assert_ok(branch(&m, 0));
    assert_ok(join(&m, 2, peers[2].group));
    peer_merge(&again[0], &m.staged);
    assert_int_equal(sotto_group_member_count(again[2].group), 2);
    assert_true(sotto_group_is_active(peers[0].group));
    talk(0, 2);
    peers_commit(peers, 3, 1, NULL, 0); /* the group beside goes on */
    peers_end();
}

static void nobody_else_is_taken_into_a_branch(void **state)
{
    (void)state;
    struct making m = {0};
    peers_make(1, 1);
    invite(&m, 1);
    invite(&m, 3);
    assert_err(branch(&m, 0), VALUE);
    assert_int_equal(again[0].m.check, CHECK_BRANCH_MEMBERS);
    assert_null(again[0].group);
    peers_end();
}

static void a_branch_keeps_the_suite(void **state)
{
    (void)state;
    struct making m = {0};
    peers_make(1, 2);
    invite(&m, 1);
    assert_err(branch(&m, 0), VALUE);
    assert_int_equal(again[0].m.check, CHECK_BRANCH_GROUP);
    peers_end();
}

static void who_was_removed_can_not_branch(void **state)
{
    (void)state;
    struct making m = {0};
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 1};
    peers_make(1, 1);
    peers_commit(peers, 3, 0, &remove, 1);
    invite(&m, 0);
    assert_err(branch(&m, 1), NOT_NOW);
    peers_end();
}

/* Certificates, say, are made anew for the new group: the application knows who is who. */
static sotto_err same_last_letter(void *context, const sotto_mls_leaf *leaf,
                                  const sotto_mls_leaf *before)
{
    (void)context;
    if (before == NULL)
        return SOTTO_OK;
    view a = leaf->credential.content, b = before->credential.content;
    return a.data[a.len - 1] == b.data[b.len - 1] ? SOTTO_OK : SOTTO_E_CERTIFICATE;
}

static void the_application_says_who_is_whom(void **state)
{
    (void)state;
    const sotto_mls_rules rules = {.credential = same_last_letter};
    struct making m = {0};
    peers_make(1, 1);
    end_by_reinit(1, (view){0});
    for (unsigned i = 0; i < PEERS - 1; i++) {
        again[i].m.rules = &rules;
        memcpy(again[i].name, "Peer", 4);
    }
    invite(&m, 1);
    invite(&m, 2);
    assert_ok(reinit(&m, 0));
    assert_ok(join(&m, 2, peers[2].group));
    assert_ok(join(&m, 1, peers[1].group));
    sotto_staged_free(m.staged);
    peers_end();
}

/* A group that has nothing to do with the old one is not taken for its successor. */
static void a_group_without_the_psk_is_no_successor(void **state)
{
    (void)state;
    struct making m = {0};
    peers_make(1, 1);
    peers_found(again, PEERS - 1, NULL); /* the group of the same members */
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD, .key_package = peer_publish(&again[3])};
    m.staged = peer_commit(&again[0], &add, 1);
    assert_err(join(&m, 3, peers[0].group), EXISTS); /* of the same group_id */
    end_by_reinit(1, (view){0});
    assert_err(join(&m, 3, peers[0].group), VALUE);
    assert_int_equal(again[3].m.check, CHECK_REINIT_PSK);
    assert_ok(join(&m, 3, NULL));
    sotto_staged_free(m.staged);
    peers_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_goes_on_with_another_suite),
        cmocka_unit_test(a_reinit_takes_all_members_along),
        cmocka_unit_test(a_reinit_is_what_the_members_agreed_on),
        cmocka_unit_test(strangers_do_not_follow),
        cmocka_unit_test(some_members_branch_off),
        cmocka_unit_test(nobody_else_is_taken_into_a_branch),
        cmocka_unit_test(a_branch_keeps_the_suite),
        cmocka_unit_test(who_was_removed_can_not_branch),
        cmocka_unit_test(the_application_says_who_is_whom),
        cmocka_unit_test(a_group_without_the_psk_is_no_successor),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
