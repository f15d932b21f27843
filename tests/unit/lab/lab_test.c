#include "lab/lab.h"

#include "lab/suite.h"
#include "lab_unit.h"

/* Two sides of one run, wired to each other by hand. */
struct pair {
    sotto_crypto *crypto;
    struct lab *side[2]; /* by role */
    struct secret psk;
    sotto_buf wire; /* the message on its way */
    const struct lab_suite *suite;
};

static void pair_clear(struct pair *p)
{
    lab_free(p->side[LAB_DIALER]);
    lab_free(p->side[LAB_LISTENER]);
    crypto_free(p->crypto);
    buf_clear(&p->wire);
    *p = (struct pair){0};
}

static void side_new(struct pair *p, struct lab_config config, uint8_t seed_byte)
{
    uint8_t seed[LAB_SEED];
    memset(seed, seed_byte, sizeof seed);
    config.suite = p->suite;
    assert_ok(lab_new(p->crypto, &config, seed, &p->side[config.role]));
}

static void pair_start(struct pair *p, const struct lab_suite *suite, struct lab_config config)
{
    p->suite = suite;
    assert_ok(crypto_new(&p->crypto));
    config.role = LAB_DIALER;
    side_new(p, config, 1);
    config.role = LAB_LISTENER;
    side_new(p, config, 2);
    assert_ok(lab_begin(p->side[LAB_LISTENER], &p->wire));
    assert_int_equal(p->wire.len, 0);
    assert_ok(lab_begin(p->side[LAB_DIALER], &p->wire));
}

/* What is on the wire goes to `role`; its answer is on the wire then. */
static sotto_err deliver(struct pair *p, enum lab_role role, struct lab_event *ret_event)
{
    sotto_buf answer = {0};
    *ret_event = (struct lab_event){0};
    sotto_err err = lab_receive(p->side[role], buf_view(&p->wire), &answer, ret_event);
    buf_clear(&p->wire);
    p->wire = answer;
    return err;
}

static void pair_establish(struct pair *p)
{
    struct lab_event event;
    assert_ok(deliver(p, LAB_LISTENER, &event));
    assert_int_equal(event.kind, LAB_EVENT_NONE);
    assert_ok(deliver(p, LAB_DIALER, &event));
    assert_int_equal(event.kind, LAB_EVENT_NONE);
    assert_ok(deliver(p, LAB_LISTENER, &event));
    assert_int_equal(event.kind, LAB_EVENT_READY);
    assert_ok(deliver(p, LAB_DIALER, &event));
    assert_int_equal(event.kind, LAB_EVENT_READY);
    assert_int_equal(p->wire.len, 0);
}

static void say(struct pair *p, enum lab_role from, view text)
{
    struct lab_event event;
    enum lab_role to = from == LAB_DIALER ? LAB_LISTENER : LAB_DIALER;
    buf_reset(&p->wire);
    assert_ok(lab_say(p->side[from], text, &p->wire));
    assert_true(p->wire.len <= LAB_MESSAGE_MAX);
    assert_ok(deliver(p, to, &event));
    assert_int_equal(event.kind, LAB_EVENT_TEXT);
    test_equal(event.text, text);
    assert_int_equal(p->wire.len, 0);
}

/* One leaves, the other still says something and leaves too; then both runs are over. */
static void leave(struct pair *p, enum lab_role from)
{
    struct lab_event event;
    enum lab_role to = from == LAB_DIALER ? LAB_LISTENER : LAB_DIALER;
    assert_ok(lab_leave(p->side[from], &p->wire));
    assert_ok(deliver(p, to, &event));
    assert_int_equal(event.kind, LAB_EVENT_LEFT);
    assert_int_equal(lab_leave(p->side[from], &p->wire), SOTTO_E_NOT_NOW);
    assert_int_equal(lab_say(p->side[from], VIEW_LIT("late"), &p->wire), SOTTO_E_NOT_NOW);
    assert_true(lab_is_ready(p->side[to]));
    say(p, to, VIEW_LIT("one moment"));
    assert_ok(lab_leave(p->side[to], &p->wire));
    assert_ok(deliver(p, from, &event));
    assert_int_equal(event.kind, LAB_EVENT_LEFT);
    for (size_t role = 0; role < 2; role++) {
        assert_false(lab_is_ready(p->side[role]));
        assert_int_equal(lab_say(p->side[role], VIEW_LIT("late"), &p->wire), SOTTO_E_NOT_NOW);
        assert_int_equal(lab_receive(p->side[role], VIEW_LIT("x"), &p->wire, &event),
                         SOTTO_E_CLOSED);
    }
}

