/* What a member receives goes through every kind of check on its way: one of each kind, from the message's form to the last
 * ciphertext of a path. The other checks of a kind stand beside it, and have their attempts in the files of their own. */
#include "evil.h"

#include "made_package.h"
#include "mls/leaf_node_make.h"

/* --- messages --- */

static void say(struct scene *scene)
{
    sotto_buf said = peer_say(&scene->peers[EVIL], "hello");
    assert_ok(buf_set(&scene->message, buf_view(&said)));
    buf_clear(&said);
}

static void other_version(struct scene *scene, enum mls_check check)
{
    (void)check;
    say(scene);
    scene->message.data[1]++;
}

static void unknown_wire_format(struct scene *scene, enum mls_check check)
{
    (void)check;
    say(scene);
    scene->message.data[3] = 9;
}

static void byte_behind(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    assert_ok(buf_append(&scene->message, VIEW_LIT("x")));
}

static void content_changed(struct scene *scene, enum mls_check check)
{
    (void)check;
    say(scene);
    scene->message.data[scene->message.len - 1] ^= 1;
}

static void said_twice(struct scene *scene, enum mls_check check)
{
    (void)check;
    say(scene);
    peer_hears(&scene->peers[RECEIVER], buf_view(&scene->message), "hello", EVIL);
}

static void tag_changed(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    scene->message.data[scene->message.len - 1] ^= 1;
}

static void nothing(struct scene *scene, struct public_message *message)
{
    (void)scene;
    (void)message;
}

static void signed_by_a_stranger(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[STRANGER].key, nothing);
}

static void from_nobody(struct scene *scene, struct public_message *message)
{
    (void)scene;
    message->content.sender.leaf_index = 77;
}

static void sent_by_nobody(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, from_nobody);
}

/* --- proposals --- */

static void propose_nobody(struct scene *scene, enum mls_check check)
{
    static const sotto_mls_proposal removal = {.type = SOTTO_MLS_REMOVE, .removed = 77};
    unsigned before = misbehave(check);
    sotto_buf message = peer_propose(&scene->peers[EVIL], &removal);
    behave(before);
    assert_ok(buf_set(&scene->message, buf_view(&message)));
    buf_clear(&message);
}

static void name_unknown(struct scene *scene, struct public_message *message)
{
    static const uint8_t reference[32] = {1};
    const struct proposal_or_ref item = {.type = PROPOSAL_OR_REF_REFERENCE,
                                         .reference = VIEW_OF(reference)};
    struct wr w = wr_to(&scene->part);
    proposal_or_ref_write(&w, &item);
    assert_ok(wr_end(&w));
    message->content.commit.proposals = buf_view(&scene->part);
}

static void unknown_reference(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, name_unknown);
}

static void remove_self(struct scene *scene, struct public_message *message)
{
    const struct proposal_or_ref item = {
        .type = PROPOSAL_OR_REF_PROPOSAL,
        .proposal = {.proposal_type = PROPOSAL_REMOVE, .removed = EVIL}};
    struct wr w = wr_to(&scene->part);
    proposal_or_ref_write(&w, &item);
    assert_ok(wr_end(&w));
    message->content.commit.proposals = buf_view(&scene->part);
}

static void own_removal(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, remove_self);
}

/* A KeyPackage that nobody signed, and one whose leaf says that it supports nothing. */
static void add(struct scene *scene, bool is_signed, struct public_message *message)
{
    DEFER(package_clear) struct package p;
    struct proposal_or_ref item = {.type = PROPOSAL_OR_REF_PROPOSAL,
                                   .proposal = {.proposal_type = PROPOSAL_ADD}};
    package_init(scene->c, 9, &p);
    if (is_signed) {
        struct profile profile = profile_usual(mls_suite_find(1));
        profile.versions = VIEW_LIT("\x0a\x0a");
        member_sign(scene->c, &p.member, &profile);
        struct rd leaf = rd_of(buf_view(&p.member.leaf));
        leaf_node_read(&leaf, &p.parts.leaf_node);
    }
    package_sign(scene->c, &p);
    p.encoded.data[p.encoded.len - 1] ^= is_signed ? 0 : 1;
    struct rd r = rd_of(buf_view(&p.encoded));
    key_package_read(&r, &item.proposal.add);
    struct wr w = wr_to(&scene->part);
    proposal_or_ref_write(&w, &item);
    assert_ok(wr_end(&w));
    message->content.commit.proposals = buf_view(&scene->part);
}

static void add_unsigned(struct scene *scene, struct public_message *message)
{
    add(scene, false, message);
}

static void add_unable(struct scene *scene, struct public_message *message)
{
    add(scene, true, message);
}

static void unsigned_package(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, add_unsigned);
}

static void unable_member(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, add_unable);
}

/* --- paths --- */

