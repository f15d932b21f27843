#include "mls/describe.h"

#include "../crypto/certificate.h"
#include "../crypto/handle.h"
#include "members.h"

static const struct mls_suite *suite(void)
{
    return mls_suite_find(1);
}

static void credentials_go_there_and_back(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf chain = {0};
    struct credential credential = {0};
    assert_ok(sotto_mls_certificate_add(&chain, VIEW_LIT("leaf")));
    assert_ok(sotto_mls_certificate_add(&chain, VIEW_LIT("ca")));
    const sotto_mls_credential shown[] = {{SOTTO_MLS_BASIC, VIEW_LIT("alice")},
                                          {SOTTO_MLS_BASIC, {0}},
                                          {SOTTO_MLS_X509, buf_view(&chain)}};
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        assert_ok(credential_of(&shown[i], &credential));
        const sotto_mls_credential again = describe_credential(&credential);
        assert_int_equal(again.type, shown[i].type);
        assert_true(view_equal(again.content, shown[i].content));
    }
}

static void credentials_that_nobody_can_read_are_refused(void **state)
{
    (void)state;
    struct credential credential = {.credential_type = 77};
    const sotto_mls_credential none = {SOTTO_MLS_X509, {0}},
                               cut = {SOTTO_MLS_X509, VIEW_LIT("\x05leaf")},
                               empty = {SOTTO_MLS_X509, VIEW_LIT("\x01x\x00")},
                               unknown = {3, VIEW_LIT("x")};
    assert_err(credential_of(&none, &credential), VALUE);
    assert_err(credential_of(&cut, &credential), VALUE);
    assert_err(credential_of(&empty, &credential), VALUE);
    assert_err(credential_of(&unknown, &credential), KIND);
    assert_int_equal(credential.credential_type, 77);
}

static void psks_go_there_and_back(void **state)
{
    (void)state;
    const struct pre_shared_key_id ids[] = {
        {.psktype = PSK_EXTERNAL, .psk_id = VIEW_LIT("a"), .psk_nonce = VIEW_LIT("n")},
        {.psktype = PSK_APPLICATION, .component_id = 9, .psk_id = VIEW_LIT("a")},
        {.psktype = PSK_RESUMPTION,
         .usage = PSK_USAGE_BRANCH,
         .psk_group_id = VIEW_LIT("g"),
         .psk_epoch = 12}};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        DEFER(buf_clear) sotto_buf before = {0};
        DEFER(buf_clear) sotto_buf after = {0};
        const sotto_mls_psk_id shown = describe_psk(&ids[i]);
        const struct pre_shared_key_id again = psk_of(&shown);
        struct wr w = wr_to(&before);
        pre_shared_key_id_write(&w, &ids[i]);
        assert_ok(wr_end(&w));
        w = wr_to(&after);
        pre_shared_key_id_write(&w, &again);
        assert_ok(wr_end(&w));
        assert_true(view_equal(buf_view(&before), buf_view(&after)));
    }
}

static void members_are_shown_and_who_is_none(void **state)
{
    uint8_t seed[RNG_SEED] = {5};
    struct rng rng = rng_from(seed);
    DEFER(tree_freep) struct tree *tree = NULL;
    DEFER(member_clear) struct member m = member_new(*state, suite(), &rng);
    uint32_t leaf;
    assert_ok(tree_new(suite(), tree_seed, &tree));
    assert_ok(tree_add(tree, buf_view(&m.leaf), &leaf));
    const sotto_mls_leaf shown = describe_member(tree, leaf);
    assert_int_equal(shown.index, 0);
    assert_true(view_equal(shown.encryption_key, kem_key_public(m.kem_key)));
    assert_true(view_equal(shown.signature_key, sign_key_public(m.sign_key)));
    assert_true(view_equal(shown.credential.content, view_str(m.name)));
    assert_true(view_equal(shown.encoded, buf_view(&m.leaf)));
    assert_int_equal(shown.not_before_s, 1000);
    assert_int_equal(shown.not_after_s, 2000);
    assert_int_equal(describe_member(tree, 1).index, UINT32_MAX);
    assert_int_equal(describe_member(tree, UINT32_MAX).index, UINT32_MAX);
    assert_int_equal(describe_member(tree, UINT32_MAX).encoded.len, 0);
}

