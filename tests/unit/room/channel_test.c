#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "room/channel.h"

static sotto_crypto *crypto;

/* Two sides of one channel, and the last message that each wrote. */
struct pair {
    struct channel *creator, *joiner;
    sotto_buf from_creator, from_joiner;
    struct channel_event event;
};

static struct room_code code_of(const char *text)
{
    struct room_code code;
    struct code_problem problem;
    assert_int_equal(room_code_read(view_str(text), &code, &problem), SOTTO_OK);
    return code;
}

static void pair_begin(struct pair *p, const char *creator_code, const char *joiner_code)
{
    uint8_t seed[CHANNEL_SEED];
    struct room_code code = code_of(creator_code);
    *p = (struct pair){0};
    memset(seed, 1, sizeof seed);
    assert_int_equal(
        channel_new(crypto, CHANNEL_CREATOR, &code, seed, &p->from_creator, &p->creator), SOTTO_OK);
    memset(seed, 2, sizeof seed);
    code = code_of(joiner_code);
    assert_int_equal(channel_new(crypto, CHANNEL_JOINER, &code, seed, &p->from_joiner, &p->joiner),
                     SOTTO_OK);
}

static void pair_end(struct pair *p)
{
    channel_freep(&p->creator);
    channel_freep(&p->joiner);
    buf_clear(&p->from_creator);
    buf_clear(&p->from_joiner);
}

/* Gives the other side what this one wrote last. */
static sotto_err to_joiner(struct pair *p)
{
    buf_reset(&p->from_joiner);
    return channel_recv(p->joiner, buf_view(&p->from_creator), &p->from_joiner, &p->event);
}

static sotto_err to_creator(struct pair *p)
{
    buf_reset(&p->from_creator);
    return channel_recv(p->creator, buf_view(&p->from_joiner), &p->from_creator, &p->event);
}

static void pair_open(struct pair *p)
{
    pair_begin(p, "7-aardvark-zucchini", "7-aardvark-zucchini");
    assert_int_equal(to_joiner(p), SOTTO_OK);
    assert_int_equal(to_creator(p), SOTTO_OK);
    assert_int_equal(to_joiner(p), SOTTO_OK);
    assert_int_equal(p->event.event, CHANNEL_EVENT_OPEN);
    assert_int_equal(to_creator(p), SOTTO_OK);
    assert_int_equal(p->event.event, CHANNEL_EVENT_OPEN);
}

static void creator_says(struct pair *p, const char *text)
{
    buf_reset(&p->from_creator);
    assert_int_equal(channel_send(p->creator, CHANNEL_TEXT, view_str(text), &p->from_creator),
                     SOTTO_OK);
}

static void assert_said(const struct pair *p, const char *text)
{
    assert_int_equal(p->event.event, CHANNEL_EVENT_SAID);
    assert_int_equal(p->event.kind, CHANNEL_TEXT);
    assert_true(view_equal(p->event.text, view_str(text)));
}

static void the_same_code_opens_a_channel_both_ways(void **state)
{
    (void)state;
    struct pair p;
    uint8_t a[2], b[2];
    pair_open(&p);
    channel_check(p.creator, a);
    channel_check(p.joiner, b);
    assert_memory_equal(a, b, 2);
    for (int i = 0; i < 50; i++) {
        creator_says(&p, "hello");
        assert_int_equal(to_joiner(&p), SOTTO_OK);
        assert_said(&p, "hello");
        buf_reset(&p.from_joiner);
        assert_int_equal(channel_send(p.joiner, CHANNEL_TEXT, VIEW_LIT("hi there"), &p.from_joiner),
                         SOTTO_OK);
        assert_int_equal(to_creator(&p), SOTTO_OK);
        assert_said(&p, "hi there");
    }
    pair_end(&p);
}

static void other_words_are_noticed_by_the_joiner_first(void **state)
{
    (void)state;
    struct pair p;
    pair_begin(&p, "7-aardvark-zucchini", "7-aardvark-zombie");
    assert_int_equal(to_joiner(&p), SOTTO_OK);
    assert_int_equal(to_creator(&p), SOTTO_OK);
    assert_int_equal(to_joiner(&p), SOTTO_E_CODE);
    assert_int_equal(p.from_joiner.len, 0);
    assert_int_equal(channel_recv(p.joiner, buf_view(&p.from_creator), &p.from_joiner, &p.event),
                     SOTTO_E_CLOSED);
    pair_end(&p);
}

