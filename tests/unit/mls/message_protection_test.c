#include "mls/message_protection.h"

#include "speakers.h"

static void what_is_said_is_heard_in_every_suite(void **state)
{
    (void)state;
    size_t count = 0;
    const struct mls_suite *all = mls_suite_all(&count);
    for (size_t i = 0; i < count; i++) {
        struct group g;
        sotto_buf first = {0}, second = {0};
        group_make(&g, all[i].id);
        send_private(&g, "hello", &first);
        send_private(&g, "", &second);
        assert_heard(&g, buf_view(&second), "");
        assert_heard(&g, buf_view(&first), "hello");
        buf_clear(&first);
        buf_clear(&second);
        group_clear(&g);
    }
}

static void padding_makes_lengths_alike(void **state)
{
    (void)state;
    struct group g;
    sotto_buf a = {0}, b = {0};
    group_make(&g, 1);
    const struct framed_content first = said("yes"), second = said("of course not");
    send_private_by(&g, g.keys[MEMBER], &first, 10, &a);
    send_private_by(&g, g.keys[MEMBER], &second, 0, &b);
    assert_int_equal(a.len, b.len);
    assert_heard(&g, buf_view(&a), "yes");
    assert_heard(&g, buf_view(&b), "of course not");
    buf_clear(&a);
    buf_clear(&b);
    group_clear(&g);
}

static void a_message_changed_in_any_byte_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0};
    group_make(&g, 1);
    send_private(&g, "hello", &bytes);
    size_t memory = secret_tree_memory(g.receiving);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 1;
        (void)refused(&g, buf_view(&bytes));
        bytes.data[i] ^= 1;
    }
    for (size_t len = 0; len < bytes.len; len++)
        (void)refused(&g, view_of(bytes.data, len));
    assert_int_equal(secret_tree_memory(g.receiving), memory);
    assert_heard(&g, buf_view(&bytes), "hello");
    buf_clear(&bytes);
    group_clear(&g);
}

static void a_repeated_message_is_refused_and_the_next_one_is_heard(void **state)
{
    (void)state;
    struct group g;
    sotto_buf first = {0}, second = {0};
    group_make(&g, 1);
    send_private(&g, "one", &first);
    send_private(&g, "two", &second);
    assert_heard(&g, buf_view(&first), "one");
    for (int i = 0; i < 5; i++)
        assert_int_equal(refused(&g, buf_view(&first)), SOTTO_E_REPLAYED);
    assert_heard(&g, buf_view(&second), "two");
    buf_clear(&first);
    buf_clear(&second);
    group_clear(&g);
}

static sotto_err open_private(struct group *g, view bytes, sotto_buf *plain,
                              struct authenticated_content *ret_content,
                              struct message_key *ret_key)
{
    struct mls_message message;
    assert_ok(mls_message_parse(bytes, &message, NULL));
    assert_int_equal(message.wire_format, WIRE_PRIVATE_MESSAGE);
    return private_message_open(crypto, &g->receiver, &message.private_message, plain, ret_content,
                                ret_key, NULL);
}

static void what_we_sent_ourselves_is_known_by_its_sender_data(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0}, plain = {0};
    struct authenticated_content content;
    struct mls_message message;
    const uint32_t mine = MEMBER, other = 0;
    group_make(&g, 1);
    send_private(&g, "hello", &bytes);
    assert_ok(mls_message_parse(buf_view(&bytes), &message, NULL));
    assert_false(private_message_is_own(crypto, &g.receiver, &message.private_message));
    g.receiver.own_leaf = &mine;
    assert_true(private_message_is_own(crypto, &g.receiver, &message.private_message));
    assert_err(receive(&g, buf_view(&bytes), &plain, &content), REFLECTED);
    g.receiver.own_leaf = &other;
    assert_false(private_message_is_own(crypto, &g.receiver, &message.private_message));
    assert_ok(receive(&g, buf_view(&bytes), &plain, &content));
    buf_clear(&plain);
    buf_clear(&bytes);
    group_clear(&g);
}