static void leaf_sign(struct scene *scene, struct leaf_node *leaf)
{
    assert_ok(leaf_node_sign(scene->c, scene->peers[EVIL].key, leaf,
                             sotto_group_id(scene->peers[RECEIVER].group), EVIL, &scene->part));
}

static void other_parent_hash(struct scene *scene, struct public_message *message)
{
    struct leaf_node *leaf = &message->content.commit.path.leaf_node;
    leaf->parent_hash.len--;
    leaf_sign(scene, leaf);
}

static void unbound_leaf(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, other_parent_hash);
}

static void longer_name(struct scene *scene, struct public_message *message)
{
    (void)scene;
    message->content.commit.path.leaf_node.credential.identity = VIEW_LIT("somebody else");
}

static void unsigned_leaf(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, longer_name);
}

static void same_key(struct scene *scene, struct public_message *message)
{
    struct leaf_node *leaf = &message->content.commit.path.leaf_node;
    const struct tree *tree = scene->peers[RECEIVER].group->epoch->tree;
    leaf->encryption_key = tree_node_key(tree_leaf(tree, EVIL), TREE_ENCRYPTION_KEY);
    leaf_sign(scene, leaf);
}

static void old_leaf_key(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, same_key);
}

/* The receiver stands beside the committer: the first node's one ciphertext is for it. */
static void change_ciphertext(struct scene *scene, struct public_message *message)
{
    assert_ok(buf_set(&scene->part, message->content.commit.path.nodes));
    struct rd at = rd_of(buf_view(&scene->part));
    struct update_path_node node;
    update_path_node_read(&at, &node);
    size_t end = (size_t)(node.encrypted_path_secret.data - scene->part.data) +
                 node.encrypted_path_secret.len;
    scene->part.data[end - 1] ^= 1;
    message->content.commit.path.nodes = buf_view(&scene->part);
}

static void closed_path_secret(struct scene *scene, enum mls_check check)
{
    (void)check;
    commit(scene, NULL, 0);
    rewrite(scene, scene->peers[EVIL].key, change_ciphertext);
}

/* --- a group with safe_aad --- */

static void found_with(struct scene *scene, view extensions)
{
    static const sotto_mls_settings open = {.public_handshakes = true};
    struct peer *creator = &scene->peers[EVIL], *added = &scene->peers[RECEIVER];
    sotto_group_free(MOVE(creator->group));
    sotto_group_free(MOVE(added->group));
    assert_ok(sotto_group_new(&creator->m, &creator->client, VIEW_LIT("another"), extensions, &open,
                              &creator->group));
    buf_clear(&added->package);
    buf_clear(&added->private_part);
    const sotto_mls_proposal add_one = {.type = SOTTO_MLS_ADD, .key_package = peer_publish(added)};
    const sotto_mls_commit_options options = {
        .proposals = &add_one, .proposal_count = 1, .authenticated_data = VIEW_LIT("\0")};
    sotto_staged *staged = NULL;
    assert_ok(sotto_group_commit(&creator->m, creator->group, &options, &staged));
    peer_join(added, sotto_staged_welcome(staged), &open);
    peer_merge(creator, &staged);
}

static void unsafe_aad(struct scene *scene, enum mls_check check)
{
    found_with(scene, VIEW_LIT("\0\6\5\4\0\2\1\0"));
    unsigned before = misbehave(check);
    say(scene);
    behave(before);
}

static const struct guard_row rows[] = {
    MISDEED(FORM_VERSION, other_version),
    MISDEED(FORM_WIRE_FORMAT, unknown_wire_format),
    MISDEED(FORM_LEFTOVERS, byte_behind),
    MISDEED(SENDER_MEMBER, sent_by_nobody),
    MISDEED(MEMBERSHIP_TAG, tag_changed),
    MISDEED(MESSAGE_SIGNATURE, signed_by_a_stranger),
    MISDEED(CONTENT_OPENS, content_changed),
    MISDEED(GENERATION_NEW, said_twice),
    MISDEED(REMOVE_MEMBER, propose_nobody),
    MISDEED(REFERENCE_KNOWN, unknown_reference),
    MISDEED(LIST_COMMITTER_REMOVE, own_removal),
    MISDEED(KEY_PACKAGE_SIGNATURE, unsigned_package),
    MISDEED(LEAF_VERSION, unable_member),
    MISDEED(PATH_PARENT_HASH, unbound_leaf),
    MISDEED(LEAF_SIGNATURE, unsigned_leaf),
    MISDEED(PATH_LEAF_KEY_NEW, old_leaf_key),
    MISDEED(PATH_SECRET_OPENS, closed_path_secret),
    MISDEED(SAFE_AAD, unsafe_aad),
};

const struct guard_rows guards_receive = {rows, COUNT_OF(rows)};