static void a_wrong_confirmation_is_noticed_by_the_creator(void **state)
{
    (void)state;
    struct pair p;
    pair_begin(&p, "7-aardvark-zucchini", "7-aardvark-zucchini");
    assert_int_equal(to_joiner(&p), SOTTO_OK);
    assert_int_equal(to_creator(&p), SOTTO_OK);
    assert_int_equal(to_joiner(&p), SOTTO_OK);
    p.from_joiner.data[1] ^= 1;
    assert_int_equal(to_creator(&p), SOTTO_E_CODE);
    assert_false(channel_is_open(p.creator));
    pair_end(&p);
}

static void another_slot_gives_another_key(void **state)
{
    (void)state;
    struct pair p;
    pair_begin(&p, "7-aardvark-zucchini", "8-aardvark-zucchini");
    assert_int_equal(to_joiner(&p), SOTTO_OK);
    assert_int_equal(to_creator(&p), SOTTO_OK);
    assert_int_equal(to_joiner(&p), SOTTO_E_CODE);
    pair_end(&p);
}

static void reflected_messages_are_refused(void **state)
{
    (void)state;
    struct pair p;
    sotto_buf nothing = {0};
    pair_begin(&p, "7-aardvark-zucchini", "7-aardvark-zucchini");
    assert_int_equal(channel_recv(p.creator, buf_view(&p.from_creator), &nothing, &p.event),
                     SOTTO_E_REFLECTED);
    pair_end(&p);
    pair_begin(&p, "7-aardvark-zucchini", "7-aardvark-zucchini");
    assert_int_equal(to_joiner(&p), SOTTO_OK);
    assert_int_equal(channel_recv(p.joiner, buf_view(&p.from_joiner), &nothing, &p.event),
                     SOTTO_E_REFLECTED);
    pair_end(&p);
    pair_open(&p);
    creator_says(&p, "hello");
    assert_int_equal(channel_recv(p.creator, buf_view(&p.from_creator), &nothing, &p.event),
                     SOTTO_E_DECRYPT);
    pair_end(&p);
}

/* What the relay did to the second of three messages, and how that is named. */
static void repeated_dropped_and_reordered_messages_are_named(void **state)
{
    (void)state;
    struct pair p;
    sotto_buf first = {0}, second = {0}, nothing = {0};
    pair_open(&p);
    assert_int_equal(channel_send(p.creator, CHANNEL_TEXT, VIEW_LIT("one"), &first), SOTTO_OK);
    assert_int_equal(channel_recv(p.joiner, buf_view(&first), &nothing, &p.event), SOTTO_OK);
    assert_int_equal(channel_recv(p.joiner, buf_view(&first), &nothing, &p.event),
                     SOTTO_E_REPLAYED);
    assert_int_equal(channel_recv(p.joiner, buf_view(&first), &nothing, &p.event), SOTTO_E_CLOSED);
    pair_end(&p);

    buf_reset(&first);
    pair_open(&p);
    assert_int_equal(channel_send(p.creator, CHANNEL_TEXT, VIEW_LIT("one"), &first), SOTTO_OK);
    assert_int_equal(channel_send(p.creator, CHANNEL_TEXT, VIEW_LIT("two"), &second), SOTTO_OK);
    assert_int_equal(channel_recv(p.joiner, buf_view(&second), &nothing, &p.event),
                     SOTTO_E_MISSING);
    pair_end(&p);
    buf_clear(&first);
    buf_clear(&second);
}

static void every_altered_byte_is_noticed(void **state)
{
    (void)state;
    struct pair p;
    sotto_buf message = {0}, nothing = {0};
    pair_open(&p);
    creator_says(&p, "the usual place");
    size_t len = p.from_creator.len;
    pair_end(&p);
    for (size_t at = 0; at < len; at++) {
        pair_open(&p);
        creator_says(&p, "the usual place");
        assert_int_equal(buf_set(&message, buf_view(&p.from_creator)), SOTTO_OK);
        message.data[at] ^= 0x10;
        sotto_err err = channel_recv(p.joiner, buf_view(&message), &nothing, &p.event);
        assert_int_not_equal(err, SOTTO_OK);
        assert_false(channel_is_open(p.joiner));
        pair_end(&p);
    }
    buf_clear(&message);
}

