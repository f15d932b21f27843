/* Messages: what a member, or who is none, says in a wrong way. */
#include "guards.h"
#include "speakers.h"

/* What is said, by whom it is signed, and what is changed on the way. */
struct speech {
    enum sender_type sender_type;
    uint32_t leaf_index;
    enum content_type content_type;
    uint16_t proposal_type;
    bool is_signed_by_another;
    void (*change)(struct group *g, struct public_message *message);
};

static struct framed_content content_of(const struct speech *speech)
{
    struct framed_content content = removal(speech->sender_type);
    content.sender.leaf_index = speech->leaf_index;
    content.content_type = speech->content_type;
    if (speech->content_type == CONTENT_APPLICATION)
        content.application_data = VIEW_LIT("hello");
    if (speech->content_type == CONTENT_COMMIT)
        content.commit = (struct commit){0};
    if (speech->content_type == CONTENT_PROPOSAL && speech->proposal_type != 0)
        content.proposal = (struct proposal){.proposal_type = speech->proposal_type};
    return content;
}

/* The tag, as public_message_protect() makes it for what may be sent. */
static void tag(struct group *g, struct public_message *message, uint8_t ret_tag[HASH_MAX])
{
    DEFER(buf_clear) sotto_buf tbm = {0};
    const struct authenticated_content content = {WIRE_PUBLIC_MESSAGE, message->content,
                                                  message->auth};
    struct wr w = wr_to(&tbm);
    authenticated_content_write_tbm(&w, &content, g->receiver.group_context);
    assert_ok(wr_end(&w));
    const view input = buf_view(&tbm);
    assert_ok(hmac(crypto, suite_hash(g->receiver.suite), secret_view(&g->membership_key), &input,
                   1, ret_tag));
    message->membership_tag = view_of(ret_tag, g->receiver.suite->hash_len);
}

static sotto_err attempt_public(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    const struct speech *speech = argument;
    struct group g;
    uint8_t made[HASH_MAX];
    DEFER(buf_clear) sotto_buf signature = {0};
    crypto = c;
    group_make(&g, 1);
    bool is_member = speech->sender_type == SENDER_MEMBER;
    const sotto_sign_key *own = is_member ? g.keys[MEMBER] : g.external;
    struct public_message message = {.content = content_of(speech)};
    assert_ok(framed_content_sign(c, &g.sender, speech->is_signed_by_another ? g.keys[0] : own,
                                  WIRE_PUBLIC_MESSAGE, &message.content, &signature));
    message.auth = (struct framed_content_auth_data){buf_view(&signature), VIEW_LIT("tag")};
    tag(&g, &message, made);
    if (speech->change != NULL)
        speech->change(&g, &message);
    struct authenticated_content heard;
    sotto_err err = public_message_unprotect(c, &g.receiver, &message, &heard, ret_fault);
    group_clear(&g);
    return err;
}

static void shorten_tag(struct group *g, struct public_message *message)
{
    (void)g;
    message->membership_tag.len--;
}

static void shorten_signature(struct group *g, struct public_message *message)
{
    (void)g;
    message->auth.signature.len--;
}

static void next_external_sender(struct group *g, struct public_message *message)
{
    (void)g;
    message->content.sender.sender_index++;
}

/* --- private messages --- */

static sotto_err open_private(struct group *g, view bytes, struct fault *ret_fault)
{
    DEFER(buf_clear) sotto_buf plain = {0};
    struct mls_message message;
    struct authenticated_content heard;
    assert_ok(mls_message_parse(bytes, &message, NULL));
    assert_int_equal(message.wire_format, WIRE_PRIVATE_MESSAGE);
    return private_message_unprotect(crypto, &g->receiver, &message.private_message, &plain, &heard,
                                     ret_fault);
}

struct sealed {
    /* Both may be NULL: before it is sealed, and after. */
    void (*before)(struct group *g);
    void (*after)(struct group *g, sotto_buf *message);
};

static sotto_err attempt_private(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    const struct sealed *sealed = argument;
    struct group g;
    DEFER(buf_clear) sotto_buf message = {0};
    crypto = c;
    group_make(&g, 1);
    if (sealed->before != NULL)
        sealed->before(&g);
    send_private(&g, "hello", &message);
    if (sealed->after != NULL)
        sealed->after(&g, &message);
    sotto_err err = open_private(&g, buf_view(&message), ret_fault);
    group_clear(&g);
    return err;
}

