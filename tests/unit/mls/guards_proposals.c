/* Proposals, and lists of them, as they are judged before and while they are applied: in a group of five, whose members support
 * AppDataUpdate and SelfRemove, but not AppEphemeral. */
#include "guards.h"

#include "made_package.h"
#include "mls/proposal_list.h"

#define MEMBERS   5u
#define COMMITTER 1u
#define SPEAKER   2u /* who proposes what is committed by reference */
#define EPOCH     7u

struct scene {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    struct member members[MEMBERS];
    struct epoch *epoch;
    struct pending pending;
    sotto_buf proposals; /* ProposalOrRefs */
    struct sender committer;
    bool pathless;
    sotto_mls_rules rules;
    struct package packages[2];
};

static void scene_init(sotto_crypto *c, struct scene *scene)
{
    uint8_t seed[RNG_SEED] = {51};
    *scene = (struct scene){.c = c,
                            .suite = mls_suite_find(1),
                            .rng = rng_from(seed),
                            .committer = {.sender_type = SENDER_MEMBER, .leaf_index = COMMITTER}};
    assert_ok(epoch_new(scene->suite, &scene->epoch));
    assert_ok(tree_new(scene->suite, tree_seed, &scene->epoch->tree));
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct profile p = profile_usual(scene->suite);
        uint32_t leaf;
        p.proposals = VIEW_LIT("\0\x08\0\x0a");
        scene->members[i] = member_new(c, scene->suite, &scene->rng);
        member_sign(c, &scene->members[i], &p);
        assert_ok(tree_add(scene->epoch->tree, buf_view(&scene->members[i].leaf), &leaf));
    }
    assert_ok(epoch_set_context(c, scene->epoch, GROUP_ID, EPOCH, (view){0}, (view){0}));
    for (uint8_t i = 0; i < COUNT_OF(scene->packages); i++) {
        package_init(c, i, &scene->packages[i]);
        package_sign(c, &scene->packages[i]);
    }
}

static void scene_clear(struct scene *scene)
{
    for (uint32_t i = 0; i < MEMBERS; i++)
        member_clear(&scene->members[i]);
    for (size_t i = 0; i < COUNT_OF(scene->packages); i++)
        package_clear(&scene->packages[i]);
    epoch_free(scene->epoch);
    pending_clear(&scene->pending);
    buf_clear(&scene->proposals);
}

static void by_value(struct scene *scene, const struct proposal *proposal)
{
    const struct proposal_or_ref item = {.type = PROPOSAL_OR_REF_PROPOSAL, .proposal = *proposal};
    struct wr w = wr_to(&scene->proposals);
    proposal_or_ref_write(&w, &item);
    assert_ok(wr_end(&w));
}

static void by_reference(struct scene *scene, uint32_t speaker, uint16_t wire_format,
                         const struct proposal *proposal)
{
    struct pending_proposal *made = NULL;
    const struct authenticated_content content = {
        .wire_format = wire_format,
        .content = {.group_id = GROUP_ID,
                    .epoch = EPOCH,
                    .sender = {.sender_type = SENDER_MEMBER, .leaf_index = speaker},
                    .content_type = CONTENT_PROPOSAL,
                    .proposal = *proposal},
        .auth = {.signature = VIEW_LIT("not looked at here")}};
    assert_ok(pending_proposal_new(scene->c, scene->suite, &content, &made));
    const struct proposal_or_ref item = {.type = PROPOSAL_OR_REF_REFERENCE,
                                         .reference = view_of(made->ref, scene->suite->hash_len)};
    assert_ok(pending_add(&scene->pending, scene->suite, &made));
    struct wr w = wr_to(&scene->proposals);
    proposal_or_ref_write(&w, &item);
    assert_ok(wr_end(&w));
}