static void truncated_and_overlong_messages_are_refused(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    creator_says(&p, "x");
    size_t len = p.from_creator.len;
    pair_end(&p);
    for (size_t cut = 0; cut < len; cut += cut < 20 ? 1 : 37) {
        sotto_buf nothing = {0};
        pair_open(&p);
        creator_says(&p, "x");
        assert_int_not_equal(
            channel_recv(p.joiner, view_of(p.from_creator.data, cut), &nothing, &p.event),
            SOTTO_OK);
        pair_end(&p);
    }
    pair_open(&p);
    creator_says(&p, "x");
    assert_int_equal(buf_append(&p.from_creator, VIEW_LIT("!")), SOTTO_OK);
    assert_int_equal(to_joiner(&p), SOTTO_E_TRAILING);
    pair_end(&p);
}

static void lengths_are_hidden_in_a_few_sizes(void **state)
{
    (void)state;
    struct pair p;
    sotto_buf text = {0};
    size_t sizes[8], kinds = 0;
    pair_open(&p);
    for (size_t len = 0; len <= CHANNEL_TEXT_MAX; len += len < 2000 ? 1 : 4001) {
        uint8_t *place;
        buf_reset(&text);
        assert_int_equal(buf_extend(&text, len, &place), SOTTO_OK);
        if (len > 0)
            memset(place, 'a', len);
        buf_reset(&p.from_creator);
        assert_int_equal(channel_send(p.creator, CHANNEL_TEXT, buf_view(&text), &p.from_creator),
                         SOTTO_OK);
        if (kinds == 0 || sizes[kinds - 1] != p.from_creator.len) {
            assert_true(kinds < COUNT_OF(sizes));
            sizes[kinds++] = p.from_creator.len;
        }
        assert_int_equal(to_joiner(&p), SOTTO_OK);
        assert_true(view_equal(p.event.text, buf_view(&text)));
    }
    assert_int_equal(kinds, 5);
    uint8_t *one;
    assert_int_equal(buf_extend(&text, CHANNEL_TEXT_MAX, &one), SOTTO_OK);
    memset(one, 'b', CHANNEL_TEXT_MAX);
    assert_int_equal(channel_send(p.creator, CHANNEL_TEXT, buf_view(&text), &p.from_creator),
                     SOTTO_E_TOO_LARGE);
    buf_clear(&text);
    pair_end(&p);
}

static void after_done_only_the_end_can_be_said(void **state)
{
    (void)state;
    struct pair p;
    sotto_buf out = {0};
    pair_open(&p);
    assert_int_equal(channel_send(p.creator, CHANNEL_DONE, (view){0}, &out), SOTTO_OK);
    assert_int_equal(channel_send(p.creator, CHANNEL_TEXT, VIEW_LIT("more"), &out),
                     SOTTO_E_NOT_NOW);
    assert_int_equal(channel_send(p.creator, CHANNEL_END, (view){0}, &out), SOTTO_OK);
    assert_int_equal(channel_send(p.creator, CHANNEL_END, (view){0}, &out), SOTTO_E_NOT_NOW);
    buf_clear(&out);
    pair_end(&p);
}

static void nothing_can_be_said_before_the_channel_is_open(void **state)
{
    (void)state;
    struct pair p;
    pair_begin(&p, "7-aardvark-zucchini", "7-aardvark-zucchini");
    assert_int_equal(channel_send(p.creator, CHANNEL_TEXT, VIEW_LIT("early"), &p.from_creator),
                     SOTTO_E_NOT_NOW);
    pair_end(&p);
}

static void another_version_is_refused(void **state)
{
    (void)state;
    struct pair p;
    pair_begin(&p, "7-aardvark-zucchini", "7-aardvark-zucchini");
    p.from_creator.data[1] = 2;
    assert_int_equal(to_joiner(&p), SOTTO_E_VERSION);
    pair_end(&p);
}

static int crypto_up(void **state)
{
    (void)state;
    return crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int crypto_down(void **state)
{
    (void)state;
    crypto_freep(&crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_code_opens_a_channel_both_ways),
        cmocka_unit_test(other_words_are_noticed_by_the_joiner_first),
        cmocka_unit_test(a_wrong_confirmation_is_noticed_by_the_creator),
        cmocka_unit_test(another_slot_gives_another_key),
        cmocka_unit_test(reflected_messages_are_refused),
        cmocka_unit_test(repeated_dropped_and_reordered_messages_are_named),
        cmocka_unit_test(every_altered_byte_is_noticed),
        cmocka_unit_test(truncated_and_overlong_messages_are_refused),
        cmocka_unit_test(lengths_are_hidden_in_a_few_sizes),
        cmocka_unit_test(after_done_only_the_end_can_be_said),
        cmocka_unit_test(nothing_can_be_said_before_the_channel_is_open),
        cmocka_unit_test(another_version_is_refused),
    };
    return cmocka_run_group_tests(tests, crypto_up, crypto_down);
}
