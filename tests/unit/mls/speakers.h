/* speakers.h - members of a group who can say something: what tests of messages are made from. */
#ifndef TESTS_UNIT_MLS_SPEAKERS_H
#define TESTS_UNIT_MLS_SPEAKERS_H

#include "unit.h"

#include "mls/message_protection.h"

#define MEMBER 2u /* the leaf that speaks */

static sotto_crypto *crypto;
static const uint8_t guard[REUSE_GUARD] = {1, 2, 3, 4};

/* A group of four leaves; leaves 0 and 2 are members. Sender and receiver have a secret tree each. */
struct group {
    struct message_protection sender, receiver;
    struct secret_tree *sending, *receiving;
    struct secret membership_key, sender_data_secret;
    sotto_sign_key *keys[4];
    sotto_sign_key *external;
    sotto_buf context;
};

static inline sotto_sign_key *key_of(const struct mls_suite *suite, uint8_t number)
{
    uint8_t seed[128] = {number};
    sotto_sign_key *key = NULL;
    assert_ok(
        sign_key_derive(crypto, suite->sign, view_of(seed, sign_seed_size(suite->sign)), &key));
    return key;
}

static inline sotto_err member_key(const void *members, uint32_t leaf_index, view *ret_key)
{
    const struct group *g = members;
    if (leaf_index >= COUNT_OF(g->keys) || g->keys[leaf_index] == NULL)
        return SOTTO_E_NOTFOUND;
    *ret_key = sign_key_public(g->keys[leaf_index]);
    return SOTTO_OK;
}

static inline struct secret secret_of(const struct mls_suite *suite, int fill)
{
    struct secret secret = {.len = suite->hash_len};
    memset(secret.data, fill, secret.len);
    return secret;
}

/* external_senders with one sender. */
static inline void context_write(const struct group *g, const struct mls_suite *suite,
                                 sotto_buf *out)
{
    sotto_buf senders = {0}, list = {0};
    const struct external_sender sender = {
        .signature_key = sign_key_public(g->external),
        .credential = {.credential_type = CREDENTIAL_BASIC, .identity = VIEW_LIT("server")}};
    struct wr w = wr_to(&senders);
    size_t mark = wr_vector_begin(&w);
    external_sender_write(&w, &sender);
    wr_vector_end(&w, mark);
    assert_ok(wr_end(&w));
    w = wr_to(&list);
    extension_write(&w, &(struct extension){EXTENSION_EXTERNAL_SENDERS, buf_view(&senders)});
    assert_ok(wr_end(&w));
    w = wr_to(out);
    group_context_write(&w, &(struct group_context){.cipher_suite = suite->id,
                                                    .group_id = VIEW_LIT("group"),
                                                    .epoch = 7,
                                                    .extensions = buf_view(&list)});
    assert_ok(wr_end(&w));
    buf_clear(&senders);
    buf_clear(&list);
}

static inline void group_make(struct group *g, uint16_t suite_id)
{
    const struct mls_suite *suite = mls_suite_find(suite_id);
    struct secret encryption = secret_of(suite, 3);
    *g = (struct group){.membership_key = secret_of(suite, 1),
                        .sender_data_secret = secret_of(suite, 2)};
    assert_ok(secret_tree_new(suite, 4, &encryption, &g->sending));
    assert_ok(secret_tree_new(suite, 4, &encryption, &g->receiving));
    g->keys[0] = key_of(suite, 10);
    g->keys[MEMBER] = key_of(suite, 12);
    g->external = key_of(suite, 20);
    context_write(g, suite, &g->context);
    g->sender = (struct message_protection){.suite = suite,
                                            .group_id = VIEW_LIT("group"),
                                            .epoch = 7,
                                            .group_context = buf_view(&g->context),
                                            .membership_key = &g->membership_key,
                                            .sender_data_secret = &g->sender_data_secret,
                                            .secret_tree = g->sending,
                                            .signature_key = member_key,
                                            .members = g};
    g->receiver = g->sender;
    g->receiver.secret_tree = g->receiving;
}

static inline void group_clear(struct group *g)
{
    secret_tree_free(g->sending);
    secret_tree_free(g->receiving);
    for (size_t i = 0; i < COUNT_OF(g->keys); i++)
        sign_key_free(g->keys[i]);
    sign_key_free(g->external);
    buf_clear(&g->context);
}