/* The way of a received commit: the list is resolved, judged, and applied to a clone of the tree. */
static sotto_err judge(struct scene *scene, struct fault *ret_fault)
{
    DEFER(proposal_list_clear) struct proposal_list list = {0};
    DEFER(proposals_applied_clear) struct proposals_applied applied = {0};
    struct tree *tree = NULL;
    sotto_mls m = {.crypto = scene->c, .rules = &scene->rules};
    struct step s = step_plain(&m);
    sotto_err err = proposal_list_resolve(&s, scene->suite, &scene->pending,
                                          buf_view(&scene->proposals), &scene->committer, &list);
    if (err == SOTTO_OK)
        err = proposal_list_check(&s, scene->epoch, &list, &scene->committer, scene->pathless);
    if (err == SOTTO_OK) {
        assert_ok(tree_clone(scene->epoch->tree, &tree));
        err = proposal_list_apply(&s, scene->epoch, &list, tree, 0, false, 0, &applied);
        tree_free(tree);
    }
    *ret_fault = s.fault;
    return err;
}

struct plot {
    void (*lay)(struct scene *scene);
};

static sotto_err attempt(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    const struct plot *plot = argument;
    struct scene scene;
    scene_init(c, &scene);
    plot->lay(&scene);
    sotto_err err = judge(&scene, ret_fault);
    scene_clear(&scene);
    return err;
}

/* --- proposals --- */

static void remove_leaf(struct scene *scene, uint32_t leaf_index)
{
    by_value(scene, &(struct proposal){.proposal_type = PROPOSAL_REMOVE, .removed = leaf_index});
}

static void add(struct scene *scene, size_t number)
{
    struct proposal proposal = {.proposal_type = PROPOSAL_ADD};
    struct rd r = rd_of(buf_view(&scene->packages[number].encoded));
    key_package_read(&r, &proposal.add);
    assert_ok(rd_end(&r));
    by_value(scene, &proposal);
}

/* An Update of a member's, with another key or not. */
static void update(struct scene *scene, uint32_t leaf_index, bool new_key)
{
    struct proposal proposal = {.proposal_type = PROPOSAL_UPDATE};
    struct member *member = &scene->members[leaf_index];
    struct profile p = profile_usual(scene->suite);
    p.source = LEAF_NODE_UPDATE;
    p.leaf_index = leaf_index;
    if (new_key) {
        kem_key_free(member->kem_key);
        member->kem_key = fresh_kem_key(scene->c, scene->suite, &scene->rng);
    }
    member_sign(scene->c, member, &p);
    struct rd r = rd_of(buf_view(&member->leaf));
    leaf_node_read(&r, &proposal.update);
    assert_ok(rd_end(&r));
    by_reference(scene, leaf_index, WIRE_PRIVATE_MESSAGE, &proposal);
}

static const uint8_t nonce[32] = {1};

static struct proposal psk(void)
{
    return (struct proposal){
        .proposal_type = PROPOSAL_PSK,
        .psk = {.psktype = PSK_EXTERNAL, .psk_id = VIEW_LIT("psk"), .psk_nonce = VIEW_OF(nonce)}};
}

static void extensions(struct scene *scene, view list)
{
    by_value(scene, &(struct proposal){.proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                       .extensions = list});
}

static void reinit(struct scene *scene, uint16_t version)
{
    by_value(scene,
             &(struct proposal){
                 .proposal_type = PROPOSAL_REINIT,
                 .reinit = {.group_id = VIEW_LIT("next"), .version = version, .cipher_suite = 1}});
}

static void external_init(struct scene *scene)
{
    by_value(scene, &(struct proposal){.proposal_type = PROPOSAL_EXTERNAL_INIT,
                                       .kem_output = VIEW_LIT("kem_output")});
}

static const struct proposal self_remove = {.proposal_type = PROPOSAL_SELF_REMOVE};

/* --- one that is wrong --- */

static void update_with_the_old_key(struct scene *scene)
{
    update(scene, SPEAKER, false);
}

static void remove_nobody(struct scene *scene)
{
    remove_leaf(scene, MEMBERS);
}

static void remove_far_outside(struct scene *scene)
{
    remove_leaf(scene, UINT32_MAX);
}

static void psk_for_reinit(struct scene *scene)
{
    struct proposal proposal = psk();
    proposal.psk = (struct pre_shared_key_id){.psktype = PSK_RESUMPTION,
                                              .usage = PSK_USAGE_REINIT,
                                              .psk_group_id = GROUP_ID,
                                              .psk_nonce = VIEW_OF(nonce)};
    by_value(scene, &proposal);
}