static void converse(struct pair *p)
{
    static uint8_t longest[LAB_TEXT_MAX + 1];
    pair_establish(p);
    assert_true(lab_is_ready(p->side[LAB_DIALER]) && lab_is_ready(p->side[LAB_LISTENER]));
    test_equal(lab_transcript(p->side[LAB_DIALER]), lab_transcript(p->side[LAB_LISTENER]));
    for (unsigned round = 0; round < 2; round++) {
        say(p, LAB_DIALER, VIEW_LIT("meet at noon"));
        say(p, LAB_DIALER, VIEW_LIT("by the river"));
        say(p, LAB_LISTENER, VIEW_LIT("all right"));
        say(p, LAB_LISTENER, (view){0});
    }
    say(p, LAB_LISTENER, view_of(longest, LAB_TEXT_MAX));
    assert_int_equal(lab_say(p->side[LAB_DIALER], VIEW_OF(longest), &p->wire), SOTTO_E_TOO_LARGE);
    leave(p, LAB_LISTENER);
}

typedef void suite_test(const struct lab_suite *suite);

static void with_each_suite(suite_test *test)
{
    size_t count;
    const struct lab_suite *const *suites = lab_suite_all(&count);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        test(suites[i]);
}

static void converse_plainly(const struct lab_suite *suite)
{
    DEFER(pair_clear) struct pair p = {0};
    pair_start(&p, suite, (struct lab_config){0});
    converse(&p);
}

static void two_sides_talk_under_each_suite(void **state)
{
    (void)state;
    with_each_suite(converse_plainly);
}

static void converse_with_psk(const struct lab_suite *suite)
{
    DEFER(pair_clear) struct pair p = {0};
    secret_resize(&p.psk, LAB_PSK);
    memset(p.psk.data, 7, LAB_PSK);
    pair_start(&p, suite, (struct lab_config){.psk = &p.psk});
    converse(&p);
}

static void two_sides_talk_with_a_shared_key_instead_of_the_exchange(void **state)
{
    (void)state;
    with_each_suite(converse_with_psk);
}

static void sha1_under_the_signatures_works_if_both_want_it(void **state)
{
    (void)state;
    DEFER(pair_clear) struct pair p = {0};
    pair_start(&p, &suite_elgamal_cfb, (struct lab_config){.sha1 = true});
    converse(&p);
}

static void sha1_on_one_side_alone_is_refused(void **state)
{
    (void)state;
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    p.suite = &suite_elgamal_cfb;
    assert_ok(crypto_new(&p.crypto));
    side_new(&p, (struct lab_config){.role = LAB_DIALER, .sha1 = true}, 1);
    side_new(&p, (struct lab_config){.role = LAB_LISTENER}, 2);
    assert_ok(lab_begin(p.side[LAB_DIALER], &p.wire));
    assert_int_equal(deliver(&p, LAB_LISTENER, &event), SOTTO_E_UNSUPPORTED);
}

static void another_suite_is_refused(void **state)
{
    (void)state;
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    assert_ok(crypto_new(&p.crypto));
    p.suite = &suite_x25519_cbc;
    side_new(&p, (struct lab_config){.role = LAB_DIALER}, 1);
    p.suite = &suite_hkdf_gcm;
    side_new(&p, (struct lab_config){.role = LAB_LISTENER}, 2);
    assert_ok(lab_begin(p.side[LAB_DIALER], &p.wire));
    assert_int_equal(deliver(&p, LAB_LISTENER, &event), SOTTO_E_UNSUPPORTED);
    assert_int_equal(p.wire.len, 0);
    assert_non_null(strstr(lab_check(p.side[LAB_LISTENER]), "suite"));
}

/* The dialer has one key, the listener another: nobody gets as far as READY. */
static void different_psk(const struct lab_suite *suite)
{
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    p.suite = suite;
    assert_ok(crypto_new(&p.crypto));
    secret_resize(&p.psk, LAB_PSK);
    side_new(&p, (struct lab_config){.role = LAB_DIALER, .psk = &p.psk}, 1);
    p.psk.data[LAB_PSK - 1] = 1;
    side_new(&p, (struct lab_config){.role = LAB_LISTENER, .psk = &p.psk}, 2);
    assert_ok(lab_begin(p.side[LAB_DIALER], &p.wire));
    assert_ok(deliver(&p, LAB_LISTENER, &event));
    assert_ok(deliver(&p, LAB_DIALER, &event));
    sotto_err err = deliver(&p, LAB_LISTENER, &event);
    assert_int_equal(sotto_err_class_of(err), SOTTO_CLASS_AUTH);
    assert_int_equal(p.wire.len, 0);
    assert_int_equal(lab_say(p.side[LAB_LISTENER], VIEW_LIT("no"), &p.wire), SOTTO_E_NOT_NOW);
    assert_true(lab_check(p.side[LAB_LISTENER])[0] != '\0');
}