static void a_message_is_opened_as_often_as_its_key_is_dropped(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0}, plain = {0};
    struct authenticated_content content;
    struct message_key key = {0};
    group_make(&g, 1);
    send_private(&g, "hello", &bytes);
    size_t memory = secret_tree_memory(g.receiving);
    for (int i = 0; i < 3; i++) {
        message_key_clear(&key);
        assert_ok(open_private(&g, buf_view(&bytes), &plain, &content, &key));
        assert_true(view_equal(content.content.application_data, VIEW_LIT("hello")));
        assert_int_equal(key.leaf_index, MEMBER);
        assert_int_equal(key.kind, RATCHET_APPLICATION);
        assert_int_equal(key.generation, 0);
        assert_int_equal(secret_tree_memory(g.receiving), memory);
    }
    assert_ok(secret_tree_consume(g.receiving, &key));
    assert_err(open_private(&g, buf_view(&bytes), &plain, &content, &key), REPLAYED);
    assert_int_equal(plain.len, 0);
    assert_int_equal(key.key.len, 0);
    buf_clear(&plain);
    buf_clear(&bytes);
    group_clear(&g);
}

/* A commit is staged: what comes between its opening and its use must not be lost, nor the key used twice. */
static void a_key_kept_over_another_message_is_not_consumed(void **state)
{
    (void)state;
    struct group g;
    sotto_buf first = {0}, second = {0}, plain = {0};
    struct authenticated_content content;
    DEFER(message_key_clear) struct message_key key = {0};
    group_make(&g, 1);
    send_private(&g, "one", &first);
    send_private(&g, "two", &second);
    assert_ok(open_private(&g, buf_view(&first), &plain, &content, &key));
    assert_heard(&g, buf_view(&second), "two");
    assert_err(secret_tree_consume(g.receiving, &key), USAGE);
    assert_heard(&g, buf_view(&first), "one");
    buf_clear(&plain);
    buf_clear(&first);
    buf_clear(&second);
    group_clear(&g);
}

static void what_was_refused_when_opened_leaves_no_key(void **state)
{
    (void)state;
    struct group g;
    sotto_buf forged = {0}, plain = {0};
    struct authenticated_content content = {.wire_format = 77};
    struct message_key key = {0};
    const struct framed_content words = said("me, honestly");
    group_make(&g, 1);
    send_private_by(&g, g.keys[0], &words, 0, &forged);
    assert_err(open_private(&g, buf_view(&forged), &plain, &content, &key), SIGNATURE);
    assert_int_equal(key.key.len, 0);
    assert_int_equal(key.ratchets[RATCHET_APPLICATION].len, 0);
    assert_null(key.skipped);
    assert_int_equal(plain.len, 0);
    assert_int_equal(content.wire_format, 77);
    buf_clear(&plain);
    buf_clear(&forged);
    group_clear(&g);
}

/* Any member can make what another leaf's ratchet seals; only the signature tells. It must not use up the real one's key. */
static void a_message_in_a_members_name_by_another_takes_nothing(void **state)
{
    (void)state;
    struct group g;
    sotto_buf forged = {0}, real = {0};
    const struct framed_content content = said("me, honestly");
    group_make(&g, 1);
    send_private_by(&g, g.keys[0], &content, 0, &forged);
    secret_tree_freep(&g.sending);
    struct secret encryption = secret_of(g.sender.suite, 3);
    assert_ok(secret_tree_new(g.sender.suite, 4, &encryption, &g.sending));
    g.sender.secret_tree = g.sending;
    send_private(&g, "really me", &real);
    assert_int_equal(refused(&g, buf_view(&forged)), SOTTO_E_SIGNATURE);
    assert_heard(&g, buf_view(&real), "really me");
    buf_clear(&forged);
    buf_clear(&real);
    group_clear(&g);
}

static void a_blank_leaf_says_nothing(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0};
    struct framed_content content = said("nobody");
    group_make(&g, 1);
    content.sender.leaf_index = 1;
    send_private_by(&g, g.keys[0], &content, 0, &bytes);
    assert_int_equal(refused(&g, buf_view(&bytes)), SOTTO_E_NOTFOUND);
    buf_clear(&bytes);
    group_clear(&g);
}

static void messages_of_another_group_or_epoch_are_refused(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0};
    group_make(&g, 1);
    send_private(&g, "hello", &bytes);
    g.receiver.epoch = 8;
    assert_int_equal(refused(&g, buf_view(&bytes)), SOTTO_E_NOT_NOW);
    g.receiver.epoch = 7;
    g.receiver.group_id = VIEW_LIT("grou");
    assert_int_equal(refused(&g, buf_view(&bytes)), SOTTO_E_UNEXPECTED);
    g.receiver.group_id = VIEW_LIT("group");
    assert_heard(&g, buf_view(&bytes), "hello");
    buf_clear(&bytes);
    group_clear(&g);
}