static void psk_with_a_short_nonce(struct scene *scene)
{
    struct proposal proposal = psk();
    proposal.psk.psk_nonce.len--;
    by_value(scene, &proposal);
}

static void reinit_downwards(struct scene *scene)
{
    reinit(scene, 0);
}

static void extension_that_nobody_supports(struct scene *scene)
{
    extensions(scene, VIEW_LIT("\xf0\x01\0"));
}

static void requirement_that_nobody_meets(struct scene *scene)
{
    extensions(scene, VIEW_LIT("\0\3\5\0\2\xf0\x01\0"));
}

static void self_remove_sealed(struct scene *scene)
{
    by_reference(scene, SPEAKER, WIRE_PRIVATE_MESSAGE, &self_remove);
}

/* --- a member's list --- */

static void own_update(struct scene *scene)
{
    update(scene, COMMITTER, true);
}

static void own_removal(struct scene *scene)
{
    remove_leaf(scene, COMMITTER);
}

static void own_self_remove(struct scene *scene)
{
    by_reference(scene, COMMITTER, WIRE_PUBLIC_MESSAGE, &self_remove);
}

static void one_leaf_twice(struct scene *scene)
{
    update(scene, SPEAKER, true);
    remove_leaf(scene, SPEAKER);
}

static void one_client_twice(struct scene *scene)
{
    add(scene, 0);
    add(scene, 0);
}

static void a_member_again(struct scene *scene)
{
    struct package *p = &scene->packages[0];
    sotto_sign_key *own = p->member.sign_key;
    struct profile profile = profile_usual(scene->suite);
    p->member.sign_key = scene->members[3].sign_key;
    member_sign(scene->c, &p->member, &profile);
    struct rd r = rd_of(buf_view(&p->member.leaf));
    leaf_node_read(&r, &p->parts.leaf_node);
    package_sign(scene->c, p);
    p->member.sign_key = own;
    add(scene, 0);
}

static void one_psk_twice(struct scene *scene)
{
    const struct proposal proposal = psk();
    by_value(scene, &proposal);
    by_value(scene, &proposal);
}

static void extensions_twice(struct scene *scene)
{
    extensions(scene, (view){0});
    extensions(scene, (view){0});
}

static void reinit_and_more(struct scene *scene)
{
    reinit(scene, PROTOCOL_MLS10);
    remove_leaf(scene, SPEAKER);
}

static void external_init_of_a_member(struct scene *scene)
{
    external_init(scene);
}

static void type_that_not_all_support(struct scene *scene)
{
    by_value(scene, &(struct proposal){.proposal_type = PROPOSAL_APP_EPHEMERAL,
                                       .app_ephemeral = {.component_id = 0x8001}});
}

static void unknown_reference(struct scene *scene)
{
    remove_leaf(scene, SPEAKER);
    const struct proposal_or_ref item = {.type = PROPOSAL_OR_REF_REFERENCE,
                                         .reference = VIEW_OF(nonce)};
    struct wr w = wr_to(&scene->proposals);
    proposal_or_ref_write(&w, &item);
    assert_ok(wr_end(&w));
}

static void removal_without_path(struct scene *scene)
{
    remove_leaf(scene, SPEAKER);
    scene->pathless = true;
}

static void nothing_without_path(struct scene *scene)
{
    scene->pathless = true;
}

/* --- a new member's list --- */

static void newcomer(struct scene *scene)
{
    scene->committer = (struct sender){.sender_type = SENDER_NEW_MEMBER_COMMIT};
}

static void no_external_init(struct scene *scene)
{
    newcomer(scene);
}

static void two_external_inits(struct scene *scene)
{
    newcomer(scene);
    external_init(scene);
    external_init(scene);
}

static void two_removals(struct scene *scene)
{
    newcomer(scene);
    external_init(scene);
    remove_leaf(scene, SPEAKER);
    remove_leaf(scene, SPEAKER + 1);
}

