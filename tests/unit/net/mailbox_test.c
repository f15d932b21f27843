#include "unit.h"

#include "net/mailbox.h"

#define POSTS 100
#define BYTES 1000

static struct mailbox *box_new(void)
{
    struct mailbox *box = calloc(1, sizeof *box);
    assert_non_null(box);
    assert_ok(mailbox_init(box, POSTS, BYTES));
    return box;
}

static void box_free(struct mailbox *box)
{
    mailbox_clear(box);
    free(box);
}

static void put(struct mailbox *box, uint64_t connection, view bytes)
{
    const struct post post = {.kind = POST_FRAME, .connection = connection};
    assert_ok(mailbox_put(box, &post, bytes));
}

static void a_batch_has_all_posts_in_order_with_their_bytes(void **state)
{
    (void)state;
    struct mailbox *box = box_new();
    struct batch batch = {0};
    put(box, 1, VIEW_LIT("one"));
    put(box, 2, (view){0});
    put(box, 3, VIEW_LIT("three"));
    assert_false(mailbox_take(box, &batch));
    assert_int_equal(batch.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(batch.list[i].connection, i + 1);
    assert_memory_equal(batch.bytes.data + batch.list[2].at, "three", 5);
    assert_int_equal(batch.list[1].len, 0);
    assert_false(mailbox_take(box, &batch));
    assert_int_equal(batch.count, 0);
    batch_clear(&batch);
    box_free(box);
}

static void it_is_full_at_its_posts_or_its_bytes_and_empty_once_taken(void **state)
{
    (void)state;
    struct mailbox *box = box_new();
    struct batch batch = {0};
    static const uint8_t bytes[BYTES];
    for (unsigned i = 0; i < POSTS; i++) {
        assert_false(mailbox_is_full(box));
        put(box, i, (view){0});
    }
    assert_true(mailbox_is_full(box));
    assert_true(mailbox_take(box, &batch));
    assert_false(mailbox_is_full(box));
    put(box, 1, VIEW_OF(bytes));
    assert_true(mailbox_is_full(box));
    put(box, 2, VIEW_LIT("what must come comes")); /* full is an answer to those who ask */
    assert_true(mailbox_take(box, &batch));
    assert_int_equal(batch.count, 2);
    batch_clear(&batch);
    box_free(box);
}

static void a_wait_ends_at_its_time(void **state)
{
    (void)state;
    struct mailbox *box = box_new();
    mailbox_due(box, 1);
    mailbox_wait(box); /* it was due long ago */
    mailbox_due(box, UINT64_MAX);
    put(box, 1, (view){0});
    mailbox_wait(box); /* something is there */
    box_free(box);
}

static void *wait(void *arg)
{
    mailbox_wait(arg);
    return NULL;
}

static bool waits(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    bool is = box->waits_ms != 0;
    pthread_mutex_unlock(&box->lock);
    return is;
}

static void who_waits_is_woken_when_it_is_due_sooner(void **state)
{
    (void)state;
    struct mailbox *box = box_new();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait, box), 0);
    while (!waits(box))
        sched_yield();
    mailbox_due(box, UINT64_MAX - 1); /* sooner, but not yet */
    mailbox_due(box, UINT64_MAX);
    mailbox_due(box, 1);
    pthread_join(thread, NULL);
    box_free(box);
}

struct putter {
    struct mailbox *box;
    uint64_t count;
};

static void *put_and_ring(void *arg)
{
    const struct putter *putter = arg;
    for (uint64_t i = 0; i < putter->count; i++) {
        put(putter->box, i, (view){0});
        mailbox_ring(putter->box);
    }
    return NULL;
}

static void wait_more_beside_a_putter(uint64_t count, size_t wanted)
{
    struct mailbox *box = box_new();
    struct batch batch = {0};
    struct putter putter = {box, count};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, put_and_ring, &putter), 0);
    mailbox_wait_more(box, wanted, 60000000000);
    (void)mailbox_take(box, &batch);
    assert_true(batch.count >= size_min(wanted, POSTS));
    pthread_join(thread, NULL);
    batch_clear(&batch);
    box_free(box);
}

static void who_waits_for_more_is_woken_when_it_is_there_or_the_box_is_full(void **state)
{
    (void)state;
    wait_more_beside_a_putter(50, 50);
    wait_more_beside_a_putter(POSTS, POSTS * 2);
}

static void who_waits_for_more_waits_no_longer_than_it_said(void **state)
{
    (void)state;
    struct mailbox *box = box_new();
    put(box, 1, (view){0});
    mailbox_wait_more(box, 2, 1000000);
    mailbox_wait_more(box, 1, 60000000000); /* is there */
    box_free(box);
}

static void a_box_that_is_shut_drops_and_holds_nobody_up(void **state)
{
    (void)state;
    struct mailbox *box = box_new();
    struct batch batch = {0};
    for (unsigned i = 0; i < POSTS; i++)
        put(box, i, (view){0});
    mailbox_shut(box);
    mailbox_wait_room(box);
    put(box, 1, (view){0});
    assert_false(mailbox_take(box, &batch));
    assert_int_equal(batch.count, 0);
    batch_clear(&batch);
    box_free(box);
}

/* A producer that waits for room and a consumer that is slower: everything arrives, in order. */
#define PASSED 20000

static void *produce(void *arg)
{
    struct mailbox *box = arg;
    for (uint64_t i = 0; i < PASSED; i++) {
        mailbox_wait_room(box);
        put(box, i, VIEW_OF(((uint8_t[8]){(uint8_t)i, (uint8_t)(i >> 8)})));
        mailbox_ring(box);
    }
    return NULL;
}

static void what_one_thread_puts_another_takes_in_order(void **state)
{
    (void)state;
    struct mailbox *box = box_new();
    struct batch batch = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, box), 0);
    for (uint64_t next = 0; next < PASSED;) {
        mailbox_wait(box);
        (void)mailbox_take(box, &batch);
        assert_true(batch.count <= POSTS);
        for (size_t i = 0; i < batch.count; i++, next++) {
            assert_int_equal(batch.list[i].connection, next);
            assert_int_equal(batch.bytes.data[batch.list[i].at], next & 0xff);
        }
    }
    pthread_join(thread, NULL);
    batch_clear(&batch);
    box_free(box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_has_all_posts_in_order_with_their_bytes),
        cmocka_unit_test(it_is_full_at_its_posts_or_its_bytes_and_empty_once_taken),
        cmocka_unit_test(a_wait_ends_at_its_time),
        cmocka_unit_test(who_waits_is_woken_when_it_is_due_sooner),
        cmocka_unit_test(who_waits_for_more_is_woken_when_it_is_there_or_the_box_is_full),
        cmocka_unit_test(who_waits_for_more_waits_no_longer_than_it_said),
        cmocka_unit_test(a_box_that_is_shut_drops_and_holds_nobody_up),
        cmocka_unit_test(what_one_thread_puts_another_takes_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
