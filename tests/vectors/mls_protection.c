/* The formats of mlswg/mls-implementations about messages: Secret Tree, Message Protection. */
#include "mls/message_protection.h"

#include "mls_suite.h"

static enum verdict sender_data_check(struct vectors *v, const struct mls_suite *suite,
                                      const json_t *json)
{
    DEFER(secret_clear) struct secret secret = field_secret(v, json, "sender_data_secret");
    DEFER(secret_clear) struct secret key = {0};
    uint8_t nonce[AEAD_NONCE];
    const struct message_protection p = {.suite = suite, .sender_data_secret = &secret};
    CHECK(
        outcome(v, sender_data_key(v->crypto, &p, field_hex(v, json, "ciphertext"), &key, nonce)));
    CHECK(same_secret(v, "sender_data_key", &key, field_hex(v, json, "key")));
    return same(v, "sender_data_nonce", VIEW_OF(nonce), field_hex(v, json, "nonce"));
}

static enum verdict generation_check(struct vectors *v, struct secret_tree *tree, uint32_t leaf,
                                     enum ratchet_kind kind, const json_t *json)
{
    static const char *const names[RATCHET_KINDS][2] = {
        [RATCHET_HANDSHAKE] = {"handshake_key", "handshake_nonce"},
        [RATCHET_APPLICATION] = {"application_key", "application_nonce"},
    };
    DEFER(message_key_clear) struct message_key key = {0};
    CHECK(outcome(v, secret_tree_find(v->crypto, tree, leaf, kind,
                                      (uint32_t)field_number(v, json, "generation"), &key)));
    CHECK(same_secret(v, names[kind][0], &key.key, field_hex(v, json, names[kind][0])));
    CHECK(same(v, names[kind][1], VIEW_OF(key.nonce), field_hex(v, json, names[kind][1])));
    return outcome(v, secret_tree_consume(tree, &key));
}

static enum verdict leaf_check(struct vectors *v, struct secret_tree *tree, uint32_t leaf,
                               const json_t *generations)
{
    for (size_t i = 0; i < json_array_size(generations); i++) {
        const json_t *json = json_array_get(generations, i);
        CHECK(generation_check(v, tree, leaf, RATCHET_HANDSHAKE, json));
        CHECK(generation_check(v, tree, leaf, RATCHET_APPLICATION, json));
    }
    return ACCEPTED;
}

static enum verdict secret_tree_case(struct vectors *v, const struct mls_suite *suite,
                                     const json_t *json)
{
    const json_t *leaves = json_object_get(json, "leaves");
    uint32_t leaf_count = (uint32_t)json_array_size(leaves);
    DEFER(secret_clear) struct secret secret = field_secret(v, json, "encryption_secret");
    DEFER(secret_tree_freep) struct secret_tree *tree = NULL;
    CHECK(sender_data_check(v, suite, json_object_get(json, "sender_data")));
    CHECK(outcome(v, secret_tree_new(suite, leaf_count, &secret, &tree)));
    for (uint32_t leaf = 0; leaf < leaf_count; leaf++)
        CHECK(leaf_check(v, tree, leaf, json_array_get(leaves, leaf)));
    return ACCEPTED;
}

bool mls_secret_tree_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "sender_data") && field_has(first, "leaves");
}

void mls_secret_tree_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, secret_tree_case);
}

#define SENDER 1u /* the leaf that sends in all of these */

struct group {
    struct message_protection protection;
    struct secret membership_key, sender_data_secret, encryption_secret;
    sotto_sign_key *signature_key;
    sotto_buf context;
};

static void group_clear(struct group *g)
{
    secret_clear(&g->membership_key);
    secret_clear(&g->sender_data_secret);
    secret_clear(&g->encryption_secret);
    sign_key_freep(&g->signature_key);
    buf_clear(&g->context);
}

static sotto_err member_key(const void *members, uint32_t leaf_index, view *ret_key)
{
    if (leaf_index != SENDER)
        return SOTTO_E_NOTFOUND;
    *ret_key = *(const view *)members;
    return SOTTO_OK;
}

static enum verdict group_make(struct vectors *v, const struct mls_suite *suite, const json_t *json,
                               view *public_key, struct group *g)
{
    const struct group_context context = {
        .cipher_suite = suite->id,
        .group_id = field_hex(v, json, "group_id"),
        .epoch = (uint64_t)field_number(v, json, "epoch"),
        .tree_hash = field_hex(v, json, "tree_hash"),
        .confirmed_transcript_hash = field_hex(v, json, "confirmed_transcript_hash"),
    };
    struct wr w = wr_to(&g->context);
    group_context_write(&w, &context);
    CHECK(outcome(v, wr_end(&w)));
    CHECK(sign_key_of(v, suite->sign, json, "signature_priv", &g->signature_key));
    g->membership_key = field_secret(v, json, "membership_key");
    g->sender_data_secret = field_secret(v, json, "sender_data_secret");
    g->encryption_secret = field_secret(v, json, "encryption_secret");
    *public_key = field_hex(v, json, "signature_pub");
    g->protection = (struct message_protection){.suite = suite,
                                                .group_id = context.group_id,
                                                .epoch = context.epoch,
                                                .group_context = buf_view(&g->context),
                                                .membership_key = &g->membership_key,
                                                .sender_data_secret = &g->sender_data_secret,
                                                .signature_key = member_key,
                                                .members = public_key};
    return ACCEPTED;
}

