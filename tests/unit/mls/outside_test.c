/* Proposals from outside: of who wants to be added, and of external senders. */
#include "peers.h"

#include "mls/message_protection.h"

#define PEERS 4u

static struct peer peers[PEERS]; /* the first two are members */
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

/* The last peer is an external sender of the group. */
static void group_make(uint16_t suite)
{
    sotto_buf extensions = {0};
    for (unsigned i = 0; i < PEERS; i++)
        peer_init(&peers[i], crypto, suite, i + 1);
    assert_ok(sotto_mls_external_sender_add(&extensions,
                                            sotto_sign_key_public(peers[PEERS - 1].key),
                                            peers[PEERS - 1].client.credential));
    assert_ok(sotto_group_new(&peers[0].m, &peers[0].client, VIEW_LIT("group"),
                              buf_view(&extensions), NULL, &peers[0].group));
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD, .key_package = peer_publish(&peers[1])};
    sotto_staged *staged = peer_commit(&peers[0], &add, 1);
    peer_join(&peers[1], sotto_staged_welcome(staged), NULL);
    peer_merge(&peers[0], &staged);
    buf_clear(&extensions);
}

static void group_end(void)
{
    for (unsigned i = 0; i < PEERS; i++)
        peer_clear(&peers[i]);
}

/* Member 1 commits to what both heard. */
static void commit(struct peer *joins)
{
    sotto_staged *staged = peer_commit(&peers[1], NULL, 0);
    peer_process(&peers[0], sotto_staged_commit(staged));
    if (joins != NULL)
        peer_join(joins, sotto_staged_welcome(staged), NULL);
    peer_merge(&peers[1], &staged);
    peers_agree(&peers[0], &peers[1]);
    if (joins != NULL)
        peers_agree(&peers[0], joins);
}

static void hears(struct peer *p, view message, uint16_t type, sotto_mls_sender_type sender)
{
    sotto_mls_event event = peer_receive(p, message);
    assert_int_equal(event.kind, SOTTO_MLS_EVENT_PROPOSAL);
    assert_int_equal(event.sender_type, sender);
    assert_int_equal(event.proposed.sender_type, sender);
    assert_int_equal(event.proposed.proposal.type, type);
    sotto_mls_event_clear(&event);
}

static sotto_buf ask_in(struct peer *p)
{
    sotto_buf message = {0};
    view package = peer_publish(p);
    assert_ok(sotto_mls_propose_self(&p->m, VIEW_LIT("group"), sotto_group_epoch(peers[0].group),
                                     package, buf_view(&p->private_part), &message));
    return message;
}

static sotto_err propose(struct peer *p, const sotto_mls_proposal *proposal, sotto_buf *ret_message)
{
    return sotto_mls_propose_external(&p->m, p->client.suite, p->key, 0, VIEW_LIT("group"),
                                      sotto_group_epoch(peers[0].group), proposal, ret_message);
}

static void who_asks_is_added_in_every_suite(void **state)
{
    (void)state;
    uint16_t suite;
    for (size_t i = 0; (suite = sotto_suite_at(i)) != 0; i++) {
        group_make(suite);
        sotto_buf message = ask_in(&peers[2]);
        hears(&peers[0], buf_view(&message), SOTTO_MLS_ADD, SOTTO_MLS_NEW_MEMBER_PROPOSAL);
        hears(&peers[1], buf_view(&message), SOTTO_MLS_ADD, SOTTO_MLS_NEW_MEMBER_PROPOSAL);
        commit(&peers[2]);
        buf_clear(&message);
        group_end();
    }
}

/* With somebody else's KeyPackage, or what is none. */
static void nobody_asks_for_another(void **state)
{
    (void)state;
    sotto_buf message = {0};
    group_make(1);
    view other = peer_publish(&peers[3]);
    peer_publish(&peers[2]);
    assert_err(sotto_mls_propose_self(&peers[2].m, VIEW_LIT("group"), 1, other,
                                      buf_view(&peers[2].private_part), &message),
               USAGE);
    assert_int_not_equal(sotto_mls_propose_self(&peers[2].m, VIEW_LIT("group"), 1, VIEW_LIT("none"),
                                                buf_view(&peers[2].private_part), &message),
                         SOTTO_OK);
    assert_int_not_equal(sotto_mls_propose_self(&peers[2].m, VIEW_LIT("group"), 1,
                                                buf_view(&peers[2].package), VIEW_LIT("none"),
                                                &message),
                         SOTTO_OK);
    assert_int_equal(message.len, 0);
    group_end();
}