static void receiver_elsewhere(struct group *g, sotto_buf *message)
{
    (void)message;
    g->receiver.group_id = VIEW_LIT("another group");
}

static void receiver_later(struct group *g, sotto_buf *message)
{
    (void)message;
    g->receiver.epoch++;
}

static void change_sender_data(struct group *g, sotto_buf *message)
{
    (void)g;
    struct mls_message parsed;
    assert_ok(mls_message_parse(buf_view(message), &parsed, NULL));
    size_t at = (size_t)(parsed.private_message.encrypted_sender_data.data - message->data);
    message->data[at] ^= 1;
}

static void change_content(struct group *g, sotto_buf *message)
{
    (void)g;
    message->data[message->len - 1] ^= 1; /* behind the sample that the sender data's key is from */
}

static void hear_once(struct group *g, sotto_buf *message)
{
    assert_ok(open_private(g, buf_view(message), NULL));
}

/* Uses up generations of the sender's. */
static void say_nothing(struct group *g, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        DEFER(message_key_clear) struct message_key key = {0};
        assert_ok(secret_tree_next(crypto, g->sending, MEMBER, RATCHET_APPLICATION, &key));
        assert_ok(secret_tree_consume(g->sending, &key));
    }
}

static void run_ahead(struct group *g)
{
    say_nothing(g, MLS_FORWARD_MAX + 1);
}

/* So many later ones were kept that this one's key was given up. */
static void hear_later_ones(struct group *g, sotto_buf *message)
{
    (void)message;
    DEFER(buf_clear) sotto_buf later = {0};
    say_nothing(g, MLS_SKIPPED_MAX + 1);
    send_private(g, "later", &later);
    assert_ok(open_private(g, buf_view(&later), NULL));
}

/* clang-format off */
#define SAYS(name, ...) {CHECK_##name, attempt_public, &(const struct speech){__VA_ARGS__}}
#define SEALED(name, before, after) {CHECK_##name, attempt_private, &(const struct sealed){before, after}}
/* clang-format on */

static const struct guard_row rows[] = {
    SEALED(MESSAGE_GROUP, NULL, receiver_elsewhere),
    SEALED(MESSAGE_EPOCH, NULL, receiver_later),
    SAYS(SENDER_MEMBER, SENDER_MEMBER, 1, CONTENT_PROPOSAL, 0, false, NULL),
    SAYS(SENDER_MEMBER, SENDER_MEMBER, UINT32_MAX, CONTENT_PROPOSAL, 0, false, NULL),
    SAYS(SENDER_EXTERNAL_LISTED, SENDER_EXTERNAL, 0, CONTENT_PROPOSAL, 0, false,
         next_external_sender),
    SAYS(SENDER_EXTERNAL_TYPES, SENDER_EXTERNAL, 0, CONTENT_PROPOSAL, PROPOSAL_SELF_REMOVE, false,
         NULL),
    SAYS(SENDER_NEW_MEMBER_ADD, SENDER_NEW_MEMBER_PROPOSAL, 0, CONTENT_PROPOSAL, PROPOSAL_REMOVE,
         false, NULL),
    SAYS(SENDER_MAY_SAY, SENDER_EXTERNAL, 0, CONTENT_COMMIT, 0, false, NULL),
    SAYS(APPLICATION_IS_PRIVATE, SENDER_MEMBER, MEMBER, CONTENT_APPLICATION, 0, false, NULL),
    SAYS(MEMBERSHIP_TAG, SENDER_MEMBER, MEMBER, CONTENT_PROPOSAL, 0, false, shorten_tag),
    SAYS(MESSAGE_SIGNATURE, SENDER_MEMBER, MEMBER, CONTENT_PROPOSAL, 0, true, NULL),
    SAYS(MESSAGE_SIGNATURE, SENDER_EXTERNAL, 0, CONTENT_PROPOSAL, 0, false, shorten_signature),
    SAYS(EXTERNAL_PATH, SENDER_NEW_MEMBER_COMMIT, 0, CONTENT_COMMIT, 0, false, NULL),
    SEALED(SENDER_DATA_OPENS, NULL, change_sender_data),
    SEALED(CONTENT_OPENS, NULL, change_content),
    SEALED(GENERATION_NEW, NULL, hear_once),
    SEALED(GENERATION_NEAR, run_ahead, NULL),
    SEALED(GENERATION_KEPT, NULL, hear_later_ones),
};

const struct guard_rows guards_message = {rows, COUNT_OF(rows)};
