#include "mls/proposal_list.h"

#include "../crypto/handle.h"
#include "members.h"
#include "mls/app_data.h"
#include "mls/key_package_make.h"
#include "mls/proposal_list_local.h"
#include "mls/tree_math.h"

#define MEMBERS 6
#define NEW     4
#define NOW     1500
#define OUTSIDE 99 /* a leaf that is not there */

/* A group of six in its fifth epoch, of whom leaf 0 is this client and leaf 1 the committer; four who may be added; and a list
 * that each test fills. Leaf 5 alone knows no proposals but the default ones. */
struct world {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    struct epoch *epoch;
    struct member members[MEMBERS];
    sotto_sign_key *new_keys[NEW];
    sotto_buf packages[NEW]; /* KeyPackages */
    struct step step;
    sotto_mls_rules rules;
    struct sender committer;
    struct pending pending;
    struct proposal_list list;
    sotto_buf kept[16]; /* what proposals borrow from */
    size_t kept_count;
};

static const uint8_t extension_types[] = {0, EXTENSION_APP_DATA_DICTIONARY, 0xf0, 1};
static const uint8_t proposal_types[] = {0, PROPOSAL_APP_DATA_UPDATE, 0, PROPOSAL_APP_EPHEMERAL,
                                         0, PROPOSAL_SELF_REMOVE};

static struct profile profile_of(const struct world *w, uint32_t leaf)
{
    struct profile p = profile_usual(w->suite);
    if (leaf < 5) {
        p.extensions = VIEW_OF(extension_types);
        p.proposals = VIEW_OF(proposal_types);
    }
    return p;
}

static sotto_buf *keep(struct world *w)
{
    assert_true(w->kept_count < COUNT_OF(w->kept));
    return &w->kept[w->kept_count++];
}

static void package_make(struct world *w, size_t i, const sotto_mls_client *client)
{
    DEFER(buf_clear) sotto_buf message = {0};
    DEFER(buf_clear) sotto_buf private_part = {0};
    sotto_mls m = {.crypto = w->c, .seed = {9, (uint8_t)i}};
    const sotto_mls_key_package_options options = {.not_before_s = 1000, .not_after_s = 2000};
    assert_ok(sotto_mls_key_package_new(&m, client, &options, &message, &private_part, NULL));
    assert_ok(buf_set(&w->packages[i], view_of(message.data + 4, message.len - 4)));
}

static sotto_mls_client client_of(struct world *w, size_t i)
{
    return (sotto_mls_client){.suite = w->suite->id,
                              .sign_key = w->new_keys[i],
                              .credential = {SOTTO_MLS_BASIC, VIEW_LIT("new")}};
}

static void world_set_extensions(struct world *w, view extensions)
{
    assert_ok(epoch_set_context(w->c, w->epoch, GROUP_ID, 5, (view){0}, extensions));
}

static struct world *world_new(sotto_crypto *c)
{
    uint8_t seed[RNG_SEED] = {42};
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->c = c;
    w->suite = mls_suite_find(1);
    w->rng = rng_from(seed);
    assert_ok(epoch_new(w->suite, &w->epoch));
    assert_ok(tree_new(w->suite, tree_seed, &w->epoch->tree));
    for (uint32_t i = 0; i < MEMBERS; i++) {
        uint32_t leaf;
        struct profile p = profile_of(w, i);
        w->members[i] = member_new(c, w->suite, &w->rng);
        member_sign(c, &w->members[i], &p);
        assert_ok(tree_add(w->epoch->tree, buf_view(&w->members[i].leaf), &leaf));
        assert_int_equal(leaf, i);
    }
    for (size_t i = 0; i < NEW; i++) {
        uint8_t key[32] = {7, (uint8_t)i};
        assert_ok(sign_key_derive(c, w->suite->sign, VIEW_OF(key), &w->new_keys[i]));
        const sotto_mls_client client = client_of(w, i);
        package_make(w, i, &client);
    }
    world_set_extensions(w, (view){0});
    w->step = (struct step){.c = c, .rules = &w->rules, .now_s = NOW};
    w->committer = (struct sender){.sender_type = SENDER_MEMBER, .leaf_index = 1};
    return w;
}

static void world_free(struct world *w)
{
    proposal_list_clear(&w->list);
    pending_clear(&w->pending);
    epoch_free(w->epoch);
    for (size_t i = 0; i < MEMBERS; i++)
        member_clear(&w->members[i]);
    for (size_t i = 0; i < NEW; i++) {
        sign_key_free(w->new_keys[i]);
        buf_clear(&w->packages[i]);
    }
    for (size_t i = 0; i < w->kept_count; i++)
        buf_clear(&w->kept[i]);
    free(w);
}

static void world_freep(struct world **w)
{
    world_free(*w);
}

/* ---- proposals ---- */

static struct proposal add(struct world *w, size_t i)
{
    struct proposal p = {.proposal_type = PROPOSAL_ADD};
    struct rd r = rd_of(buf_view(&w->packages[i]));
    key_package_read(&r, &p.add);
    assert_ok(rd_end(&r));
    return p;
}

/* An Update by the member of a leaf, with a fresh key unless `same_key`. */
static struct proposal update(struct world *w, uint32_t leaf, bool same_key)
{
    struct proposal p = {.proposal_type = PROPOSAL_UPDATE};
    struct profile profile = profile_of(w, leaf);
    struct member *m = &w->members[leaf];
    sotto_buf *kept = keep(w);
    profile.source = LEAF_NODE_UPDATE;
    profile.leaf_index = leaf;
    if (!same_key) {
        kem_key_free(m->kem_key);
        m->kem_key = fresh_kem_key(w->c, w->suite, &w->rng);
    }
    member_sign(w->c, m, &profile);
    assert_ok(buf_set(kept, buf_view(&m->leaf)));
    struct rd r = rd_of(buf_view(kept));
    leaf_node_read(&r, &p.update);
    assert_ok(rd_end(&r));
    return p;
}

static struct proposal remove_of(uint32_t leaf)
{
    return (struct proposal){.proposal_type = PROPOSAL_REMOVE, .removed = leaf};
}

static struct proposal self_remove(void)
{
    return (struct proposal){.proposal_type = PROPOSAL_SELF_REMOVE};
}

static const uint8_t nonce_bytes[64] = {1, 2, 3};

static struct proposal psk(view id)
{
    return (struct proposal){
        .proposal_type = PROPOSAL_PSK,
        .psk = {.psktype = PSK_EXTERNAL, .psk_id = id, .psk_nonce = view_of(nonce_bytes, 32)}};
}