static void the_reuse_guard_changes_the_ciphertext(void **state)
{
    (void)state;
    struct group g, h;
    sotto_buf a = {0}, b = {0}, signature = {0};
    const uint8_t other[REUSE_GUARD] = {1, 2, 3, 5};
    const struct framed_content content = said("hello");
    group_make(&g, 1);
    group_make(&h, 1);
    assert_ok(framed_content_sign(crypto, &g.sender, g.keys[MEMBER], WIRE_PRIVATE_MESSAGE, &content,
                                  &signature));
    const struct authenticated_content ready = {.wire_format = WIRE_PRIVATE_MESSAGE,
                                                .content = content,
                                                .auth = {.signature = buf_view(&signature)}};
    assert_ok(private_message_protect(crypto, &g.sender, &ready, 0, guard, &a));
    assert_ok(private_message_protect(crypto, &h.sender, &ready, 0, other, &b));
    assert_int_equal(a.len, b.len);
    assert_memory_not_equal(a.data + a.len - 40, b.data + b.len - 40, 40);
    assert_heard(&g, buf_view(&a), "hello");
    assert_heard(&h, buf_view(&b), "hello");
    buf_clear(&a);
    buf_clear(&b);
    buf_clear(&signature);
    group_clear(&g);
    group_clear(&h);
}

static void handshakes_travel_as_private_messages_too(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0}, plain = {0};
    struct authenticated_content content;
    const struct framed_content proposal = removal(SENDER_MEMBER);
    const struct framed_content commit = {
        .group_id = VIEW_LIT("group"),
        .epoch = 7,
        .sender = {.sender_type = SENDER_MEMBER, .leaf_index = MEMBER},
        .content_type = CONTENT_COMMIT};
    group_make(&g, 1);
    send_private_by(&g, g.keys[MEMBER], &proposal, 3, &bytes);
    assert_ok(receive(&g, buf_view(&bytes), &plain, &content));
    assert_int_equal(content.content.proposal.removed, 3);
    buf_clear(&bytes);
    send_private_by(&g, g.keys[MEMBER], &commit, 3, &bytes);
    assert_ok(receive(&g, buf_view(&bytes), &plain, &content));
    assert_int_equal(content.content.content_type, CONTENT_COMMIT);
    assert_true(view_equal(content.auth.confirmation_tag, VIEW_LIT("tag")));
    buf_clear(&bytes);
    buf_clear(&plain);
    group_clear(&g);
}

static void a_public_message_changed_in_any_byte_is_refused(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0}, plain = {0};
    struct authenticated_content content;
    const struct framed_content proposal = removal(SENDER_MEMBER);
    group_make(&g, 1);
    assert_ok(send_public(&g, g.keys[MEMBER], &proposal, &bytes));
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 1;
        (void)refused(&g, buf_view(&bytes));
        bytes.data[i] ^= 1;
    }
    assert_ok(receive(&g, buf_view(&bytes), &plain, &content));
    assert_int_equal(content.content.proposal.removed, 3);
    buf_clear(&bytes);
    group_clear(&g);
}

/* A tag that is a shorter beginning of the right one, or empty, is none. */
static void a_membership_tag_has_its_whole_length(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0};
    struct mls_message message;
    struct authenticated_content content;
    const struct framed_content proposal = removal(SENDER_MEMBER);
    group_make(&g, 1);
    assert_ok(send_public(&g, g.keys[MEMBER], &proposal, &bytes));
    assert_ok(mls_message_parse(buf_view(&bytes), &message, NULL));
    assert_int_equal(message.public_message.membership_tag.len, 32);
    for (size_t len = 0; len < 32; len++) {
        struct public_message shorter = message.public_message;
        shorter.membership_tag.len = len;
        assert_err(public_message_unprotect(crypto, &g.receiver, &shorter, &content, NULL), MAC);
    }
    assert_ok(
        public_message_unprotect(crypto, &g.receiver, &message.public_message, &content, NULL));
    buf_clear(&bytes);
    group_clear(&g);
}

static void application_data_never_travels_in_the_open(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0}, signature = {0};
    const struct framed_content content = said("secret");
    group_make(&g, 1);
    assert_err(send_public(&g, g.keys[MEMBER], &content, &bytes), USAGE);
    assert_int_equal(bytes.len, 0);
    assert_ok(framed_content_sign(crypto, &g.sender, g.keys[MEMBER], WIRE_PUBLIC_MESSAGE, &content,
                                  &signature));
    const struct public_message message = {.content = content,
                                           .auth = {.signature = buf_view(&signature)}};
    struct authenticated_content out;
    struct fault fault = {0};
    assert_err(public_message_unprotect(crypto, &g.receiver, &message, &out, &fault), UNEXPECTED);
    assert_int_equal(fault.check, CHECK_APPLICATION_IS_PRIVATE);
    buf_clear(&signature);
    group_clear(&g);
}