/* What was said, as the file writes it: without the length of application data. */
static enum verdict said_check(struct vectors *v, const struct authenticated_content *content,
                               view expected)
{
    DEFER(buf_clear) sotto_buf out = {0};
    struct wr w = wr_to(&out);
    if (content->content.content_type == CONTENT_APPLICATION)
        wr_bytes(&w, content->content.application_data);
    else if (content->content.content_type == CONTENT_PROPOSAL)
        proposal_write(&w, &content->content.proposal);
    else
        commit_write(&w, &content->content.commit);
    CHECK(outcome(v, wr_end(&w)));
    return same(v, "the content", buf_view(&out), expected);
}

/* Opens a message with a fresh secret tree, which each of the tests wants. */
static enum verdict open_check(struct vectors *v, struct group *g, view bytes, view expected,
                               sotto_buf *plain, struct authenticated_content *ret_content)
{
    struct mls_message message;
    DEFER(secret_tree_freep) struct secret_tree *tree = NULL;
    struct message_protection p = g->protection;
    CHECK(outcome(v, mls_message_parse(bytes, &message, NULL)));
    CHECK(outcome(v, secret_tree_new(p.suite, 2, &g->encryption_secret, &tree)));
    p.secret_tree = tree;
    if (message.wire_format == WIRE_PUBLIC_MESSAGE)
        CHECK(outcome(v, public_message_unprotect(v->crypto, &p, &message.public_message,
                                                  ret_content, NULL)));
    else
        CHECK(outcome(v, private_message_unprotect(v->crypto, &p, &message.private_message, plain,
                                                   ret_content, NULL)));
    return said_check(v, ret_content, expected);
}

static enum verdict protect(struct vectors *v, struct group *g,
                            const struct authenticated_content *content, sotto_buf *out)
{
    static const uint8_t guard[REUSE_GUARD] = {0xa5, 0x5a, 0x01, 0xff};
    DEFER(secret_tree_freep) struct secret_tree *tree = NULL;
    struct message_protection p = g->protection;
    if (content->wire_format == WIRE_PUBLIC_MESSAGE)
        return outcome(v, public_message_protect(v->crypto, &p, content, out));
    CHECK(outcome(v, secret_tree_new(p.suite, 2, &g->encryption_secret, &tree)));
    p.secret_tree = tree;
    return outcome(v, private_message_protect(v->crypto, &p, content, 17, guard, out));
}

/* The other way: the same content, signed and protected by us. */
static enum verdict own_check(struct vectors *v, struct group *g,
                              const struct authenticated_content *content, view expected)
{
    DEFER(buf_clear) sotto_buf signature = {0}, message = {0}, plain = {0};
    struct authenticated_content own = *content, opened;
    CHECK(outcome(v, framed_content_sign(v->crypto, &g->protection, g->signature_key,
                                         own.wire_format, &own.content, &signature)));
    own.auth.signature = buf_view(&signature);
    CHECK(protect(v, g, &own, &message));
    return open_check(v, g, buf_view(&message), expected, &plain, &opened);
}

static enum verdict protection_check(struct vectors *v, struct group *g, view message,
                                     view expected)
{
    DEFER(buf_clear) sotto_buf plain = {0};
    struct authenticated_content content;
    CHECK(open_check(v, g, message, expected, &plain, &content));
    return own_check(v, g, &content, expected);
}

/* Application data never travels as a PublicMessage. */
static enum verdict public_application_check(struct vectors *v, struct group *g)
{
    DEFER(buf_clear) sotto_buf out = {0};
    const struct authenticated_content content = {
        .wire_format = WIRE_PUBLIC_MESSAGE,
        .content = {.group_id = g->protection.group_id,
                    .epoch = g->protection.epoch,
                    .sender = {.sender_type = SENDER_MEMBER, .leaf_index = SENDER},
                    .content_type = CONTENT_APPLICATION},
    };
    if (public_message_protect(v->crypto, &g->protection, &content, &out) == SOTTO_OK)
        return wrong(v, "application data went into a PublicMessage");
    return ACCEPTED;
}

static enum verdict message_protection_case(struct vectors *v, const struct mls_suite *suite,
                                            const json_t *json)
{
    view public_key;
    DEFER(group_clear) struct group g = {0};
    CHECK(group_make(v, suite, json, &public_key, &g));
    view proposal = field_hex(v, json, "proposal"), commit = field_hex(v, json, "commit");
    CHECK(protection_check(v, &g, field_hex(v, json, "proposal_pub"), proposal));
    CHECK(protection_check(v, &g, field_hex(v, json, "proposal_priv"), proposal));
    CHECK(protection_check(v, &g, field_hex(v, json, "commit_pub"), commit));
    CHECK(protection_check(v, &g, field_hex(v, json, "commit_priv"), commit));
    CHECK(protection_check(v, &g, field_hex(v, json, "application_priv"),
                           field_hex(v, json, "application")));
    return public_application_check(v, &g);
}

bool mls_protection_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "proposal_priv") && field_has(first, "membership_key");
}

void mls_protection_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, message_protection_case);
}