static inline struct framed_content said(const char *text)
{
    return (struct framed_content){.group_id = VIEW_LIT("group"),
                                   .epoch = 7,
                                   .sender = {.sender_type = SENDER_MEMBER, .leaf_index = MEMBER},
                                   .authenticated_data = VIEW_LIT("aad"),
                                   .content_type = CONTENT_APPLICATION,
                                   .application_data = view_str(text)};
}

static inline struct framed_content removal(enum sender_type sender_type)
{
    return (struct framed_content){
        .group_id = VIEW_LIT("group"),
        .epoch = 7,
        .sender = {.sender_type = sender_type,
                   .leaf_index = sender_type == SENDER_MEMBER ? MEMBER : 0},
        .content_type = CONTENT_PROPOSAL,
        .proposal = {.proposal_type = PROPOSAL_REMOVE, .removed = 3}};
}

/* Signed by `key` and sealed. */
static inline void send_private_by(struct group *g, const sotto_sign_key *key,
                                   const struct framed_content *content, size_t padding,
                                   sotto_buf *out)
{
    sotto_buf signature = {0};
    assert_ok(
        framed_content_sign(crypto, &g->sender, key, WIRE_PRIVATE_MESSAGE, content, &signature));
    const struct authenticated_content signed_content = {.wire_format = WIRE_PRIVATE_MESSAGE,
                                                         .content = *content,
                                                         .auth = {
                                                             .signature = buf_view(&signature),
                                                             .confirmation_tag = VIEW_LIT("tag"),
                                                         }};
    assert_ok(private_message_protect(crypto, &g->sender, &signed_content, padding, guard, out));
    buf_clear(&signature);
}

static inline void send_private(struct group *g, const char *text, sotto_buf *out)
{
    const struct framed_content content = said(text);
    send_private_by(g, g->keys[MEMBER], &content, 0, out);
}

static inline sotto_err receive(struct group *g, view bytes, sotto_buf *plain,
                                struct authenticated_content *ret_content)
{
    struct mls_message message;
    TRY(mls_message_parse(bytes, &message, NULL));
    if (message.wire_format == WIRE_PRIVATE_MESSAGE)
        return private_message_unprotect(crypto, &g->receiver, &message.private_message, plain,
                                         ret_content, NULL);
    assert_int_equal(message.wire_format, WIRE_PUBLIC_MESSAGE);
    return public_message_unprotect(crypto, &g->receiver, &message.public_message, ret_content,
                                    NULL);
}

static inline void assert_heard(struct group *g, view bytes, const char *text)
{
    sotto_buf plain = {0};
    struct authenticated_content content;
    assert_ok(receive(g, bytes, &plain, &content));
    assert_true(view_equal(content.content.application_data, view_str(text)));
    assert_true(view_equal(content.content.authenticated_data, VIEW_LIT("aad")));
    assert_int_equal(content.content.sender.leaf_index, MEMBER);
    buf_clear(&plain);
}

static inline sotto_err refused(struct group *g, view bytes)
{
    sotto_buf plain = {0};
    struct authenticated_content content = {.wire_format = 77};
    sotto_err err = receive(g, bytes, &plain, &content);
    assert_int_not_equal(err, SOTTO_OK);
    assert_int_equal(plain.len, 0);
    assert_int_equal(content.wire_format, 77);
    buf_clear(&plain);
    return err;
}

static inline sotto_err send_public(struct group *g, const sotto_sign_key *key,
                                    const struct framed_content *content, sotto_buf *out)
{
    sotto_buf signature = {0};
    assert_ok(
        framed_content_sign(crypto, &g->sender, key, WIRE_PUBLIC_MESSAGE, content, &signature));
    const struct authenticated_content ready = {
        .wire_format = WIRE_PUBLIC_MESSAGE,
        .content = *content,
        .auth = {.signature = buf_view(&signature), .confirmation_tag = VIEW_LIT("tag")}};
    sotto_err err = public_message_protect(crypto, &g->sender, &ready, out);
    buf_clear(&signature);
    return err;
}

/* A leaf for a KeyPackage or a path; its own key signs. */
static inline struct leaf_node newcomer(const sotto_sign_key *key, enum leaf_node_source source)
{
    return (struct leaf_node){
        .encryption_key = VIEW_LIT("key"),
        .signature_key = sign_key_public(key),
        .credential = {.credential_type = CREDENTIAL_BASIC, .identity = VIEW_LIT("new")},
        .leaf_node_source = source,
        .signature = VIEW_LIT("s")};
}

#endif
