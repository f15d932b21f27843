/* Commits, of members and of those who join by one, as a group receives them. */
#include "evil.h"

#include "mls/leaf_node_make.h"

static void shorten_confirmation_tag(struct scene *scene, struct public_message *message)
{
    (void)scene;
    message->auth.confirmation_tag.len--;
}

static void no_confirmation_tag(struct scene *scene, struct public_message *message)
{
    (void)scene;
    message->auth.confirmation_tag.len = 0;
}

static void short_tag(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, NULL, shorten_confirmation_tag);
}

static void empty_tag(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, NULL, no_confirmation_tag);
}

/* --- members --- */

/* The evil member goes on with a group that it ended. */
static void commit_after_the_end(struct scene *scene, enum mls_check check)
{
    (void)check;
    static const sotto_mls_proposal reinit = {
        .type = SOTTO_MLS_REINIT, .group_id = {(const uint8_t *)"next", 4}, .suite = 1};
    sotto_staged *staged = peer_commit(&scene->peers[EVIL], &reinit, 1);
    peer_process(&scene->peers[RECEIVER], sotto_staged_commit(staged));
    peer_merge(&scene->peers[EVIL], &staged);
    buf_clear(&scene->peers[EVIL].group->reinit);
    commit(scene, NULL, 0);
}

static sotto_err know_psk(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    (void)context;
    (void)id;
    return buf_set(ret_psk, VIEW_LIT("what one knows alone"));
}

static void unknown_psk(struct scene *scene, enum mls_check check)
{
    (void)check;
    const sotto_mls_proposal psk = {.type = SOTTO_MLS_PSK,
                                    .psk = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_LIT("psk")}};
    scene->rules[EVIL].psk = know_psk;
    scene->peers[EVIL].m.rules = &scene->rules[EVIL];
    commit(scene, &psk, 1);
}

static sotto_err refuse_commit(void *context, const sotto_mls_change *change)
{
    (void)context;
    (void)change;
    return SOTTO_E_RATE; /* whatever it says, the commit is refused with the check's error */
}

static void unwanted(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    scene->rules[RECEIVER].commit = refuse_commit;
}

static sotto_err refuse_credential(void *context, const sotto_mls_leaf *leaf,
                                   const sotto_mls_leaf *before)
{
    (void)context;
    (void)leaf;
    return before == NULL ? SOTTO_OK : SOTTO_E_CERTIFICATE;
}

static sotto_err take_credential(void *context, const sotto_mls_leaf *leaf,
                                 const sotto_mls_leaf *before)
{
    (void)context;
    (void)leaf;
    (void)before;
    return SOTTO_OK;
}

/* A path whose leaf has another name. */
static void other_name(struct scene *scene, enum mls_check check)
{
    (void)check;
    struct peer *evil = &scene->peers[EVIL];
    sotto_mls_client client = evil->client;
    sotto_staged *staged = NULL;
    client.credential.content = VIEW_LIT("somebody else");
    scene->rules[EVIL].credential = take_credential;
    evil->m.rules = &scene->rules[EVIL];
    assert_ok(sotto_group_commit(&evil->m, evil->group,
                                 &(sotto_mls_commit_options){.update = &client}, &staged));
    assert_ok(buf_set(&scene->message, sotto_staged_commit(staged)));
    sotto_staged_free(staged);
    scene->rules[RECEIVER].credential = refuse_credential;
}

static sotto_err attempt_last_epoch(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct scene scene;
    sotto_staged *staged = NULL;
    static const sotto_mls_commit_options options;
    scene_init(c, &scene);
    struct peer *p = &scene.peers[EVIL];
    struct epoch *e = p->group->epoch;
    assert_ok(epoch_set_context(c, e, e->context.group_id, UINT64_MAX,
                                e->context.confirmed_transcript_hash, e->context.extensions));
    sotto_err err = sotto_group_commit(&p->m, p->group, &options, &staged);
    ret_fault->check = (enum mls_check)p->m.check;
    sotto_staged_free(staged);
    scene_clear(&scene);
    return err;
}

/* --- messages that are not ours to open --- */

static void private_message(struct scene *scene)
{
    sotto_buf said = peer_say(&scene->peers[EVIL], "hello");
    assert_ok(buf_set(&scene->message, buf_view(&said)));
    buf_clear(&said);
}

static void of_another_group(struct scene *scene, enum mls_check check)
{
    (void)check;
    private_message(scene);
    scene->message.data[5] ^= 1; /* of the group_id, behind version, wire_format and length */
}

static void of_an_epoch_to_come(struct scene *scene, enum mls_check check)
{
    (void)check;
    private_message(scene);
    scene->message.data[5 + 5 + 7]++; /* "group", and the last byte of the epoch */
}

/* --- joining by a commit --- */

static void group_info(struct scene *scene, bool with_external_pub, sotto_buf *ret_group_info)
{
    struct peer *p = &scene->peers[EVIL];
    assert_ok(sotto_group_info(&p->m, p->group, true, with_external_pub, ret_group_info));
}