static void external_senders_propose_what_they_may_and_nothing_else(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0}, plain = {0};
    struct authenticated_content content;
    struct framed_content proposal = removal(SENDER_EXTERNAL);
    group_make(&g, 1);
    assert_ok(send_public(&g, g.external, &proposal, &bytes));
    assert_ok(receive(&g, buf_view(&bytes), &plain, &content));
    buf_clear(&bytes);
    assert_ok(send_public(&g, g.keys[0], &proposal, &bytes));
    assert_int_equal(refused(&g, buf_view(&bytes)), SOTTO_E_SIGNATURE);
    buf_clear(&bytes);
    proposal.sender.sender_index = 1;
    assert_ok(send_public(&g, g.external, &proposal, &bytes));
    assert_int_equal(refused(&g, buf_view(&bytes)), SOTTO_E_NOTFOUND);
    buf_clear(&bytes);
    static const uint16_t forbidden[] = {PROPOSAL_UPDATE, PROPOSAL_EXTERNAL_INIT,
                                         PROPOSAL_SELF_REMOVE};
    for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
        const struct public_message message = {
            .content = {.group_id = VIEW_LIT("group"),
                        .epoch = 7,
                        .sender = {.sender_type = SENDER_EXTERNAL},
                        .content_type = CONTENT_PROPOSAL,
                        .proposal = {.proposal_type = forbidden[i]}}};
        struct fault fault = {0};
        assert_err(public_message_unprotect(crypto, &g.receiver, &message, &content, &fault),
                   UNEXPECTED);
        assert_int_equal(fault.check, CHECK_SENDER_EXTERNAL_TYPES);
    }
    group_clear(&g);
}

static void each_sender_says_only_what_belongs_to_it(void **state)
{
    (void)state;
    static const struct {
        enum sender_type sender;
        enum content_type content;
        enum mls_check check;
    } wrong[] = {
        {SENDER_EXTERNAL, CONTENT_COMMIT, CHECK_SENDER_MAY_SAY},
        {SENDER_EXTERNAL, CONTENT_APPLICATION, CHECK_APPLICATION_IS_PRIVATE},
        {SENDER_NEW_MEMBER_PROPOSAL, CONTENT_COMMIT, CHECK_SENDER_MAY_SAY},
        {SENDER_NEW_MEMBER_PROPOSAL, CONTENT_PROPOSAL, CHECK_SENDER_NEW_MEMBER_ADD}, /* a removal */
        {SENDER_NEW_MEMBER_COMMIT, CONTENT_PROPOSAL, CHECK_SENDER_MAY_SAY},
        {SENDER_NEW_MEMBER_COMMIT, CONTENT_COMMIT, CHECK_EXTERNAL_PATH}, /* there is no key */
    };
    struct group g;
    struct authenticated_content content;
    group_make(&g, 1);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct public_message message = {.content = removal(wrong[i].sender)};
        message.content.content_type = wrong[i].content;
        if (wrong[i].content == CONTENT_COMMIT)
            message.content.commit = (struct commit){0};
        struct fault fault = {0};
        assert_int_equal(public_message_unprotect(crypto, &g.receiver, &message, &content, &fault),
                         check_row(wrong[i].check)->err);
        assert_int_equal(fault.check, wrong[i].check);
    }
    group_clear(&g);
}

static void who_is_new_signs_with_the_key_that_comes_along(void **state)
{
    (void)state;
    struct group g;
    sotto_buf bytes = {0}, plain = {0};
    struct authenticated_content content;
    group_make(&g, 1);
    struct framed_content add = removal(SENDER_NEW_MEMBER_PROPOSAL);
    add.proposal =
        (struct proposal){.proposal_type = PROPOSAL_ADD,
                          .add = {.version = 1,
                                  .cipher_suite = 1,
                                  .leaf_node = newcomer(g.external, LEAF_NODE_KEY_PACKAGE)}};
    assert_ok(send_public(&g, g.external, &add, &bytes));
    assert_ok(receive(&g, buf_view(&bytes), &plain, &content));
    buf_clear(&bytes);
    assert_ok(send_public(&g, g.keys[0], &add, &bytes));
    assert_int_equal(refused(&g, buf_view(&bytes)), SOTTO_E_SIGNATURE);
    buf_clear(&bytes);
    const struct framed_content commit = {
        .group_id = VIEW_LIT("group"),
        .epoch = 7,
        .sender = {.sender_type = SENDER_NEW_MEMBER_COMMIT},
        .content_type = CONTENT_COMMIT,
        .commit = {.has_path = true,
                   .path = {.leaf_node = newcomer(g.external, LEAF_NODE_COMMIT)}}};
    assert_ok(send_public(&g, g.external, &commit, &bytes));
    assert_ok(receive(&g, buf_view(&bytes), &plain, &content));
    buf_clear(&bytes);
    assert_ok(send_public(&g, g.keys[MEMBER], &commit, &bytes));
    assert_int_equal(refused(&g, buf_view(&bytes)), SOTTO_E_SIGNATURE);
    buf_clear(&bytes);
    group_clear(&g);
}