/* A tree of one member, and what may change there. */
static void a_proposal_is_shown_with_what_it_changes(void **state)
{
    uint8_t seed[RNG_SEED] = {6};
    struct rng rng = rng_from(seed);
    DEFER(tree_freep) struct tree *before = NULL;
    DEFER(tree_freep) struct tree *after = NULL;
    DEFER(member_clear) struct member m = member_new(*state, suite(), &rng);
    DEFER(member_clear) struct member n = member_new(*state, suite(), &rng);
    uint32_t leaf;
    assert_ok(tree_new(suite(), tree_seed, &before));
    assert_ok(tree_add(before, buf_view(&m.leaf), &leaf));
    assert_ok(tree_clone(before, &after));
    assert_ok(tree_update(after, 0, buf_view(&n.leaf)));
    struct proposed update = {.proposal = {.proposal_type = PROPOSAL_UPDATE},
                              .sender = {.sender_type = SENDER_MEMBER},
                              .leaf_index = 0};
    struct rd r = rd_of(buf_view(&n.leaf));
    leaf_node_read(&r, &update.proposal.update);
    sotto_mls_proposed shown = describe_proposed(&update, suite(), before, NULL);
    assert_int_equal(shown.proposal.type, SOTTO_MLS_UPDATE);
    assert_false(shown.by_reference);
    assert_int_equal(shown.sender, 0);
    assert_true(view_equal(shown.before.encoded, buf_view(&m.leaf)));
    assert_true(view_equal(shown.after.encoded, buf_view(&n.leaf)));
    assert_int_equal(shown.after.index, 0);
    shown = describe_proposed(&update, suite(), before, after);
    assert_ptr_equal(shown.after.encoded.data, tree_node_encoded(tree_leaf(after, 0)).data);

    const struct proposed removal = {.proposal = {.proposal_type = PROPOSAL_REMOVE, .removed = 0},
                                     .sender = {.sender_type = SENDER_EXTERNAL, .sender_index = 3},
                                     .leaf_index = 0};
    shown = describe_proposed(&removal, suite(), before, after);
    assert_int_equal(shown.sender_type, SOTTO_MLS_EXTERNAL);
    assert_int_equal(shown.sender, 3);
    assert_true(view_equal(shown.before.encoded, buf_view(&m.leaf)));
    assert_int_equal(shown.after.index, UINT32_MAX);
}

/* Each field that a type has comes out where <sotto/mls.h> says. */
static void each_type_of_proposal_shows_its_fields(void **state)
{
    (void)state;
    DEFER(tree_freep) struct tree *tree = NULL;
    assert_ok(tree_new(suite(), tree_seed, &tree));
    struct proposed item = {.sender = {.sender_type = SENDER_NEW_MEMBER_COMMIT},
                            .leaf_index = UINT32_MAX};
    item.proposal = (struct proposal){.proposal_type = PROPOSAL_REINIT,
                                      .reinit = {VIEW_LIT("g"), 1, 3, VIEW_LIT("ext")}};
    sotto_mls_proposed shown = describe_proposed(&item, suite(), tree, NULL);
    assert_int_equal(shown.sender, UINT32_MAX);
    assert_int_equal(shown.proposal.suite, 3);
    assert_true(view_equal(shown.proposal.group_id, VIEW_LIT("g")));
    assert_true(view_equal(shown.proposal.extensions, VIEW_LIT("ext")));
    item.proposal = (struct proposal){.proposal_type = PROPOSAL_APP_DATA_UPDATE,
                                      .app_data_update = {7, APP_DATA_UPDATE, VIEW_LIT("u")}};
    shown = describe_proposed(&item, suite(), tree, NULL);
    assert_int_equal(shown.proposal.component, 7);
    assert_false(shown.proposal.component_removed);
    assert_true(view_equal(shown.proposal.component_data, VIEW_LIT("u")));
    item.proposal.app_data_update.op = APP_DATA_REMOVE;
    assert_true(describe_proposed(&item, suite(), tree, NULL).proposal.component_removed);
    item.proposal = (struct proposal){.proposal_type = PROPOSAL_APP_EPHEMERAL,
                                      .app_ephemeral = {8, VIEW_LIT("e")}};
    shown = describe_proposed(&item, suite(), tree, NULL);
    assert_int_equal(shown.proposal.component, 8);
    assert_true(view_equal(shown.proposal.component_data, VIEW_LIT("e")));
    item.proposal = (struct proposal){.proposal_type = PROPOSAL_PSK,
                                      .psk = {.psktype = PSK_EXTERNAL, .psk_id = VIEW_LIT("p")}};
    shown = describe_proposed(&item, suite(), tree, NULL);
    assert_true(view_equal(shown.proposal.psk.id, VIEW_LIT("p")));
}