static void different_shared_keys_end_the_handshake(void **state)
{
    (void)state;
    with_each_suite(different_psk);
}

static void psk_on_one_side(const struct lab_suite *suite)
{
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    p.suite = suite;
    assert_ok(crypto_new(&p.crypto));
    secret_resize(&p.psk, LAB_PSK);
    side_new(&p, (struct lab_config){.role = LAB_DIALER, .psk = &p.psk}, 1);
    side_new(&p, (struct lab_config){.role = LAB_LISTENER}, 2);
    assert_ok(lab_begin(p.side[LAB_DIALER], &p.wire));
    assert_int_equal(deliver(&p, LAB_LISTENER, &event), SOTTO_E_UNSUPPORTED);
}

static void a_shared_key_on_one_side_alone_is_refused(void **state)
{
    (void)state;
    with_each_suite(psk_on_one_side);
}

static void the_other_sides_key_can_be_known_beforehand(void **state)
{
    (void)state;
    const struct lab_suite *const suites[] = {&suite_elgamal_cfb, &suite_rsa_cbc};
    for (size_t i = 0; i < 2; i++) {
        DEFER(pair_clear) struct pair p = {.suite = suites[i]};
        DEFER(buf_clear) sotto_buf identity = {0};
        uint8_t seed[LAB_SEED] = {9}, fingerprint[LAB_FINGERPRINT];
        struct lab_event event;
        assert_ok(crypto_new(&p.crypto));
        assert_ok(lab_identity_make(suites[i], seed, &identity));
        assert_ok(lab_identity_fingerprint(p.crypto, suites[i], buf_view(&identity), fingerprint));
        side_new(&p, (struct lab_config){.role = LAB_DIALER, .peer = VIEW_OF(fingerprint)}, 1);
        side_new(&p, (struct lab_config){.role = LAB_LISTENER, .identity = buf_view(&identity)}, 2);
        assert_ok(lab_begin(p.side[LAB_DIALER], &p.wire));
        pair_establish(&p);
        test_equal(lab_fingerprint(p.side[LAB_DIALER], LAB_LISTENER), VIEW_OF(fingerprint));

        lab_free(p.side[LAB_DIALER]);
        lab_free(p.side[LAB_LISTENER]);
        side_new(&p, (struct lab_config){.role = LAB_DIALER, .peer = VIEW_OF(fingerprint)}, 1);
        side_new(&p, (struct lab_config){.role = LAB_LISTENER}, 2); /* a throwaway key */
        assert_ok(lab_begin(p.side[LAB_DIALER], &p.wire));
        assert_ok(deliver(&p, LAB_LISTENER, &event));
        assert_int_equal(deliver(&p, LAB_DIALER, &event), SOTTO_E_KEY);
        assert_non_null(strstr(lab_check(p.side[LAB_DIALER]), "fingerprint"));
    }
}

/* The handshake's message number `stage`, cut to `len` bytes or a byte longer than it was, is refused and ends the run.
 * Gives its whole length. */
static size_t cut_at(const struct lab_suite *suite, struct lab_config config, unsigned stage,
                     size_t len)
{
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    enum lab_role to = stage % 2 == 0 ? LAB_LISTENER : LAB_DIALER;
    pair_start(&p, suite, config);
    for (unsigned i = 0; i < stage; i++)
        assert_ok(deliver(&p, i % 2 == 0 ? LAB_LISTENER : LAB_DIALER, &event));
    size_t whole = p.wire.len;
    if (len == whole)
        return whole;
    if (len > whole)
        assert_ok(buf_append(&p.wire, VIEW_LIT("x")));
    else
        p.wire.len = len;
    assert_int_not_equal(deliver(&p, to, &event), SOTTO_OK);
    assert_int_equal(p.wire.len, 0);
    assert_int_equal(lab_receive(p.side[to], VIEW_LIT("\1"), &p.wire, &event), SOTTO_E_CLOSED);
    return whole;
}