static void external_add(struct scene *scene)
{
    newcomer(scene);
    external_init(scene);
    add(scene, 0);
}

static void external_reference(struct scene *scene)
{
    const struct proposal proposal = psk();
    newcomer(scene);
    external_init(scene);
    by_reference(scene, SPEAKER, WIRE_PUBLIC_MESSAGE, &proposal);
}

/* By a member it would be the committer's own, which is wrong anyway. */
static void self_remove_by_value(struct scene *scene)
{
    newcomer(scene);
    external_init(scene);
    by_value(scene, &self_remove);
}

static void external_without_path(struct scene *scene)
{
    newcomer(scene);
    external_init(scene);
    scene->pathless = true;
}

/* --- leaves that come --- */

static sotto_err refuse(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    (void)leaf;
    (void)before;
    return SOTTO_E_CERTIFICATE;
}

static void unwanted_client(struct scene *scene)
{
    scene->rules.credential = refuse;
    add(scene, 0);
}

static void unwanted_successor(struct scene *scene)
{
    scene->rules.credential = refuse;
    update(scene, SPEAKER, true);
}

/* external_senders with one: a key of one byte, and a basic credential of no name. */
static void unwanted_external_sender(struct scene *scene)
{
    scene->rules.credential = refuse;
    extensions(scene, VIEW_LIT("\0\5\6\5\1k\0\1\0"));
}

/* clang-format off */
#define PLOT(name, laying) {CHECK_##name, attempt, &(const struct plot){laying}}
/* clang-format on */

static const struct guard_row rows[] = {
    PLOT(UPDATE_KEY_NEW, update_with_the_old_key),
    PLOT(REMOVE_MEMBER, remove_nobody),
    PLOT(REMOVE_MEMBER, remove_far_outside),
    PLOT(PSK_USAGE, psk_for_reinit),
    PLOT(PSK_NONCE, psk_with_a_short_nonce),
    PLOT(REINIT_VERSION, reinit_downwards),
    PLOT(GCE_SUPPORTED, extension_that_nobody_supports),
    PLOT(GCE_REQUIRED, requirement_that_nobody_meets),
    PLOT(SELF_REMOVE_REFERENCE, self_remove_by_value),
    PLOT(SELF_REMOVE_PUBLIC, self_remove_sealed),
    PLOT(LIST_COMMITTER_UPDATE, own_update),
    PLOT(LIST_COMMITTER_REMOVE, own_removal),
    PLOT(LIST_COMMITTER_REMOVE, own_self_remove),
    PLOT(LIST_LEAF_ONCE, one_leaf_twice),
    PLOT(LIST_ADD_ONCE, one_client_twice),
    PLOT(LIST_ADD_NEW, a_member_again),
    PLOT(LIST_PSK_ONCE, one_psk_twice),
    PLOT(LIST_GCE_ONCE, extensions_twice),
    PLOT(LIST_REINIT_ALONE, reinit_and_more),
    PLOT(LIST_EXTERNAL_INIT, external_init_of_a_member),
    PLOT(LIST_SUPPORTED, type_that_not_all_support),
    PLOT(REFERENCE_KNOWN, unknown_reference),
    PLOT(COMMIT_PATH_REQUIRED, removal_without_path),
    PLOT(COMMIT_PATH_REQUIRED, nothing_without_path),
    PLOT(EXTERNAL_INIT_ONE, no_external_init),
    PLOT(EXTERNAL_INIT_ONE, two_external_inits),
    PLOT(EXTERNAL_REMOVE_ONE, two_removals),
    PLOT(EXTERNAL_TYPES, external_add),
    PLOT(EXTERNAL_BY_VALUE, external_reference),
    PLOT(EXTERNAL_PATH, external_without_path),
    PLOT(CREDENTIAL_ACCEPTED, unwanted_client),
    PLOT(CREDENTIAL_SUCCESSOR, unwanted_successor),
    PLOT(CREDENTIAL_EXTERNAL_SENDER, unwanted_external_sender),
};

const struct guard_rows guards_proposals = {rows, COUNT_OF(rows)};