static struct proposal resumption(enum psk_usage usage)
{
    return (struct proposal){.proposal_type = PROPOSAL_PSK,
                             .psk = {.psktype = PSK_RESUMPTION,
                                     .usage = usage,
                                     .psk_group_id = VIEW_LIT("g"),
                                     .psk_nonce = view_of(nonce_bytes, 32)}};
}

static struct proposal reinit(uint16_t version)
{
    return (struct proposal){.proposal_type = PROPOSAL_REINIT,
                             .reinit = {VIEW_LIT("next"), version, 1, {0}}};
}

static struct proposal external_init(void)
{
    return (struct proposal){.proposal_type = PROPOSAL_EXTERNAL_INIT,
                             .kem_output = VIEW_LIT("output")};
}

static struct proposal extensions_of(view extensions)
{
    return (struct proposal){.proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                             .extensions = extensions};
}

static struct proposal data_update(uint16_t component, view data)
{
    return (struct proposal){.proposal_type = PROPOSAL_APP_DATA_UPDATE,
                             .app_data_update = {component, APP_DATA_UPDATE, data}};
}

static struct proposal data_remove(uint16_t component)
{
    return (struct proposal){.proposal_type = PROPOSAL_APP_DATA_UPDATE,
                             .app_data_update = {component, APP_DATA_REMOVE, {0}}};
}

static struct proposal ephemeral(void)
{
    return (struct proposal){.proposal_type = PROPOSAL_APP_EPHEMERAL,
                             .app_ephemeral = {0x8001, VIEW_LIT("now")}};
}

static void by_value(struct world *w, struct proposal proposal)
{
    const struct proposed item = proposed_by(&w->committer, &proposal);
    assert_ok(proposal_list_add(&w->list, &item));
}

static const struct pending_proposal *wait_as(struct world *w, const struct sender *sender,
                                              uint16_t wire_format, struct proposal proposal)
{
    const struct authenticated_content content = {.wire_format = wire_format,
                                                  .content = {.group_id = GROUP_ID,
                                                              .epoch = 5,
                                                              .sender = *sender,
                                                              .content_type = CONTENT_PROPOSAL,
                                                              .proposal = proposal},
                                                  .auth = {.signature = VIEW_LIT("signed")}};
    struct pending_proposal *made = NULL;
    assert_ok(pending_proposal_new(w->c, w->suite, &content, &made));
    const struct pending_proposal *shown = made;
    assert_ok(pending_add(&w->pending, w->suite, &made));
    return shown;
}

/* A member's, that came as a PublicMessage and waits. */
static const struct pending_proposal *waits(struct world *w, uint32_t leaf,
                                            struct proposal proposal)
{
    const struct sender sender = {.sender_type = SENDER_MEMBER, .leaf_index = leaf};
    return wait_as(w, &sender, WIRE_PUBLIC_MESSAGE, proposal);
}

static void by_reference(struct world *w, uint32_t leaf, struct proposal proposal)
{
    const struct proposed item = proposed_of(waits(w, leaf, proposal));
    assert_ok(proposal_list_add(&w->list, &item));
}

/* ---- verdicts ---- */

static enum mls_check list_check(struct world *w, bool pathless)
{
    w->step.fault = (struct fault){0};
    sotto_err err = proposal_list_check(&w->step, w->epoch, &w->list, &w->committer, pathless);
    assert_int_equal(err == SOTTO_OK, w->step.fault.check == CHECK_NONE);
    if (err != SOTTO_OK)
        assert_int_equal(err, check_row(w->step.fault.check)->err);
    return w->step.fault.check;
}

struct outcome {
    struct tree *tree;
    struct proposals_applied applied;
};

static void outcome_clear(struct outcome *o)
{
    tree_free(o->tree);
    proposals_applied_clear(&o->applied);
}

static enum mls_check list_apply(struct world *w, bool sending, struct outcome *o)
{
    w->step.fault = (struct fault){0};
    tree_freep(&o->tree);
    assert_ok(tree_clone(w->epoch->tree, &o->tree));
    sotto_err err =
        proposal_list_apply(&w->step, w->epoch, &w->list, o->tree, 0, sending, 0, &o->applied);
    assert_int_equal(err == SOTTO_OK, w->step.fault.check == CHECK_NONE);
    return w->step.fault.check;
}

static enum mls_check arrives(struct world *w, uint32_t leaf, struct proposal proposal)
{
    const struct proposed item = proposed_of(waits(w, leaf, proposal));
    w->step.fault = (struct fault){0};
    sotto_err err = proposal_check(&w->step, w->epoch, 0, &item);
    assert_int_equal(err == SOTTO_OK, w->step.fault.check == CHECK_NONE);
    return w->step.fault.check;
}

/* ---- lists ---- */

#define ON_A_WORLD(state) DEFER(world_freep) struct world *w = world_new(*(state))

