#include "unit.h"

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

/* Made by tests/vectors/room/make.py, which knows nothing of our code. */
static const char start[] = "0101000102030405060708090a0b0c0d0e0f";
static const char share[] =
    "02505152535455565758595a5b5c5d5e5f583a6f04c4ffccb1abea0eee1881053d635046e75e8bbd453c3447d8"
    "3a3934602101e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char answer[] =
    "03183395214610e1a463ba095c37ed27e54ad0c772b5aab973eb73cc3ed19a47662102e3b0c44298fc1c149afb"
    "f4c8996fb92427ae41e4649b934ca495991b7852b855b679d3427c1640b27fc85e6b8687b67cbc2732c06150aa"
    "0697655aa03834ae94bdc4d234eca2a09602ef1cb9027554aa922dde49878e3f07447c4a8ed6f85236";
static const char confirm[] =
    "042eb8f8f238b69dd1873ede1384b49a21772d0694b8fcc0cdaeeda89f5bbf34adad32d2a337a56723d29c42d9"
    "3308057ff4b48c6eca59dce54343742bdb746576";
static const char creator_says_hello[] =
    "05000000000000000041103a7e9353a94a818c8c3b5bdbf80b706230576f08fc11239bedd0ec6f1cf9eb7e033c"
    "3afddfd8d21b457af472c29e5571a3427422673140c3171fbe9d6eb2b721f3380c3fdee3649620166bfce3f630"
    "99d8616e72c7f37366a5d458039b0bb83844042a585902d0fce3eb86994b1fe4bb4058194846c49c145c8cc6d3"
    "f23134f4ea0929b386a51cc45c4ad9daa489343f55595c13bb1dd8e3f737a9375a9e05f751bb7a4189d9608edd"
    "1b3db7f8f107dcbd78f71c6f3c332e898597a924941b26c3654e0081759a3559ede1189abf2066670b03bfb1d8"
    "30e41be7ffbafc0353e1b30282f69163c88d3e2054a2712bf24846db57b2888efee0a84946c044056f8e8cebdf"
    "8edf3f3ec626e921976f7649c5";
static const char creator_is_done[] =
    "05000000000000000141101a89768dc00f3cdc14d0d2351c164a4f14b2aeb372ec925870bb70a49f951f7a8902"
    "a92f6f3df991e38cee31a3d60d968c5d7ee77ef8a2b9647c3d8f49276184761dd13b04b029f5c5a6b17459afe1"
    "f823435fb8dd0425ffc2b20330742801ee8da9c378c2bd4e198f9df24d3244e8fc3a52c1cbb00f3d7077a07da3"
    "504568320dff26a738b25a849c95ed251135f0e5c3d9ba5cc041e3e1e7ed44e7f0e56fe8e2c869eb3f0604dcaa"
    "7317b2a74abc84806eed6a3272c47e351d679b19107a3386406498dd84d651bfafdc49eac8cf0ce52119a0d80d"
    "13d12297bf67fd6fb7d36bc09373272d7517913ef66651511d08fa559cdb7cd714c0d6815d31834ac4b2e3a0fa"
    "c9f0b31a3a838c1e945c4dee64";
static const char joiner_leaves[] =
    "0500000000000000004110d441dfc1639d8f37ed600abaec574cb49c0e2b65d8fae4878228767b7c46548ad28b"
    "208e9578b8800bf5027653b54b163a9adbea144a2724a22bd1bb60a00f7dec16928f3d374a444de4d7085fea30"
    "8c32b37381e82a01c63e4a7d7410e8d92e82cebdae837a3cdc8a223516ae7cd7b9e007f599dc09518fd2c65128"
    "cfe962d8dab38a119c9de3372159322ebc114932cb073fe7645b08fc4981ac40b138778724039fc81c7b955fa2"
    "4d528af445a16cc470e390efbfe4ac7b2950a3c03b799d31331ddd62dfc624a4670e9c9fac59cf9d5c995b6581"
    "d8128aabfb8993f8609d0ab9a15d8a0e68a301c418683807674659ba47241d4549c08a1d171ff5d26a3430468a"
    "3b21af19d759472c0d998734dd";

static void each_message_is_what_another_program_makes_of_the_book(void **state)
{
    (void)state;
    struct pair p = {0};
    uint8_t seeds[2 * CHANNEL_SEED], check[2];
    struct room_code code = code_of("7-aardvark-zucchini");
    for (size_t i = 0; i < sizeof seeds; i++)
        seeds[i] = (uint8_t)i;
    assert_ok(channel_new(crypto, CHANNEL_CREATOR, &code, seeds, &p.from_creator, &p.creator));
    assert_ok(channel_new(crypto, CHANNEL_JOINER, &code, seeds + CHANNEL_SEED, &p.from_joiner,
                          &p.joiner));
    assert_bytes(buf_view(&p.from_creator), start);
    assert_ok(to_joiner(&p));
    assert_bytes(buf_view(&p.from_joiner), share);
    assert_ok(to_creator(&p));
    assert_bytes(buf_view(&p.from_creator), answer);
    assert_ok(to_joiner(&p));
    assert_bytes(buf_view(&p.from_joiner), confirm);
    assert_ok(to_creator(&p));
    channel_check(p.creator, check);
    assert_int_equal(check[0], 28);
    assert_int_equal(check[1], 45);
    creator_says(&p, "hello");
    assert_bytes(buf_view(&p.from_creator), creator_says_hello);
    buf_reset(&p.from_creator);
    assert_ok(channel_send(p.creator, CHANNEL_DONE, (view){0}, &p.from_creator));
    assert_bytes(buf_view(&p.from_creator), creator_is_done);
    buf_reset(&p.from_joiner);
    assert_ok(channel_send(p.joiner, CHANNEL_END, (view){0}, &p.from_joiner));
    assert_bytes(buf_view(&p.from_joiner), joiner_leaves);
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
        cmocka_unit_test(each_message_is_what_another_program_makes_of_the_book),
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