static void an_external_sender_adds_and_removes(void **state)
{
    (void)state;
    sotto_buf message = {0};
    group_make(1);
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD, .key_package = peer_publish(&peers[2])};
    assert_ok(propose(&peers[3], &add, &message));
    hears(&peers[0], buf_view(&message), SOTTO_MLS_ADD, SOTTO_MLS_EXTERNAL);
    hears(&peers[1], buf_view(&message), SOTTO_MLS_ADD, SOTTO_MLS_EXTERNAL);
    commit(&peers[2]);
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 2};
    assert_ok(propose(&peers[3], &remove, &message));
    hears(&peers[0], buf_view(&message), SOTTO_MLS_REMOVE, SOTTO_MLS_EXTERNAL);
    hears(&peers[1], buf_view(&message), SOTTO_MLS_REMOVE, SOTTO_MLS_EXTERNAL);
    commit(NULL);
    assert_int_equal(sotto_group_member_count(peers[0].group), 2);
    buf_clear(&message);
    group_end();
}

static void an_external_sender_says_what_it_may_alone(void **state)
{
    (void)state;
    sotto_buf message = {0};
    const sotto_mls_proposal leave = {.type = SOTTO_MLS_SELF_REMOVE};
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 1};
    const sotto_mls_proposal psk = {
        .type = SOTTO_MLS_PSK, .psk = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_LIT("paper")}};
    const sotto_mls_proposal reinit = {
        .type = SOTTO_MLS_REINIT, .group_id = VIEW_LIT("new"), .suite = 1};
    const sotto_mls_proposal extensions = {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS};
    const sotto_mls_proposal app_data = {.type = SOTTO_MLS_APP_DATA_UPDATE, .component = 0x8001};
    const sotto_mls_proposal ephemeral = {.type = SOTTO_MLS_APP_EPHEMERAL, .component = 0x8001};
    group_make(1);
    assert_err(propose(&peers[3], &leave, &message), UNEXPECTED);
    assert_int_equal(peers[3].m.check, CHECK_SENDER_EXTERNAL_TYPES);
    assert_err(propose(&peers[3], &update, &message), UNEXPECTED);
    const sotto_mls_proposal *may[] = {&remove, &psk, &reinit, &extensions, &app_data, &ephemeral};
    for (size_t i = 0; i < COUNT_OF(may); i++) {
        assert_ok(propose(&peers[3], may[i], &message));
        hears(&peers[0], buf_view(&message), may[i]->type, SOTTO_MLS_EXTERNAL);
    }
    buf_clear(&message);
    group_end();
}

static void who_is_no_external_sender_is_not_heard(void **state)
{
    (void)state;
    sotto_buf message = {0};
    sotto_mls_event event = {0};
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 1};
    group_make(1);
    assert_ok(propose(&peers[2], &remove, &message));
    assert_err(sotto_group_receive(&peers[0].m, peers[0].group, buf_view(&message), &event),
               SIGNATURE);
    assert_ok(sotto_mls_propose_external(&peers[3].m, 1, peers[3].key, 1, VIEW_LIT("group"), 1,
                                         &remove, &message));
    assert_err(sotto_group_receive(&peers[0].m, peers[0].group, buf_view(&message), &event),
               NOTFOUND);
    assert_int_equal(peers[0].m.check, CHECK_SENDER_EXTERNAL_LISTED);
    assert_err(sotto_mls_propose_external(&peers[3].m, 2, peers[3].key, 0, VIEW_LIT("group"), 1,
                                          &remove, &message),
               USAGE);
    assert_err(sotto_mls_propose_external(&peers[3].m, 77, peers[3].key, 0, VIEW_LIT("group"), 1,
                                          &remove, &message),
               UNSUPPORTED);
    buf_clear(&message);
    group_end();
}

/* What stands in a proposal must be well-formed before it is signed. */
static void what_is_no_proposal_is_not_sent(void **state)
{
    (void)state;
    sotto_buf message = {0};
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD, .key_package = VIEW_LIT("none")};
    const sotto_mls_proposal extensions = {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS,
                                           .extensions = VIEW_LIT("\0\1\2")};
    group_make(1);
    assert_int_not_equal(propose(&peers[3], &add, &message), SOTTO_OK);
    assert_int_not_equal(propose(&peers[3], &extensions, &message), SOTTO_OK);
    assert_int_equal(message.len, 0);
    group_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_is_added_in_every_suite),
        cmocka_unit_test(nobody_asks_for_another),
        cmocka_unit_test(an_external_sender_adds_and_removes),
        cmocka_unit_test(an_external_sender_says_what_it_may_alone),
        cmocka_unit_test(who_is_no_external_sender_is_not_heard),
        cmocka_unit_test(what_is_no_proposal_is_not_sent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