static void a_list_of_everything_that_goes_together_is_right(void **state)
{
    ON_A_WORLD(state);
    by_value(w, add(w, 0));
    by_value(w, remove_of(5));
    by_reference(w, 2, update(w, 2, false));
    by_reference(w, 3, self_remove());
    by_value(w, psk(VIEW_LIT("a")));
    by_value(w, psk(VIEW_LIT("b")));
    by_value(w, extensions_of((view){0}));
    by_value(w, data_update(0x8001, VIEW_LIT("x")));
    by_value(w, ephemeral());
    by_value(w, add(w, 1));
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static void an_empty_list_is_right_with_a_path(void **state)
{
    ON_A_WORLD(state);
    assert_int_equal(list_check(w, false), CHECK_NONE);
    assert_int_equal(list_check(w, true), CHECK_COMMIT_PATH_REQUIRED);
}

static void a_path_is_needed_by_what_takes_members_keys_or_extensions(void **state)
{
    ON_A_WORLD(state);
    const struct {
        struct proposal proposal;
        bool needs_path;
    } cases[] = {{add(w, 0), false},
                 {update(w, 2, false), true},
                 {remove_of(2), true},
                 {psk(VIEW_LIT("a")), false},
                 {reinit(1), false},
                 {external_init(), true},
                 {extensions_of((view){0}), true},
                 {data_update(0x8001, VIEW_LIT("x")), false},
                 {ephemeral(), false},
                 {self_remove(), true}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        by_value(w, cases[i].proposal);
        assert_int_equal(proposal_list_needs_path(&w->list), cases[i].needs_path);
        proposal_list_clear(&w->list);
    }
    by_value(w, add(w, 0));
    assert_int_equal(list_check(w, true), CHECK_NONE);
    by_value(w, remove_of(2));
    assert_int_equal(list_check(w, true), CHECK_COMMIT_PATH_REQUIRED);
}

static void a_committer_does_not_change_itself_by_a_proposal(void **state)
{
    ON_A_WORLD(state);
    by_value(w, update(w, 1, false));
    assert_int_equal(list_check(w, false), CHECK_LIST_COMMITTER_UPDATE);
    proposal_list_clear(&w->list);
    by_reference(w, 1, update(w, 1, false));
    assert_int_equal(list_check(w, false), CHECK_LIST_COMMITTER_UPDATE);
    proposal_list_clear(&w->list);
    by_reference(w, 2, remove_of(1));
    assert_int_equal(list_check(w, false), CHECK_LIST_COMMITTER_REMOVE);
    proposal_list_clear(&w->list);
    by_value(w, remove_of(5)); /* who does not know SelfRemove */
    by_reference(w, 1, self_remove());
    assert_int_equal(list_check(w, false), CHECK_LIST_COMMITTER_REMOVE);
    assert_int_equal(w->step.fault.where, 1);
}

static void a_leaf_changes_once(void **state)
{
    ON_A_WORLD(state);
    by_value(w, remove_of(5));
    by_reference(w, 2, update(w, 2, false));
    by_value(w, remove_of(2));
    assert_int_equal(list_check(w, false), CHECK_LIST_LEAF_ONCE);
    proposal_list_clear(&w->list);
    by_value(w, remove_of(5));
    by_reference(w, 2, self_remove());
    by_value(w, remove_of(2));
    assert_int_equal(list_check(w, false), CHECK_LIST_LEAF_ONCE);
    proposal_list_clear(&w->list);
    by_value(w, remove_of(2));
    by_value(w, remove_of(3));
    by_value(w, remove_of(2));
    assert_int_equal(list_check(w, false), CHECK_LIST_LEAF_ONCE);
    assert_int_equal(w->step.fault.where, 2);
}

static void what_a_remove_names_is_a_member(void **state)
{
    ON_A_WORLD(state);
    by_value(w, remove_of(OUTSIDE));
    assert_int_equal(list_check(w, false), CHECK_REMOVE_MEMBER);
    proposal_list_clear(&w->list);
    by_value(w, remove_of(6)); /* a blank leaf of the tree */
    assert_int_equal(list_check(w, false), CHECK_REMOVE_MEMBER);
    proposal_list_clear(&w->list);
    by_value(w, remove_of(UINT32_MAX));
    assert_int_equal(list_check(w, false), CHECK_REMOVE_MEMBER);
}

static void an_update_has_a_new_key(void **state)
{
    ON_A_WORLD(state);
    by_reference(w, 2, update(w, 2, true));
    assert_int_equal(list_check(w, false), CHECK_UPDATE_KEY_NEW);
    assert_int_equal(arrives(w, 3, update(w, 3, true)), CHECK_UPDATE_KEY_NEW);
}

static void a_client_is_added_once(void **state)
{
    ON_A_WORLD(state);
    by_value(w, add(w, 0));
    by_value(w, add(w, 1));
    by_value(w, add(w, 0));
    assert_int_equal(list_check(w, false), CHECK_LIST_ADD_ONCE);
    assert_int_equal(w->step.fault.where, 2);
}

/* The key of the client's other KeyPackages is that of a member. */
static void package_of_member(struct world *w, size_t i, uint32_t leaf)
{
    sotto_mls_client client = client_of(w, i);
    client.sign_key = w->members[leaf].sign_key;
    package_make(w, i, &client);
}

static void a_member_is_added_again_when_it_is_removed(void **state)
{
    ON_A_WORLD(state);
    package_of_member(w, 0, 3);
    by_value(w, add(w, 0));
    assert_int_equal(list_check(w, false), CHECK_LIST_ADD_NEW);
    by_value(w, remove_of(2));
    assert_int_equal(list_check(w, false), CHECK_LIST_ADD_NEW);
    by_value(w, remove_of(3));
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static void a_psk_is_named_once(void **state)
{
    ON_A_WORLD(state);
    struct proposal other_nonce = psk(VIEW_LIT("a"));
    other_nonce.psk.psk_nonce = view_of(nonce_bytes + 1, 32);
    by_value(w, psk(VIEW_LIT("a")));
    by_value(w, other_nonce);
    by_value(w, resumption(PSK_USAGE_APPLICATION));
    assert_int_equal(list_check(w, true), CHECK_NONE);
    by_value(w, psk(VIEW_LIT("a")));
    assert_int_equal(list_check(w, true), CHECK_LIST_PSK_ONCE);
}

static void a_psk_is_for_its_use_and_has_a_whole_nonce(void **state)
{
    ON_A_WORLD(state);
    struct proposal short_nonce = psk(VIEW_LIT("a"));
    short_nonce.psk.psk_nonce.len--;
    by_value(w, short_nonce);
    assert_int_equal(list_check(w, true), CHECK_PSK_NONCE);
    for (enum psk_usage usage = PSK_USAGE_REINIT; usage <= PSK_USAGE_BRANCH; usage++) {
        proposal_list_clear(&w->list);
        by_value(w, resumption(usage));
        assert_int_equal(list_check(w, true), CHECK_PSK_USAGE);
        w->list.successor = usage;
        assert_int_equal(list_check(w, true), CHECK_NONE);
        w->list.successor = PSK_USAGE_REINIT + PSK_USAGE_BRANCH - usage;
        assert_int_equal(list_check(w, true), CHECK_PSK_USAGE);
    }
}

static void extensions_are_replaced_once(void **state)
{
    ON_A_WORLD(state);
    by_value(w, extensions_of((view){0}));
    by_value(w, add(w, 0));
    by_value(w, extensions_of((view){0}));
    assert_int_equal(list_check(w, false), CHECK_LIST_GCE_ONCE);
}

static void a_reinit_is_alone_and_goes_forward(void **state)
{
    ON_A_WORLD(state);
    by_value(w, reinit(1));
    assert_int_equal(list_check(w, true), CHECK_NONE);
    by_value(w, psk(VIEW_LIT("a")));
    assert_int_equal(list_check(w, true), CHECK_LIST_REINIT_ALONE);
    proposal_list_clear(&w->list);
    by_value(w, reinit(0));
    assert_int_equal(list_check(w, true), CHECK_REINIT_VERSION);
    proposal_list_clear(&w->list);
    by_value(w, reinit(2));
    assert_int_equal(list_check(w, true), CHECK_NONE);
}

static void no_member_brings_an_external_init(void **state)
{
    ON_A_WORLD(state);
    by_value(w, external_init());
    assert_int_equal(list_check(w, false), CHECK_LIST_EXTERNAL_INIT);
    assert_int_equal(arrives(w, 2, external_init()), CHECK_LIST_EXTERNAL_INIT);
}

static void types_are_supported_by_who_stays(void **state)
{
    ON_A_WORLD(state);
    by_value(w, ephemeral());
    assert_int_equal(list_check(w, true), CHECK_LIST_SUPPORTED); /* leaf 5 does not */
    by_value(w, add(w, 0));
    assert_int_equal(list_check(w, true), CHECK_LIST_SUPPORTED);
    by_value(w, remove_of(5));
    assert_int_equal(list_check(w, false), CHECK_NONE);
    by_value(w, remove_of(4)); /* who does */
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static void a_self_remove_comes_by_reference_and_in_the_open(void **state)
{
    ON_A_WORLD(state);
    const struct sender sender = {.sender_type = SENDER_MEMBER, .leaf_index = 2};
    by_value(w, remove_of(5));
    by_value(w, (struct proposal){.proposal_type = PROPOSAL_SELF_REMOVE});
    w->list.items[1].leaf_index = 2; /* not the committer's */
    assert_int_equal(list_check(w, false), CHECK_SELF_REMOVE_REFERENCE);
    w->list.items[1] = proposed_of(wait_as(w, &sender, WIRE_PRIVATE_MESSAGE, self_remove()));
    assert_int_equal(list_check(w, false), CHECK_SELF_REMOVE_PUBLIC);
    w->list.items[1] = proposed_of(wait_as(w, &sender, WIRE_PUBLIC_MESSAGE, self_remove()));
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static sotto_buf *required(struct world *w, uint16_t extension, uint16_t proposal,
                           uint16_t credential)
{
    sotto_buf *list = keep(w);
    assert_ok(sotto_mls_require(list, &extension, extension != 0, &proposal, proposal != 0,
                                &credential, credential != 0));
    return list;
}

static void extensions_leave_the_dictionary_alone_where_updates_are_required(void **state)
{
    ON_A_WORLD(state);
    sotto_buf *with = required(w, 0, PROPOSAL_APP_DATA_UPDATE, 0);
    world_set_extensions(w, buf_view(with));
    by_value(w, extensions_of(buf_view(with)));
    assert_int_equal(list_check(w, false), CHECK_NONE);
    assert_ok(sotto_mls_component_add(with, 0x8001, VIEW_LIT("x")));
    w->list.items[0].proposal.extensions = buf_view(with);
    assert_int_equal(list_check(w, false), CHECK_GCE_APP_DATA);
}

/* ---- external commits ---- */

static void external(struct world *w)
{
    w->committer = (struct sender){.sender_type = SENDER_NEW_MEMBER_COMMIT};
}

static void an_external_commit_is_right(void **state)
{
    ON_A_WORLD(state);
    external(w);
    by_value(w, psk(VIEW_LIT("a")));
    by_value(w, external_init());
    by_value(w, remove_of(5));
    by_reference(w, 2, self_remove());
    by_reference(w, 3, self_remove());
    by_value(w, ephemeral());
    by_value(w, data_update(0x8001, VIEW_LIT("x")));
    assert_int_equal(list_check(w, false), CHECK_NONE);
    assert_int_equal(list_check(w, true), CHECK_EXTERNAL_PATH);
}

static void an_external_commit_has_one_external_init(void **state)
{
    ON_A_WORLD(state);
    external(w);
    assert_int_equal(list_check(w, false), CHECK_EXTERNAL_INIT_ONE);
    by_value(w, external_init());
    by_value(w, external_init());
    assert_int_equal(list_check(w, false), CHECK_EXTERNAL_INIT_ONE);
}

static void an_external_commit_removes_one_leaf(void **state)
{
    ON_A_WORLD(state);
    external(w);
    by_value(w, external_init());
    by_value(w, remove_of(2));
    by_value(w, remove_of(3));
    assert_int_equal(list_check(w, false), CHECK_EXTERNAL_REMOVE_ONE);
    w->list.items[2] = proposed_of(waits(w, 2, self_remove()));
    assert_int_equal(list_check(w, false), CHECK_LIST_LEAF_ONCE);
    w->list.items[1].leaf_index = OUTSIDE;
    assert_int_equal(list_check(w, false), CHECK_REMOVE_MEMBER);
}

static void an_external_commit_holds_nothing_else(void **state)
{
    ON_A_WORLD(state);
    external(w);
    const struct proposal others[] = {add(w, 0), update(w, 2, false), reinit(1),
                                      extensions_of((view){0})};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        proposal_list_clear(&w->list);
        by_value(w, external_init());
        by_value(w, others[i]);
        assert_int_equal(list_check(w, false), CHECK_EXTERNAL_TYPES);
        assert_int_equal(w->step.fault.where, 1);
    }
}

static void an_external_commit_names_self_removes_alone_by_reference(void **state)
{
    ON_A_WORLD(state);
    external(w);
    by_value(w, external_init());
    by_reference(w, 2, remove_of(3));
    assert_int_equal(list_check(w, false), CHECK_EXTERNAL_BY_VALUE);
    w->list.items[1] = proposed_of(waits(w, 2, psk(VIEW_LIT("a"))));
    assert_int_equal(list_check(w, false), CHECK_EXTERNAL_BY_VALUE);
}

static void an_external_commits_psks_are_judged_too(void **state)
{
    ON_A_WORLD(state);
    external(w);
    by_value(w, external_init());
    by_value(w, resumption(PSK_USAGE_REINIT));
    assert_int_equal(list_check(w, false), CHECK_PSK_USAGE);
    w->list.items[1].proposal = psk(VIEW_LIT("a"));
    by_value(w, psk(VIEW_LIT("a")));
    assert_int_equal(list_check(w, false), CHECK_LIST_PSK_ONCE);
}

/* ---- resolving ---- */

static void a_written_list_is_resolved_to_the_same(void **state)
{
    ON_A_WORLD(state);
    DEFER(proposal_list_clear) struct proposal_list again = {0};
    DEFER(buf_clear) sotto_buf written = {0};
    DEFER(buf_clear) sotto_buf twice = {0};
    by_value(w, add(w, 0));
    by_reference(w, 3, remove_of(4));
    by_value(w, remove_of(2));
    by_reference(w, 5, update(w, 5, false));
    struct wr out = wr_to(&written);
    proposal_list_write(&out, w->suite, &w->list);
    assert_ok(wr_end(&out));
    assert_ok(proposal_list_resolve(&w->step, w->suite, &w->pending, buf_view(&written),
                                    &w->committer, &again));
    assert_int_equal(again.count, 4);
    assert_null(again.items[0].pending);
    assert_int_equal(again.items[0].leaf_index, UINT32_MAX);
    assert_ptr_equal(again.items[1].pending, w->list.items[1].pending);
    assert_int_equal(again.items[1].sender.leaf_index, 3);
    assert_int_equal(again.items[1].leaf_index, 4);
    assert_int_equal(again.items[2].sender.leaf_index, 1);
    assert_int_equal(again.items[3].leaf_index, 5);
    out = wr_to(&twice);
    proposal_list_write(&out, w->suite, &again);
    assert_ok(wr_end(&out));
    assert_true(view_equal(buf_view(&written), buf_view(&twice)));
}

static void a_reference_to_nothing_is_missing(void **state)
{
    ON_A_WORLD(state);
    DEFER(proposal_list_clear) struct proposal_list list = {0};
    DEFER(buf_clear) sotto_buf written = {0};
    by_reference(w, 3, remove_of(4));
    struct wr out = wr_to(&written);
    proposal_list_write(&out, w->suite, &w->list);
    assert_ok(wr_end(&out));
    written.data[5] ^= 1;
    assert_err(proposal_list_resolve(&w->step, w->suite, &w->pending, buf_view(&written),
                                     &w->committer, &list),
               MISSING);
    assert_int_equal(w->step.fault.check, CHECK_REFERENCE_KNOWN);
    assert_int_equal(list.count, 0);
}

/* ---- applying ---- */

static void proposals_take_effect_in_their_order(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    uint32_t node;
    by_value(w, remove_of(5));                         /* 0 */
    by_value(w, add(w, 1));                            /* 1 */
    by_value(w, data_update(0x8001, VIEW_LIT("new"))); /* 2 */
    by_value(w, remove_of(2));                         /* 3 */
    by_reference(w, 3, self_remove());                 /* 4 */
    by_reference(w, 4, update(w, 4, false));           /* 5 */
    by_value(w, extensions_of((view){0}));             /* 6 */
    by_value(w, add(w, 0));                            /* 7 */
    by_value(w, psk(VIEW_LIT("a")));                   /* 8 */
    by_value(w, ephemeral());                          /* 9 */
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    static const uint32_t want[] = {6, 5, 4, 0, 3, 1, 7, 8, 9, 2};
    assert_memory_equal(o.applied.order, want, sizeof want);
    /* Leaves 2, 3 and 5 were blank when the first Add came. */
    assert_int_equal(o.applied.added.count, 2);
    assert_int_equal(o.applied.added.items[0], 2);
    assert_int_equal(o.applied.added.items[1], 3);
    assert_int_equal(w->list.items[1].leaf_index, 2);
    assert_int_equal(w->list.items[7].leaf_index, 3);
    assert_int_equal(tree_member_count(o.tree), 5);
    assert_null(tree_leaf(o.tree, 5));
    assert_true(tree_find_key(o.tree, TREE_SIGNATURE_KEY, sign_key_public(w->new_keys[1]),
                              UINT32_MAX, &node));
    assert_int_equal(node, tree_math_leaf_node(2));
    assert_true(view_equal(tree_node_encoded(tree_leaf(o.tree, 4)),
                           w->list.items[5].proposal.update.encoded));
    view data;
    assert_true(app_data_of(buf_view(&o.applied.extensions), 0x8001, &data));
    assert_true(view_equal(data, VIEW_LIT("new")));
    assert_int_equal(o.applied.psk_count, 1);
    assert_false(o.applied.removes_us);
    assert_null(o.applied.own_update);
    assert_int_equal(tree_member_count(w->epoch->tree), MEMBERS); /* as it was */
}

static void what_concerns_us_is_told(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    DEFER(outcome_clear) struct outcome p = {0};
    by_reference(w, 0, update(w, 0, false));
    assert_int_equal(list_apply(w, false, &o), CHECK_NONE);
    assert_ptr_equal(o.applied.own_update, w->list.items[0].pending);
    proposal_list_clear(&w->list);
    by_value(w, remove_of(0));
    assert_int_equal(list_apply(w, false, &p), CHECK_NONE);
    assert_true(p.applied.removes_us);
}

static void psks_kem_output_and_reinit_are_handed_on(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    DEFER(outcome_clear) struct outcome p = {0};
    by_value(w, psk(VIEW_LIT("b")));
    by_value(w, external_init());
    by_value(w, psk(VIEW_LIT("a")));
    assert_int_equal(list_apply(w, false, &o), CHECK_NONE);
    assert_int_equal(o.applied.psk_count, 2);
    assert_true(view_equal(o.applied.psks[0].psk_id, VIEW_LIT("b")));
    assert_true(view_equal(o.applied.psks[1].psk_id, VIEW_LIT("a")));
    assert_true(view_equal(o.applied.kem_output, VIEW_LIT("output")));
    assert_null(o.applied.reinit);
    proposal_list_clear(&w->list);
    by_value(w, reinit(1));
    assert_int_equal(list_apply(w, false, &p), CHECK_NONE);
    assert_true(view_equal(p.applied.reinit->group_id, VIEW_LIT("next")));
}

static void an_add_must_be_within_its_lifetime_when_we_commit_it(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    by_value(w, add(w, 0));
    w->step.now_s = 2001;
    assert_int_equal(list_apply(w, true, &o), CHECK_LEAF_LIFETIME_NOW);
    assert_int_equal(list_apply(w, false, &o), CHECK_NONE);
    w->list.items[0].verified = true; /* times are not what was verified */
    assert_int_equal(list_apply(w, true, &o), CHECK_LEAF_LIFETIME_NOW);
}

static void signatures_of_adds_and_updates_are_verified(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    sotto_buf *package = &w->packages[0];
    package->data[package->len - 1] ^= 1;
    by_value(w, add(w, 0));
    assert_int_equal(list_apply(w, true, &o), CHECK_KEY_PACKAGE_SIGNATURE);
    w->list.items[0].verified = true; /* and not again */
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    proposal_list_clear(&w->list);
    struct proposal forged = update(w, 2, false);
    sotto_buf *kept = &w->kept[w->kept_count - 1];
    kept->data[kept->len - 1] ^= 1;
    by_reference(w, 2, forged);
    assert_int_equal(list_apply(w, false, &o), CHECK_LEAF_SIGNATURE);
}

static void an_update_is_signed_for_its_own_leaf(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    by_reference(w, 2, update(w, 2, false));
    w->list.items[0].leaf_index = 3;
    assert_int_equal(list_apply(w, false, &o), CHECK_LEAF_SIGNATURE_KEY_UNIQUE);
    by_value(w, remove_of(2));
    assert_int_equal(list_apply(w, false, &o), CHECK_LEAF_SIGNATURE);
}

static void new_leaves_have_what_the_new_extensions_require(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    by_value(w, add(w, 0));
    by_value(w, remove_of(5));
    by_value(w, extensions_of(buf_view(required(w, 0xf001, 0, 0))));
    assert_int_equal(list_apply(w, true, &o), CHECK_LEAF_REQUIRED_EXTENSIONS);
    w->list.items[2].proposal.extensions = buf_view(
        required(w, EXTENSION_APP_DATA_DICTIONARY, PROPOSAL_SELF_REMOVE, CREDENTIAL_BASIC));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    w->list.items[2].proposal.extensions = buf_view(required(w, 0, 0x0909, 0));
    assert_int_equal(list_apply(w, true, &o), CHECK_LEAF_REQUIRED_PROPOSALS);
}

static void all_members_have_what_the_new_extensions_require(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    by_value(w, extensions_of(buf_view(required(w, 0, PROPOSAL_SELF_REMOVE, 0))));
    assert_int_equal(list_apply(w, true, &o), CHECK_GCE_REQUIRED); /* leaf 5 does not */
    w->list.items[0].proposal.extensions =
        buf_view(required(w, EXTENSION_APP_DATA_DICTIONARY, 0, 0));
    assert_int_equal(list_apply(w, true, &o), CHECK_GCE_REQUIRED);
    w->list.items[0].proposal.extensions = buf_view(required(w, 0, 0, CREDENTIAL_X509));
    assert_int_equal(list_apply(w, true, &o), CHECK_GCE_REQUIRED);
    w->list.items[0].proposal.extensions =
        buf_view(required(w, EXTENSION_EXTERNAL_SENDERS, PROPOSAL_ADD, CREDENTIAL_BASIC));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    w->list.items[0].proposal.extensions = buf_view(required(w, 0, PROPOSAL_SELF_REMOVE, 0));
    by_value(w, remove_of(5));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
}

static void all_members_support_the_types_of_the_new_extensions(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    sotto_buf *list = keep(w);
    assert_ok(sotto_mls_extension_add(list, 0xf001, VIEW_LIT("x")));
    by_value(w, extensions_of(buf_view(list)));
    assert_int_equal(list_apply(w, true, &o), CHECK_GCE_SUPPORTED);
    by_value(w, remove_of(5));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    by_value(w, add(w, 0)); /* does not */
    assert_int_equal(list_apply(w, true, &o), CHECK_LEAF_GROUP_EXTENSIONS);
}

static void a_dictionary_that_comes_by_an_update_is_supported_by_all(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    by_value(w, data_update(0x8001, VIEW_LIT("x")));
    assert_int_equal(list_apply(w, true, &o), CHECK_GCE_SUPPORTED);
    by_value(w, remove_of(5));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
}

static void components_that_become_required_are_looked_for_in_all_leaves(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    static const uint8_t list[] = {2, 0x80, 1};
    by_value(w, remove_of(5));
    by_value(w, data_update(COMPONENT_APP_COMPONENTS, VIEW_OF(list)));
    assert_int_equal(list_apply(w, true, &o), CHECK_LEAF_COMPONENTS);
    w->list.items[1].proposal.app_data_update.update = view_of("", 1); /* none */
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
}

static void updates_of_a_component_go_one_way(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    by_value(w, remove_of(5));
    by_value(w, data_remove(0x8002));
    assert_int_equal(list_apply(w, true, &o), CHECK_APP_DATA_REMOVE);
    assert_int_equal(w->step.fault.where, 1);
    by_value(w, data_update(0x8002, VIEW_LIT("x")));
    assert_int_equal(list_apply(w, true, &o), CHECK_APP_DATA_ONE_WAY);
    assert_true(w->list.items[1].refused && w->list.items[2].refused);
}

static sotto_err joined(void *context, uint16_t component, sotto_view before,
                        const sotto_view *updates, size_t count, sotto_buf *ret_after)
{
    assert_int_equal(component, 0x8001);
    assert_null(before.data);
    assert_int_equal(count, 2);
    assert_true(view_equal(updates[0], VIEW_LIT("1")));
    *(int *)context += 1;
    return buf_set(ret_after, VIEW_LIT("12"));
}

static void the_application_makes_new_data_from_updates(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    int calls = 0;
    view data;
    w->rules = (sotto_mls_rules){.context = &calls, .app_data = joined};
    by_value(w, remove_of(5));
    by_value(w, data_update(0x8001, VIEW_LIT("1")));
    by_value(w, data_update(0x8001, VIEW_LIT("2")));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    assert_int_equal(calls, 1);
    assert_true(app_data_of(buf_view(&o.applied.extensions), 0x8001, &data));
    assert_true(view_equal(data, VIEW_LIT("12")));
}

/* What the application was asked about credentials. */
struct asked {
    uint32_t count, with_before, external;
    uint32_t last_index;
    bool refuses;
};

static sotto_err ask(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    struct asked *asked = context;
    asked->count++;
    asked->with_before += before != NULL;
    asked->external += leaf->index == UINT32_MAX;
    asked->last_index = leaf->index;
    if (before != NULL)
        assert_int_equal(before->index, leaf->index);
    return asked->refuses ? SOTTO_E_PERMISSION : SOTTO_OK;
}

static void the_application_is_asked_about_each_credential(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    struct asked asked = {0};
    sotto_buf *senders = keep(w);
    w->rules = (sotto_mls_rules){.context = &asked, .credential = ask};
    assert_ok(sotto_mls_external_sender_add(
        senders, sign_key_public(w->new_keys[3]),
        (sotto_mls_credential){SOTTO_MLS_BASIC, VIEW_LIT("service")}));
    by_value(w, add(w, 0));
    by_reference(w, 2, update(w, 2, false));
    by_value(w, extensions_of(buf_view(senders)));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    assert_int_equal(asked.count, 3);
    assert_int_equal(asked.with_before, 1);
    assert_int_equal(asked.external, 1);
    asked.refuses = true;
    w->list.count = 1;
    assert_int_equal(list_apply(w, false, &o), CHECK_CREDENTIAL_ACCEPTED);
    w->list.items[0] = w->list.items[1];
    assert_int_equal(list_apply(w, false, &o), CHECK_CREDENTIAL_SUCCESSOR);
    w->list.items[0] = w->list.items[2];
    assert_int_equal(list_apply(w, false, &o), CHECK_CREDENTIAL_EXTERNAL_SENDER);
    world_set_extensions(w, buf_view(senders)); /* the same as before */
    assert_int_equal(list_apply(w, false, &o), CHECK_NONE);
}

static void without_rules_a_basic_credential_stays_as_it_is(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    by_reference(w, 2, update(w, 2, false));
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    w->members[2].name[0] ^= 1;
    proposal_list_clear(&w->list);
    by_reference(w, 2, update(w, 2, false));
    assert_int_equal(list_apply(w, false, &o), CHECK_CREDENTIAL_SUCCESSOR);
}

static void a_committer_drops_the_pending_ones_that_were_refused(void **state)
{
    ON_A_WORLD(state);
    DEFER(outcome_clear) struct outcome o = {0};
    for (size_t i = 0; i < 2; i++)
        w->packages[i].data[w->packages[i].len - 1] ^= 1;
    by_reference(w, 2, add(w, 0));
    by_value(w, add(w, 2));
    by_reference(w, 3, add(w, 1));
    by_reference(w, 3, add(w, 3));
    assert_int_equal(list_apply(w, true, &o), CHECK_KEY_PACKAGE_SIGNATURE);
    assert_int_equal(w->step.fault.where, 0);
    assert_true(proposal_list_drop_refused(&w->list));
    assert_int_equal(w->list.count, 2);
    assert_true(w->list.items[0].verified && w->list.items[1].verified);
    assert_int_equal(list_apply(w, true, &o), CHECK_NONE);
    assert_false(proposal_list_drop_refused(&w->list));
    /* By value, it is the error of who asked for it. */
    proposal_list_clear(&w->list);
    by_value(w, add(w, 0));
    assert_int_equal(list_apply(w, true, &o), CHECK_KEY_PACKAGE_SIGNATURE);
    assert_false(proposal_list_drop_refused(&w->list));
    assert_int_equal(w->list.count, 1);
}

/* ---- selecting ---- */

static void own(struct world *w)
{
    w->committer.leaf_index = 0;
    assert_ok(proposal_list_select(w->epoch, &w->pending, &w->list));
}

static void a_committer_takes_all_that_waits_and_fits(void **state)
{
    ON_A_WORLD(state);
    waits(w, 2, remove_of(3));
    waits(w, 2, add(w, 0));
    waits(w, 4, update(w, 4, false));
    waits(w, 4, psk(VIEW_LIT("a")));
    own(w);
    assert_int_equal(w->list.count, 4);
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static void a_committer_leaves_out_what_it_may_not_commit(void **state)
{
    ON_A_WORLD(state);
    waits(w, 0, update(w, 0, false));
    waits(w, 2, remove_of(0));
    waits(w, 0, self_remove());
    waits(w, 2, remove_of(OUTSIDE));
    waits(w, 2, external_init());
    waits(w, 2, resumption(PSK_USAGE_BRANCH));
    waits(w, 2, ephemeral()); /* leaf 5 does not know it */
    own(w);
    assert_int_equal(w->list.count, 0);
}

static void of_several_for_one_leaf_a_removal_goes_then_the_last_update(void **state)
{
    ON_A_WORLD(state);
    const struct pending_proposal *last, *removal, *self;
    waits(w, 2, update(w, 2, false));
    waits(w, 3, update(w, 3, false));
    waits(w, 4, update(w, 4, false));
    removal = waits(w, 5, remove_of(3));
    waits(w, 2, remove_of(3));
    waits(w, 2, remove_of(4));
    waits(w, 2, remove_of(5));
    self = waits(w, 4, self_remove());
    last = waits(w, 2, update(w, 2, false));
    own(w);
    assert_int_equal(w->list.count, 4);
    assert_ptr_equal(w->list.items[0].pending, removal);
    assert_int_equal(w->list.items[1].leaf_index, 5);
    assert_ptr_equal(w->list.items[2].pending, self);
    assert_ptr_equal(w->list.items[3].pending, last);
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static void what_is_asked_for_goes_before_what_waits(void **state)
{
    ON_A_WORLD(state);
    waits(w, 2, self_remove());
    waits(w, 3, add(w, 0));
    waits(w, 3, psk(VIEW_LIT("a")));
    waits(w, 3, extensions_of((view){0}));
    waits(w, 3, reinit(1));
    w->committer.leaf_index = 0;
    by_value(w, remove_of(2));
    by_value(w, add(w, 0));
    by_value(w, psk(VIEW_LIT("a")));
    by_value(w, extensions_of((view){0}));
    own(w);
    assert_int_equal(w->list.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_null(w->list.items[i].pending);
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static void a_reinit_that_waits_goes_when_it_is_alone(void **state)
{
    ON_A_WORLD(state);
    waits(w, 2, reinit(1));
    waits(w, 3, reinit(1));
    own(w);
    assert_int_equal(w->list.count, 1);
    assert_int_equal(list_check(w, true), CHECK_NONE);
    proposal_list_clear(&w->list);
    by_value(w, reinit(1));
    waits(w, 3, add(w, 0));
    own(w);
    assert_int_equal(w->list.count, 1);
    proposal_list_clear(&w->list);
    own(w);
    assert_int_equal(w->list.count, 1);
    assert_int_equal(w->list.items[0].proposal.proposal_type, PROPOSAL_ADD);
}

static void members_are_added_again_if_their_removal_waits(void **state)
{
    ON_A_WORLD(state);
    package_of_member(w, 0, 3);
    waits(w, 2, add(w, 0));
    own(w);
    assert_int_equal(w->list.count, 0);
    waits(w, 2, remove_of(3));
    own(w);
    assert_int_equal(w->list.count, 2);
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

static void types_that_somebody_lacks_wait_for_its_removal(void **state)
{
    ON_A_WORLD(state);
    waits(w, 2, ephemeral());
    waits(w, 2, remove_of(5));
    own(w);
    assert_int_equal(w->list.count, 2);
    assert_int_equal(list_check(w, false), CHECK_NONE);
}

/* ---- arriving ---- */

static void proposals_are_judged_as_they_arrive(void **state)
{
    ON_A_WORLD(state);
    assert_int_equal(arrives(w, 2, add(w, 0)), CHECK_NONE);
    assert_int_equal(arrives(w, 2, update(w, 2, false)), CHECK_NONE);
    assert_int_equal(arrives(w, 2, remove_of(3)), CHECK_NONE);
    assert_int_equal(arrives(w, 2, remove_of(OUTSIDE)), CHECK_REMOVE_MEMBER);
    assert_int_equal(arrives(w, 2, psk(VIEW_LIT("a"))), CHECK_NONE);
    assert_int_equal(arrives(w, 2, resumption(PSK_USAGE_REINIT)), CHECK_PSK_USAGE);
    assert_int_equal(arrives(w, 2, reinit(0)), CHECK_REINIT_VERSION);
    assert_int_equal(arrives(w, 2, extensions_of((view){0})), CHECK_NONE);
    assert_int_equal(arrives(w, 2, self_remove()), CHECK_NONE);
    assert_int_equal(arrives(w, 2, ephemeral()), CHECK_NONE);
    struct proposal forged = update(w, 3, false);
    forged.update.extensions = VIEW_LIT("\x00\x01\x02\x01x");
    assert_int_equal(arrives(w, 3, forged), CHECK_LEAF_SIGNATURE);
    w->packages[1].data[w->packages[1].len - 1] ^= 1;
    assert_int_equal(arrives(w, 2, add(w, 1)), CHECK_KEY_PACKAGE_SIGNATURE);
}

/* A GroupContextExtensions of the same commit may ask for less. */
static void what_another_proposal_may_change_is_not_judged_on_arrival(void **state)
{
    ON_A_WORLD(state);
    world_set_extensions(w, buf_view(required(w, 0xf001, 0x0909, 0)));
    assert_int_equal(arrives(w, 2, add(w, 0)), CHECK_NONE);
    package_of_member(w, 1, 3);
    assert_int_equal(arrives(w, 2, add(w, 1)), CHECK_NONE);
}

static void our_own_adds_must_be_within_their_lifetime(void **state)
{
    ON_A_WORLD(state);
    w->step.now_s = 2001;
    assert_int_equal(arrives(w, 2, add(w, 0)), CHECK_NONE);
    assert_int_equal(arrives(w, 0, add(w, 0)), CHECK_LEAF_LIFETIME_NOW);
}

static void credentials_are_asked_about_on_arrival(void **state)
{
    ON_A_WORLD(state);
    struct asked asked = {.refuses = true};
    w->rules = (sotto_mls_rules){.context = &asked, .credential = ask};
    assert_int_equal(arrives(w, 2, add(w, 0)), CHECK_CREDENTIAL_ACCEPTED);
    assert_int_equal(asked.last_index, UINT32_MAX);
    assert_int_equal(arrives(w, 2, update(w, 2, false)), CHECK_CREDENTIAL_SUCCESSOR);
    assert_int_equal(asked.last_index, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_everything_that_goes_together_is_right),
        cmocka_unit_test(an_empty_list_is_right_with_a_path),
        cmocka_unit_test(a_path_is_needed_by_what_takes_members_keys_or_extensions),
        cmocka_unit_test(a_committer_does_not_change_itself_by_a_proposal),
        cmocka_unit_test(a_leaf_changes_once),
        cmocka_unit_test(what_a_remove_names_is_a_member),
        cmocka_unit_test(an_update_has_a_new_key),
        cmocka_unit_test(a_client_is_added_once),
        cmocka_unit_test(a_member_is_added_again_when_it_is_removed),
        cmocka_unit_test(a_psk_is_named_once),
        cmocka_unit_test(a_psk_is_for_its_use_and_has_a_whole_nonce),
        cmocka_unit_test(extensions_are_replaced_once),
        cmocka_unit_test(a_reinit_is_alone_and_goes_forward),
        cmocka_unit_test(no_member_brings_an_external_init),
        cmocka_unit_test(types_are_supported_by_who_stays),
        cmocka_unit_test(a_self_remove_comes_by_reference_and_in_the_open),
        cmocka_unit_test(extensions_leave_the_dictionary_alone_where_updates_are_required),
        cmocka_unit_test(an_external_commit_is_right),
        cmocka_unit_test(an_external_commit_has_one_external_init),
        cmocka_unit_test(an_external_commit_removes_one_leaf),
        cmocka_unit_test(an_external_commit_holds_nothing_else),
        cmocka_unit_test(an_external_commit_names_self_removes_alone_by_reference),
        cmocka_unit_test(an_external_commits_psks_are_judged_too),
        cmocka_unit_test(a_written_list_is_resolved_to_the_same),
        cmocka_unit_test(a_reference_to_nothing_is_missing),
        cmocka_unit_test(proposals_take_effect_in_their_order),
        cmocka_unit_test(what_concerns_us_is_told),
        cmocka_unit_test(psks_kem_output_and_reinit_are_handed_on),
        cmocka_unit_test(an_add_must_be_within_its_lifetime_when_we_commit_it),
        cmocka_unit_test(signatures_of_adds_and_updates_are_verified),
        cmocka_unit_test(an_update_is_signed_for_its_own_leaf),
        cmocka_unit_test(new_leaves_have_what_the_new_extensions_require),
        cmocka_unit_test(all_members_have_what_the_new_extensions_require),
        cmocka_unit_test(all_members_support_the_types_of_the_new_extensions),
        cmocka_unit_test(a_dictionary_that_comes_by_an_update_is_supported_by_all),
        cmocka_unit_test(components_that_become_required_are_looked_for_in_all_leaves),
        cmocka_unit_test(updates_of_a_component_go_one_way),
        cmocka_unit_test(the_application_makes_new_data_from_updates),
        cmocka_unit_test(the_application_is_asked_about_each_credential),
        cmocka_unit_test(without_rules_a_basic_credential_stays_as_it_is),
        cmocka_unit_test(a_committer_drops_the_pending_ones_that_were_refused),
        cmocka_unit_test(a_committer_takes_all_that_waits_and_fits),
        cmocka_unit_test(a_committer_leaves_out_what_it_may_not_commit),
        cmocka_unit_test(of_several_for_one_leaf_a_removal_goes_then_the_last_update),
        cmocka_unit_test(what_is_asked_for_goes_before_what_waits),
        cmocka_unit_test(a_reinit_that_waits_goes_when_it_is_alone),
        cmocka_unit_test(members_are_added_again_if_their_removal_waits),
        cmocka_unit_test(types_that_somebody_lacks_wait_for_its_removal),
        cmocka_unit_test(proposals_are_judged_as_they_arrive),
        cmocka_unit_test(what_another_proposal_may_change_is_not_judged_on_arrival),
        cmocka_unit_test(our_own_adds_must_be_within_their_lifetime),
        cmocka_unit_test(credentials_are_asked_about_on_arrival),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