/* With a shared key and, where the suite signs, one signing key for both: fast enough to be tried at many places. */
static void cut_handshake(const struct lab_suite *suite)
{
    struct secret psk = {.len = LAB_PSK};
    DEFER(buf_clear) sotto_buf identity = {0};
    const uint8_t seed[LAB_SEED] = {5};
    if (suite->signs)
        assert_ok(lab_identity_make(suite, seed, &identity));
    struct lab_config config = {.psk = &psk, .identity = buf_view(&identity)};
    size_t step = suite->signs ? 401 : 1;
    for (unsigned stage = 0; stage < 4; stage++) {
        size_t whole = 0;
        for (size_t len = 0; len <= whole; len += step)
            whole = cut_at(suite, config, stage, len);
        cut_at(suite, config, stage, whole + 1);
    }
}

static void handshakes_that_are_cut_or_have_a_spare_byte_are_refused(void **state)
{
    (void)state;
    with_each_suite(cut_handshake);
}

/* A message changed in any byte, cut, or longer is refused; the run goes on with the right one. */
static void changed_message(const struct lab_suite *suite)
{
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    pair_start(&p, suite, (struct lab_config){0});
    pair_establish(&p);
    buf_reset(&p.wire);
    assert_ok(lab_say(p.side[LAB_DIALER], VIEW_LIT("meet at noon"), &p.wire));
    DEFER(buf_clear) sotto_buf right = {0};
    DEFER(buf_clear) sotto_buf answer = {0};
    assert_ok(buf_set(&right, buf_view(&p.wire)));
    struct lab *listener = p.side[LAB_LISTENER];
    size_t step = suite == &suite_elgamal_cfb ? 61 : 1; /* its check takes milliseconds */
    for (size_t at = 0; at < right.len; at += step) {
        p.wire.data[at] ^= 0x10;
        assert_int_not_equal(lab_receive(listener, buf_view(&p.wire), &answer, &event), SOTTO_OK);
        p.wire.data[at] ^= 0x10;
        assert_int_not_equal(lab_receive(listener, view_of(right.data, at), &answer, &event),
                             SOTTO_OK);
    }
    assert_ok(buf_append(&p.wire, VIEW_LIT("x")));
    assert_int_not_equal(lab_receive(listener, buf_view(&p.wire), &answer, &event), SOTTO_OK);
    assert_int_equal(answer.len, 0);
    assert_true(lab_is_ready(listener));
    assert_ok(lab_receive(listener, buf_view(&right), &answer, &event));
    test_equal(event.text, VIEW_LIT("meet at noon"));
}

static void a_changed_message_is_refused_and_the_run_goes_on(void **state)
{
    (void)state;
    with_each_suite(changed_message);
}

static void own_message(const struct lab_suite *suite)
{
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    pair_start(&p, suite, (struct lab_config){0});
    assert_int_not_equal(deliver(&p, LAB_DIALER, &event), SOTTO_OK); /* its own hello */
    pair_clear(&p);
    pair_start(&p, suite, (struct lab_config){0});
    pair_establish(&p);
    assert_ok(lab_say(p.side[LAB_DIALER], VIEW_LIT("echo"), &p.wire));
    assert_int_not_equal(deliver(&p, LAB_DIALER, &event), SOTTO_OK);
}

static void our_own_messages_sent_back_are_refused(void **state)
{
    (void)state;
    with_each_suite(own_message);
}

static void messages_at_the_wrong_moment_are_refused(void **state)
{
    (void)state;
    DEFER(pair_clear) struct pair p = {0};
    struct lab_event event;
    pair_start(&p, &suite_hkdf_gcm, (struct lab_config){0});
    assert_int_equal(lab_say(p.side[LAB_DIALER], VIEW_LIT("early"), &p.wire), SOTTO_E_NOT_NOW);
    assert_int_equal(lab_receive(p.side[LAB_LISTENER], VIEW_LIT("\2"), &p.wire, &event),
                     SOTTO_E_UNEXPECTED);
    assert_int_equal(lab_receive(p.side[LAB_DIALER], VIEW_LIT("\7"), &p.wire, &event),
                     SOTTO_E_KIND);
}

