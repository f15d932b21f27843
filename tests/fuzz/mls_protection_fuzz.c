/* Two members who talk, and a stranger between them made of fuzz bytes, who delivers, repeats, reorders, changes and invents
 * messages, some of them forged by another member. What is heard was said, by that member, once; what is refused
 * leaves the tree as it was, so that everything that can still be heard in the end is. */
#include <stdlib.h>

#include "base/rd.h"
#include "mls/message_protection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGES 64u
#define LEAVES   4u

struct letter {
    sotto_buf bytes;
    uint8_t leaf;
    bool real, heard;
};

static sotto_crypto *crypto;
static sotto_sign_key *keys[LEAVES];

struct talk {
    struct message_protection sender, receiver;
    struct letter letters[MESSAGES];
    uint8_t count;
};

static sotto_err key_find(const void *members, uint32_t leaf_index, view *ret_key)
{
    (void)members;
    if (leaf_index >= LEAVES)
        return SOTTO_E_NOTFOUND;
    *ret_key = sign_key_public(keys[leaf_index]);
    return SOTTO_OK;
}

static void begin(void)
{
    if (crypto != NULL)
        return;
    if (crypto_new(&crypto) != SOTTO_OK)
        abort();
    for (uint8_t leaf = 0; leaf < LEAVES; leaf++) {
        uint8_t seed[32] = {leaf};
        if (sign_key_derive(crypto, SIGN_ED25519, VIEW_OF(seed), &keys[leaf]) != SOTTO_OK)
            abort();
    }
}

/* A message whose text is its number; signed by `signer` in the name of `leaf`. */
static void say(struct talk *t, uint8_t leaf, uint8_t signer, uint8_t padding)
{
    static const uint8_t guard[REUSE_GUARD] = {1, 2, 3, 4};
    sotto_buf signature = {0};
    if (t->count == MESSAGES)
        return;
    struct letter *letter = &t->letters[t->count];
    struct authenticated_content content = {
        .wire_format = WIRE_PRIVATE_MESSAGE,
        .content = {.group_id = t->sender.group_id,
                    .epoch = t->sender.epoch,
                    .sender = {.sender_type = SENDER_MEMBER, .leaf_index = leaf},
                    .content_type = CONTENT_APPLICATION,
                    .application_data = view_of(&t->count, 1)}};
    if (framed_content_sign(crypto, &t->sender, keys[signer], WIRE_PRIVATE_MESSAGE,
                            &content.content, &signature) != SOTTO_OK)
        abort();
    content.auth.signature = buf_view(&signature);
    if (private_message_protect(crypto, &t->sender, &content, padding, guard, &letter->bytes) !=
        SOTTO_OK)
        abort();
    letter->leaf = leaf;
    letter->real = leaf == signer;
    t->count++;
    buf_clear(&signature);
}

static void check_heard(struct talk *t, const struct authenticated_content *content)
{
    view text = content->content.application_data;
    if (content->content.content_type != CONTENT_APPLICATION || text.len != 1 ||
        text.data[0] >= t->count)
        abort(); /* nobody said this */
    struct letter *letter = &t->letters[text.data[0]];
    if (!letter->real || letter->heard || content->content.sender.leaf_index != letter->leaf)
        abort(); /* not by this member, or twice */
    letter->heard = true;
}

static bool deliver(struct talk *t, view bytes)
{
    struct mls_message message;
    struct authenticated_content content;
    sotto_buf plain = {0};
    size_t memory = secret_tree_memory(t->receiver.secret_tree);
    bool heard = mls_message_parse(bytes, &message, NULL) == SOTTO_OK &&
                 message.wire_format == WIRE_PRIVATE_MESSAGE &&
                 private_message_unprotect(crypto, &t->receiver, &message.private_message, &plain,
                                           &content, NULL) == SOTTO_OK;
    if (heard)
        check_heard(t, &content);
    else if (plain.len != 0 || memory != secret_tree_memory(t->receiver.secret_tree))
        abort();
    buf_clear(&plain);
    return heard;
}

static void deliver_changed(struct talk *t, struct rd *r)
{
    sotto_buf copy = {0};
    struct letter *letter = &t->letters[rd_u8(r) % t->count];
    if (buf_set(&copy, buf_view(&letter->bytes)) != SOTTO_OK)
        abort();
    copy.data[rd_u16(r) % copy.len] ^= (uint8_t)(rd_u8(r) | 1);
    if (deliver(t, buf_view(&copy)))
        abort();
    buf_clear(&copy);
}

static void step(struct talk *t, struct rd *r)
{
    uint8_t act = rd_u8(r), leaf = rd_u8(r) % LEAVES;
    switch (t->count > 0 ? act % 6 : 0) {
    case 0:
    case 1:
        say(t, leaf, leaf, rd_u8(r));
        break;
    case 2:
        say(t, leaf, (leaf + 1) % LEAVES, 0);
        break;
    case 3:
        (void)deliver(t, buf_view(&t->letters[rd_u8(r) % t->count].bytes));
        break;
    case 4:
        deliver_changed(t, r);
        break;
    default:
        (void)deliver(t, rd_bytes(r, size_min(rd_u8(r), (size_t)(r->end - r->at))));
    }
}

/* All that was said and not heard so far. */
static void hear_the_rest(struct talk *t)
{
    for (uint8_t i = t->count; i-- > 0;) {
        struct letter *letter = &t->letters[i];
        bool expected = letter->real && !letter->heard;
        if (deliver(t, buf_view(&letter->bytes)) != expected)
            abort();
        buf_clear(&letter->bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    static const uint8_t context[] = {1, 2, 3};
    static struct talk t;
    struct secret secret = {.len = 32, .data = {7}};
    struct secret_tree *trees[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++)
        if (secret_tree_new(mls_suite_find(1), LEAVES, &secret, &trees[i]) != SOTTO_OK)
            abort();
    t = (struct talk){.sender = {.suite = mls_suite_find(1),
                                 .group_id = VIEW_LIT("group"),
                                 .epoch = 1,
                                 .group_context = VIEW_OF(context),
                                 .membership_key = &secret,
                                 .sender_data_secret = &secret,
                                 .secret_tree = trees[0],
                                 .signature_key = key_find}};
    t.receiver = t.sender;
    t.receiver.secret_tree = trees[1];
    struct rd r = rd_of(view_of(data, size));
    for (int steps = 0; rd_more(&r) && steps < 300; steps++)
        step(&t, &r);
    hear_the_rest(&t);
    secret_tree_free(trees[0]);
    secret_tree_free(trees[1]);
    return 0;
}
