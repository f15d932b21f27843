#include "mls/pending.h"

#include "../crypto/handle.h"

static const struct mls_suite *suite(void)
{
    return mls_suite_find(1);
}

/* A proposal to remove a leaf. */
static struct pending_proposal *remove_new(sotto_crypto *c, uint32_t leaf)
{
    const struct authenticated_content content = {
        .wire_format = WIRE_PRIVATE_MESSAGE,
        .content = {.group_id = VIEW_LIT("group"),
                    .epoch = 3,
                    .sender = {.sender_type = SENDER_MEMBER, .leaf_index = 1},
                    .content_type = CONTENT_PROPOSAL,
                    .proposal = {.proposal_type = PROPOSAL_REMOVE, .removed = leaf}},
        .auth = {.signature = VIEW_LIT("signature")}};
    struct pending_proposal *p = NULL;
    assert_ok(pending_proposal_new(c, suite(), &content, &p));
    return p;
}

static view ref_of(const struct pending_proposal *p)
{
    return view_of(p->ref, suite()->hash_len);
}

static void its_ref_is_the_hash_of_the_whole_content(void **state)
{
    DEFER(pending_proposal_freep) struct pending_proposal *p = remove_new(*state, 7);
    uint8_t ref[HASH_MAX];
    assert_ok(proposal_ref(*state, suite(), buf_view(&p->encoded), ref));
    assert_memory_equal(p->ref, ref, suite()->hash_len);
    assert_bytes(buf_view(&p->encoded),
                 "0002 05 67726f7570 0000000000000003 01 00000001 00 02 0003 00000007"
                 "09 7369676e6174757265");
    assert_int_equal(p->content.content.proposal.removed, 7);
}

static void what_was_written_is_read_back(void **state)
{
    DEFER(pending_proposal_freep) struct pending_proposal *p = remove_new(*state, 7);
    DEFER(pending_proposal_freep) struct pending_proposal *back = NULL;
    view whole = buf_view(&p->encoded);
    for (size_t len = 0; len < whole.len; len++)
        assert_int_not_equal(
            pending_proposal_read(*state, suite(), view_of(whole.data, len), &back), SOTTO_OK);
    assert_null(back);
    assert_ok(pending_proposal_read(*state, suite(), whole, &back));
    assert_memory_equal(back->ref, p->ref, suite()->hash_len);
    assert_true(view_equal(buf_view(&back->encoded), whole));
    assert_ok(buf_append(&p->encoded, VIEW_LIT("x")));
    pending_proposal_freep(&back);
    assert_err(pending_proposal_read(*state, suite(), buf_view(&p->encoded), &back), TRAILING);
}

static void nothing_but_a_proposal_waits(void **state)
{
    const struct authenticated_content content = {
        .wire_format = WIRE_PUBLIC_MESSAGE,
        .content = {.sender = {.sender_type = SENDER_MEMBER}, .content_type = CONTENT_COMMIT}};
    DEFER(pending_proposal_freep) struct pending_proposal *p = NULL;
    assert_err(pending_proposal_new(*state, suite(), &content, &p), VALUE);
}

static void they_keep_their_order_and_are_found_by_their_ref(void **state)
{
    DEFER(pending_clear) struct pending pending = {0};
    size_t bytes = 0;
    for (uint32_t i = 0; i < 100; i++) {
        struct pending_proposal *p = remove_new(*state, i);
        bytes += p->encoded.len;
        assert_null(pending_find(&pending, suite(), ref_of(p)));
        assert_ok(pending_add(&pending, suite(), &p));
        assert_null(p);
    }
    assert_int_equal(pending.count, 100);
    assert_int_equal(pending.bytes, bytes);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(pending.items[i]->content.content.proposal.removed, i);
        assert_ptr_equal(pending_find(&pending, suite(), ref_of(pending.items[i])),
                         pending.items[i]);
    }
}

static void a_ref_has_its_whole_length(void **state)
{
    DEFER(pending_clear) struct pending pending = {0};
    struct pending_proposal *p = remove_new(*state, 1);
    uint8_t longer[HASH_MAX + 1] = {0};
    memcpy(longer, p->ref, suite()->hash_len);
    assert_ok(pending_add(&pending, suite(), &p));
    for (size_t len = 0; len <= sizeof longer; len++)
        assert_int_equal(pending_find(&pending, suite(), view_of(longer, len)) != NULL,
                         len == suite()->hash_len);
}

static void the_same_waits_once(void **state)
{
    DEFER(pending_clear) struct pending pending = {0};
    struct pending_proposal *p = remove_new(*state, 1);
    DEFER(pending_proposal_freep) struct pending_proposal *again = remove_new(*state, 1);
    assert_ok(pending_add(&pending, suite(), &p));
    assert_err(pending_add(&pending, suite(), &again), EXISTS);
    assert_non_null(again);
    assert_int_equal(pending.count, 1);
}

static void there_is_an_end_to_how_many_wait(void **state)
{
    DEFER(pending_clear) struct pending pending = {0};
    DEFER(pending_proposal_freep) struct pending_proposal *more = remove_new(*state, PENDING_MAX);
    for (uint32_t i = 0; i < PENDING_MAX; i++) {
        struct pending_proposal *p = remove_new(*state, i);
        assert_ok(pending_add(&pending, suite(), &p));
    }
    assert_err(pending_add(&pending, suite(), &more), FULL);
    pending_clear(&pending);
    pending.bytes = PENDING_BYTES_MAX - more->encoded.len + 1;
    assert_err(pending_add(&pending, suite(), &more), FULL);
    pending.bytes--;
    assert_ok(pending_add(&pending, suite(), &more));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_ref_is_the_hash_of_the_whole_content),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(nothing_but_a_proposal_waits),
        cmocka_unit_test(they_keep_their_order_and_are_found_by_their_ref),
        cmocka_unit_test(a_ref_has_its_whole_length),
        cmocka_unit_test(the_same_waits_once),
        cmocka_unit_test(there_is_an_end_to_how_many_wait),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