static void what_cannot_be_sent_leaves_buffer_and_tree_alone(void **state)
{
    (void)state;
    struct group g;
    uint8_t room[40] = "abc";
    sotto_buf fixed = BUF_ON(room), bytes = {0};
    const struct authenticated_content ready = {.wire_format = WIRE_PRIVATE_MESSAGE,
                                                .content = said("hello")};
    struct authenticated_content external = ready;
    external.content.sender.sender_type = SENDER_EXTERNAL;
    group_make(&g, 1);
    fixed.len = 3;
    assert_err(private_message_protect(crypto, &g.sender, &ready, 0, guard, &fixed), TOO_LARGE);
    assert_int_equal(fixed.len, 3);
    assert_err(private_message_protect(crypto, &g.sender, &external, 0, guard, &bytes), USAGE);
    for (int field = 0; field < 3; field++) {
        struct authenticated_content elsewhere = ready;
        elsewhere.content.epoch += field == 0;
        elsewhere.content.group_id = field == 1 ? VIEW_LIT("other") : ready.content.group_id;
        elsewhere.wire_format = field == 2 ? WIRE_PUBLIC_MESSAGE : WIRE_PRIVATE_MESSAGE;
        assert_err(private_message_protect(crypto, &g.sender, &elsewhere, 0, guard, &bytes), USAGE);
        elsewhere.content.content_type = CONTENT_PROPOSAL;
        elsewhere.content.proposal = (struct proposal){.proposal_type = PROPOSAL_SELF_REMOVE};
        elsewhere.wire_format = field == 2 ? WIRE_PRIVATE_MESSAGE : WIRE_PUBLIC_MESSAGE;
        assert_err(public_message_protect(crypto, &g.sender, &elsewhere, &bytes), USAGE);
    }
    assert_err(
        private_message_protect(crypto, &g.sender, &ready, MLS_MESSAGE_MAX + 1, guard, &bytes),
        TOO_LARGE);
    assert_int_equal(bytes.len, 0);
    send_private(&g, "first", &bytes);
    struct message_key key = {0};
    assert_ok(secret_tree_next(crypto, g.sending, MEMBER, RATCHET_APPLICATION, &key));
    assert_int_equal(key.generation, 1);
    message_key_clear(&key);
    buf_clear(&bytes);
    group_clear(&g);
}

static int setup(void **state)
{
    (void)state;
    return crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    crypto_freep(&crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_heard_in_every_suite),
        cmocka_unit_test(padding_makes_lengths_alike),
        cmocka_unit_test(a_message_changed_in_any_byte_is_refused_and_changes_nothing),
        cmocka_unit_test(a_repeated_message_is_refused_and_the_next_one_is_heard),
        cmocka_unit_test(what_we_sent_ourselves_is_known_by_its_sender_data),
        cmocka_unit_test(a_message_is_opened_as_often_as_its_key_is_dropped),
        cmocka_unit_test(a_key_kept_over_another_message_is_not_consumed),
        cmocka_unit_test(what_was_refused_when_opened_leaves_no_key),
        cmocka_unit_test(a_message_in_a_members_name_by_another_takes_nothing),
        cmocka_unit_test(a_blank_leaf_says_nothing),
        cmocka_unit_test(messages_of_another_group_or_epoch_are_refused),
        cmocka_unit_test(the_reuse_guard_changes_the_ciphertext),
        cmocka_unit_test(handshakes_travel_as_private_messages_too),
        cmocka_unit_test(a_public_message_changed_in_any_byte_is_refused),
        cmocka_unit_test(a_membership_tag_has_its_whole_length),
        cmocka_unit_test(application_data_never_travels_in_the_open),
        cmocka_unit_test(external_senders_propose_what_they_may_and_nothing_else),
        cmocka_unit_test(each_sender_says_only_what_belongs_to_it),
        cmocka_unit_test(who_is_new_signs_with_the_key_that_comes_along),
        cmocka_unit_test(what_cannot_be_sent_leaves_buffer_and_tree_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