/* The commit by which somebody joins, in place of a member if `rejoin` is not UINT32_MAX. */
static void join(struct scene *scene, size_t joiner, uint32_t rejoin)
{
    DEFER(buf_clear) sotto_buf info = {0};
    struct peer *p = &scene->peers[joiner];
    sotto_staged *staged = NULL;
    const sotto_mls_join_options options = {.rejoin = rejoin != UINT32_MAX, .rejoin_index = rejoin};
    group_info(scene, true, &info);
    assert_ok(sotto_mls_join_external(&p->m, &p->client, buf_view(&info), &options, &staged));
    assert_ok(buf_set(&scene->message, sotto_staged_commit(staged)));
    sotto_staged_free(staged);
}

static void in_place_of_another(struct scene *scene, enum mls_check check)
{
    unsigned before = misbehave(check);
    join(scene, STRANGER, 2);
    behave(before);
}

static void shorten_kem_output(struct scene *scene, struct public_message *message)
{
    struct wr w = wr_to(&scene->part);
    for (struct rd at = rd_of(message->content.commit.proposals); rd_more(&at);) {
        struct proposal_or_ref item;
        proposal_or_ref_read(&at, &item);
        if (item.proposal.proposal_type == PROPOSAL_EXTERNAL_INIT)
            item.proposal.kem_output.len--;
        proposal_or_ref_write(&w, &item);
    }
    assert_ok(wr_end(&w));
    message->content.commit.proposals = buf_view(&scene->part);
}

static void bad_kem_output(struct scene *scene, enum mls_check check)
{
    (void)check;
    join(scene, STRANGER, UINT32_MAX);
    rewrite(scene, scene->peers[STRANGER].key, shorten_kem_output);
}

/* The leaf of who comes back at leaf 2, with the key that it had there. */
static void old_encryption_key(struct scene *scene, struct public_message *message)
{
    struct leaf_node *leaf = &message->content.commit.path.leaf_node;
    const struct tree *tree = scene->peers[RECEIVER].group->epoch->tree;
    leaf->encryption_key = tree_node_key(tree_leaf(tree, 2), TREE_ENCRYPTION_KEY);
    assert_ok(leaf_node_sign(scene->c, scene->peers[2].key, leaf,
                             sotto_group_id(scene->peers[RECEIVER].group), 2, &scene->part));
}

static void back_with_the_old_key(struct scene *scene, enum mls_check check)
{
    (void)check;
    join(scene, 2, 2);
    rewrite(scene, scene->peers[2].key, old_encryption_key);
}

/* The key in the GroupInfo's external_pub made a byte shorter. */
static void shorten_external_pub(sotto_buf *message)
{
    DEFER(buf_clear) sotto_buf key = {0};
    DEFER(buf_clear) sotto_buf list = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    struct mls_message parsed;
    struct wr w = wr_to(&list);
    assert_ok(mls_message_parse(buf_view(message), &parsed, NULL));
    for (struct rd at = rd_of(parsed.group_info.extensions); rd_more(&at);) {
        struct extension extension;
        extension_read(&at, &extension);
        if (extension.extension_type == EXTENSION_EXTERNAL_PUB) {
            struct rd r = rd_of(extension.extension_data);
            view pub;
            external_pub_read(&r, &pub);
            struct wr inner = wr_to(&key);
            external_pub_write(&inner, view_of(pub.data, pub.len - 1));
            assert_ok(wr_end(&inner));
            extension.extension_data = buf_view(&key);
        }
        extension_write(&w, &extension);
    }
    assert_ok(wr_end(&w));
    parsed.group_info.extensions = buf_view(&list);
    w = wr_to(&out);
    mls_message_write(&w, &parsed);
    assert_ok(wr_end(&w));
    assert_ok(buf_set(message, buf_view(&out)));
}

static sotto_err attempt_join(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    const bool *has_external_pub = argument;
    DEFER(buf_clear) sotto_buf info = {0};
    struct scene scene;
    sotto_staged *staged = NULL;
    static const sotto_mls_join_options options;
    scene_init(c, &scene);
    struct peer *p = &scene.peers[STRANGER];
    group_info(&scene, *has_external_pub, &info);
    if (*has_external_pub)
        shorten_external_pub(&info);
    sotto_err err = sotto_mls_join_external(&p->m, &p->client, buf_view(&info), &options, &staged);
    ret_fault->check = (enum mls_check)p->m.check;
    sotto_staged_free(staged);
    scene_clear(&scene);
    return err;
}

static const struct guard_row rows[] = {
    MISDEED(MESSAGE_GROUP, of_another_group),
    MISDEED(MESSAGE_EPOCH, of_an_epoch_to_come),
    MISDEED(PSK_KNOWN, unknown_psk),
    MISDEED(COMMIT_CONFIRMATION_TAG, short_tag),
    MISDEED(COMMIT_CONFIRMATION_TAG, empty_tag),
    {CHECK_COMMIT_EPOCH_LEFT, attempt_last_epoch, NULL},
    MISDEED(COMMIT_POLICY, unwanted),
    MISDEED(COMMIT_ACTIVE, commit_after_the_end),
    MISDEED(CREDENTIAL_SUCCESSOR, other_name),
    MISDEED(EXTERNAL_SAME_CLIENT, in_place_of_another),
    MISDEED(EXTERNAL_KEM_OUTPUT, bad_kem_output),
    MISDEED(EXTERNAL_KEY_NEW, back_with_the_old_key),
    {CHECK_EXTERNAL_PUB, attempt_join, &(const bool){false}},
    {CHECK_EXTERNAL_PUB_KEY, attempt_join, &(const bool){true}},
};

const struct guard_rows guards_commit = {rows, COUNT_OF(rows)};