static void settings_that_a_suite_does_not_have_are_refused(void **state)
{
    (void)state;
    DEFER(pair_clear) struct pair p = {0};
    assert_ok(crypto_new(&p.crypto));
    const uint8_t seed[LAB_SEED] = {0}, fingerprint[LAB_FINGERPRINT] = {0};
    struct lab *none = NULL;
    struct secret shorter = {.len = LAB_PSK - 1};
    const struct lab_config wrong[] = {
        {.suite = &suite_hkdf_gcm, .sha1 = true},
        {.suite = &suite_rsa_cbc, .sha1 = true},
        {.suite = &suite_hkdf_gcm, .peer = VIEW_OF(fingerprint)},
        {.suite = &suite_rsa_cbc, .peer = view_of(fingerprint, LAB_FINGERPRINT - 1)},
        {.suite = &suite_modp_gcm, .identity = VIEW_LIT("key")},
        {.suite = &suite_x25519_cbc, .psk = &shorter},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(lab_new(p.crypto, &wrong[i], seed, &none), SOTTO_E_USAGE);
    struct lab_config config = {.suite = &suite_rsa_cbc, .identity = VIEW_LIT("no key")};
    assert_int_equal(lab_new(p.crypto, &config, seed, &none), SOTTO_E_KEY);
    assert_null(none);
}

/* Printed as JSON as they are. */
static void assert_plain(const char *text)
{
    assert_non_null(text);
    assert_null(strpbrk(text, "\"\\\n\t"));
}

/* Counts the steps that were told, and keeps nothing else. */
static void count_steps(void *data, const struct lab_record *record)
{
    unsigned *counts = data;
    counts[record->step]++;
    assert_plain(record->what);
    assert_plain(record->why);
    assert_plain(record->relay);
    assert_plain(record->values[0].name);
}

static void explain_suite(const struct lab_suite *suite)
{
    DEFER(pair_clear) struct pair p = {0};
    unsigned counts[LAB_STEPS] = {0};
    pair_start(&p, suite, (struct lab_config){.explain = count_steps, .explain_data = counts});
    pair_establish(&p);
    say(&p, LAB_DIALER, VIEW_LIT("hello"));
    for (size_t step = 0; step < LAB_STEPS; step++)
        assert_true(counts[step] > 0);
}

static void every_step_of_every_suite_is_explained(void **state)
{
    (void)state;
    with_each_suite(explain_suite);
}

static void the_headings_are_these(void **state)
{
    (void)state;
    const char *const names[] = {"key generation", "key exchange", "shared secret",
                                 "key derivation", "encryption",   "transmission",
                                 "decryption",     "result"};
    for (size_t step = 0; step < LAB_STEPS; step++)
        assert_string_equal(lab_step_name((enum lab_step)step), names[step]);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    const struct lab_suite *const suites[] = {&suite_x25519_cbc, &suite_elgamal_cfb,
                                              &suite_modp_gcm, &suite_hkdf_gcm};
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        DEFER(pair_clear) struct pair a = {0};
        DEFER(pair_clear) struct pair b = {0};
        struct lab_event event;
        pair_start(&a, suites[i], (struct lab_config){0});
        pair_start(&b, suites[i], (struct lab_config){0});
        for (unsigned step = 0; step < 4; step++) {
            test_equal(buf_view(&a.wire), buf_view(&b.wire));
            assert_ok(deliver(&a, step % 2 == 0 ? LAB_LISTENER : LAB_DIALER, &event));
            assert_ok(deliver(&b, step % 2 == 0 ? LAB_LISTENER : LAB_DIALER, &event));
        }
        assert_ok(lab_say(a.side[LAB_DIALER], VIEW_LIT("hello"), &a.wire));
        assert_ok(lab_say(b.side[LAB_DIALER], VIEW_LIT("hello"), &b.wire));
        test_equal(buf_view(&a.wire), buf_view(&b.wire));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_sides_talk_under_each_suite),
        cmocka_unit_test(two_sides_talk_with_a_shared_key_instead_of_the_exchange),
        cmocka_unit_test(sha1_under_the_signatures_works_if_both_want_it),
        cmocka_unit_test(sha1_on_one_side_alone_is_refused),
        cmocka_unit_test(another_suite_is_refused),
        cmocka_unit_test(different_shared_keys_end_the_handshake),
        cmocka_unit_test(a_shared_key_on_one_side_alone_is_refused),
        cmocka_unit_test(the_other_sides_key_can_be_known_beforehand),
        cmocka_unit_test(handshakes_that_are_cut_or_have_a_spare_byte_are_refused),
        cmocka_unit_test(a_changed_message_is_refused_and_the_run_goes_on),
        cmocka_unit_test(our_own_messages_sent_back_are_refused),
        cmocka_unit_test(messages_at_the_wrong_moment_are_refused),
        cmocka_unit_test(settings_that_a_suite_does_not_have_are_refused),
        cmocka_unit_test(every_step_of_every_suite_is_explained),
        cmocka_unit_test(the_headings_are_these),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
    };
    return cmocka_run_group_tests_name("lab/lab", tests, NULL, NULL);
}