/* ---- credentials ---- */

static sotto_err yes(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)leaf;
    (void)before;
    *(uint32_t *)context += 1;
    return SOTTO_OK;
}

static sotto_err no_memory(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    (void)leaf;
    (void)before;
    return SOTTO_E_NOMEM;
}

static enum mls_check judge(sotto_crypto *c, const sotto_mls_rules *rules,
                            const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    struct step s = {.c = c, .rules = rules};
    sotto_err err = credential_judge(&s, suite(), leaf, before, CHECK_CREDENTIAL_SUCCESSOR);
    assert_int_equal(err == SOTTO_OK, s.fault.check == CHECK_NONE);
    return s.fault.check;
}

static void without_rules_basic_credentials_are_taken_that_stay(void **state)
{
    static const sotto_mls_rules none;
    const sotto_mls_leaf alice = {.credential = {SOTTO_MLS_BASIC, VIEW_LIT("alice")}},
                         bob = {.credential = {SOTTO_MLS_BASIC, VIEW_LIT("bob")}};
    assert_int_equal(judge(*state, &none, &alice, NULL), CHECK_NONE);
    assert_int_equal(judge(*state, &none, &alice, &alice), CHECK_NONE);
    assert_int_equal(judge(*state, &none, &alice, &bob), CHECK_CREDENTIAL_SUCCESSOR);
}

static void a_certificate_is_for_the_leafs_own_key(void **state)
{
    static const sotto_mls_rules none;
    uint32_t calls = 0;
    const sotto_mls_rules rules = {.context = &calls, .credential = yes};
    DEFER(certificate_clear) struct certificate cert = certificate_new(0, true);
    DEFER(certificate_clear) struct certificate other = certificate_new(0, true);
    DEFER(buf_clear) sotto_buf chain = {0};
    assert_ok(sotto_mls_certificate_add(&chain, buf_view(&cert.der)));
    assert_ok(sotto_mls_certificate_add(&chain, buf_view(&other.der)));
    sotto_mls_leaf leaf = {.credential = {SOTTO_MLS_X509, buf_view(&chain)},
                           .signature_key = buf_view(&cert.public_key)};
    assert_int_equal(judge(*state, &rules, &leaf, NULL), CHECK_NONE);
    assert_int_equal(calls, 1);
    assert_int_equal(judge(*state, &none, &leaf, NULL), CHECK_CREDENTIAL_SUCCESSOR);
    leaf.signature_key = buf_view(&other.public_key);
    assert_int_equal(judge(*state, &rules, &leaf, NULL), CHECK_CREDENTIAL_X509_KEY);
    assert_int_equal(calls, 1); /* the application is not asked about it */
    buf_reset(&chain);
    assert_ok(sotto_mls_certificate_add(&chain, VIEW_LIT("no certificate")));
    leaf.credential.content = buf_view(&chain);
    assert_int_equal(judge(*state, &rules, &leaf, NULL), CHECK_CREDENTIAL_X509_KEY);
}

static void a_failure_of_this_machine_is_no_verdict(void **state)
{
    static const sotto_mls_rules rules = {.credential = no_memory};
    const sotto_mls_leaf alice = {.credential = {SOTTO_MLS_BASIC, VIEW_LIT("alice")}};
    struct step s = {.c = *state, .rules = &rules};
    assert_err(credential_judge(&s, suite(), &alice, NULL, CHECK_CREDENTIAL_ACCEPTED), NOMEM);
    assert_int_equal(s.fault.check, CHECK_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_go_there_and_back),
        cmocka_unit_test(credentials_that_nobody_can_read_are_refused),
        cmocka_unit_test(psks_go_there_and_back),
        cmocka_unit_test(members_are_shown_and_who_is_none),
        cmocka_unit_test(a_proposal_is_shown_with_what_it_changes),
        cmocka_unit_test(each_type_of_proposal_shows_its_fields),
        cmocka_unit_test(without_rules_basic_credentials_are_taken_that_stay),
        cmocka_unit_test(a_certificate_is_for_the_leafs_own_key),
        cmocka_unit_test(a_failure_of_this_machine_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
