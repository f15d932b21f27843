#include "unit.h"

#include <sodium.h>

#include "base/ct.h"
#include "crypto/cpace.h"

/* draft-irtf-cfrg-cpace-21, "CPace using group ristretto255 and hash SHA-512" */
#define PRS     "50617373776f7264"
#define CI      "6f630b425f726573706f6e6465720b415f696e69746961746f72"
#define SID     "7e4b4791d6a8ef019b936c79fb7f2c57"
#define YA      "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"
#define YB      "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"
#define SHARE_A "d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a"
#define SHARE_B "08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e307"
#define ISK                                                            \
    "4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfaa52d" \
    "8346f30aa58377117eb20d527f2cbc5c76381f7fd372e89df8239f87f2e02ed1"
#define SID_OUTPUT                                                     \
    "2a76d3bbc499dfdc4dcacc9ff042f4e1a54e3843258e100ccd7c60f0a541f9d3" \
    "ebf025e68a460dde218bd39f0711bc6fa11409c9d7b69d8ccf6b32fc51ddb699"

/* A run that the test may change before it starts. */
struct setting {
    enum cpace_role role;
    const char *prs, *scalar;
    view ad;
};

static struct cpace run_start(sotto_crypto *c, struct setting s)
{
    uint8_t seed[CPACE_SEED] = {0}; /* a scalar below the order stays what it is */
    sotto_buf prs = unhex(s.prs), ci = unhex(CI), sid = unhex(SID), scalar = unhex(s.scalar);
    struct cpace run = {0};
    memcpy(seed, scalar.data, scalar.len);
    assert_ok(
        cpace_start(c, s.role, buf_view(&prs), buf_view(&ci), buf_view(&sid), s.ad, seed, &run));
    buf_clear(&prs);
    buf_clear(&ci);
    buf_clear(&sid);
    buf_clear(&scalar);
    return run;
}

static const struct setting initiator = {CPACE_INITIATOR, PRS, YA, {(const uint8_t *)"ADa", 3}};
static const struct setting responder = {CPACE_RESPONDER, PRS, YB, {(const uint8_t *)"ADb", 3}};

static int setup(void **state)
{
    return crypto_new((sotto_crypto **)state) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    crypto_free(*state);
    return 0;
}

static void both_sides_match_the_published_run(void **state)
{
    struct cpace a = run_start(*state, initiator), b = run_start(*state, responder);
    assert_bytes(VIEW_OF(a.share), SHARE_A);
    assert_bytes(VIEW_OF(b.share), SHARE_B);
    assert_ok(cpace_finish(*state, &a, VIEW_OF(b.share), responder.ad));
    assert_ok(cpace_finish(*state, &b, VIEW_OF(a.share), initiator.ad));
    assert_bytes(secret_view(&a.isk), ISK);
    assert_bytes(secret_view(&b.isk), ISK);
    assert_bytes(VIEW_OF(a.sid_output), SID_OUTPUT);
    assert_bytes(VIEW_OF(b.sid_output), SID_OUTPUT);
    cpace_clear(&a);
    cpace_clear(&b);
}

/* mac_key = SHA-512("CPaceMac" || sid || ISK), tag = HMAC(mac_key, lv(Y) || lv(AD)), computed here by libsodium */
static void tags_are_over_what_their_sender_sent(void **state)
{
    struct cpace a = run_start(*state, initiator), b = run_start(*state, responder);
    sotto_buf sid = unhex(SID), isk = unhex(ISK);
    uint8_t mac_key[64], tag[64];
    crypto_hash_sha512_state h;
    crypto_hash_sha512_init(&h);
    crypto_hash_sha512_update(&h, (const uint8_t *)"CPaceMac", 8);
    crypto_hash_sha512_update(&h, sid.data, sid.len);
    crypto_hash_sha512_update(&h, isk.data, isk.len);
    crypto_hash_sha512_final(&h, mac_key);
    crypto_auth_hmacsha512_state m;
    crypto_auth_hmacsha512_init(&m, mac_key, sizeof mac_key);
    crypto_auth_hmacsha512_update(&m, (const uint8_t *)"\x20", 1);
    crypto_auth_hmacsha512_update(&m, a.share, CPACE_SHARE);
    crypto_auth_hmacsha512_update(&m,
                                  (const uint8_t *)"\x03"
                                                   "ADa",
                                  4);
    crypto_auth_hmacsha512_final(&m, tag);

    assert_ok(cpace_finish(*state, &a, VIEW_OF(b.share), responder.ad));
    assert_ok(cpace_finish(*state, &b, VIEW_OF(a.share), initiator.ad));
    assert_memory_equal(a.tag, tag, sizeof tag);
    assert_memory_equal(b.peer_tag, tag, sizeof tag);
    assert_memory_not_equal(a.tag, b.tag, sizeof tag);
    assert_ok(cpace_confirm(&a, VIEW_OF(b.tag)));
    assert_ok(cpace_confirm(&b, VIEW_OF(a.tag)));
    buf_clear(&sid);
    buf_clear(&isk);
    cpace_clear(&a);
    cpace_clear(&b);
}

static void another_password_fails_at_the_confirmation_and_ends_the_run(void **state)
{
    struct setting typo = responder;
    typo.prs = "50617373776f7265";
    struct cpace a = run_start(*state, initiator), b = run_start(*state, typo);
    assert_ok(cpace_finish(*state, &a, VIEW_OF(b.share), responder.ad));
    assert_ok(cpace_finish(*state, &b, VIEW_OF(a.share), initiator.ad));
    assert_err(cpace_confirm(&a, VIEW_OF(b.tag)), CODE);
    assert_int_equal(a.isk.len, 0);
    assert_true(ct_is_zero(a.mac_key.data, sizeof a.mac_key.data));
    assert_err(cpace_confirm(&a, VIEW_OF(b.tag)), NOT_NOW);
    cpace_clear(&a);
    cpace_clear(&b);
}

static void a_tag_of_another_length_or_with_one_bit_changed_is_refused(void **state)
{
    for (size_t i = 0; i < CPACE_TAG + 2; i++) {
        struct cpace a = run_start(*state, initiator), b = run_start(*state, responder);
        assert_ok(cpace_finish(*state, &a, VIEW_OF(b.share), responder.ad));
        uint8_t tag[CPACE_TAG + 1] = {0};
        memcpy(tag, a.peer_tag, CPACE_TAG);
        if (i < CPACE_TAG)
            tag[i] ^= 0x80;
        size_t len = i < CPACE_TAG ? CPACE_TAG : i == CPACE_TAG ? CPACE_TAG - 1 : CPACE_TAG + 1;
        assert_err(cpace_confirm(&a, view_of(tag, len)), CODE);
        cpace_clear(&a);
        cpace_clear(&b);
    }
}

static void our_own_share_or_associated_data_coming_back_is_refused(void **state)
{
    struct cpace a = run_start(*state, initiator), b = run_start(*state, responder);
    uint8_t own[CPACE_SHARE];
    memcpy(own, a.share, sizeof own);
    assert_err(cpace_finish(*state, &a, VIEW_OF(own), responder.ad), REFLECTED);
    assert_err(cpace_finish(*state, &b, VIEW_OF(own), responder.ad), REFLECTED);
    assert_int_equal(a.isk.len, 0);
    assert_int_equal(a.scalar.len, 0);
    cpace_clear(&a);
    cpace_clear(&b);
}

static void an_element_written_with_the_top_bit_set_is_refused(void **state)
{
    struct cpace a = run_start(*state, initiator), b = run_start(*state, responder);
    a.share[CPACE_SHARE - 1] ^= 0x80;
    assert_err(cpace_finish(*state, &b, VIEW_OF(a.share), initiator.ad), KEY);
    cpace_clear(&a);
    cpace_clear(&b);
}

static void a_share_that_is_no_element_or_the_neutral_one_is_refused(void **state)
{
    static const char *const shares[] = {
        "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c", /* the draft's Y1 */
        "0000000000000000000000000000000000000000000000000000000000000000", /* Y2: neutral */
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "",
        "08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e3",
        SHARE_B "00",
    };
    for (size_t i = 0; i < COUNT_OF(shares); i++) {
        struct cpace a = run_start(*state, initiator);
        sotto_buf share = unhex(shares[i]);
        assert_err(cpace_finish(*state, &a, buf_view(&share), responder.ad), KEY);
        assert_err(cpace_finish(*state, &a, buf_view(&share), responder.ad), NOT_NOW);
        assert_int_equal(a.isk.len, 0);
        buf_clear(&share);
        cpace_clear(&a);
    }
}

static void a_seed_is_reduced_to_a_scalar(void **state)
{
    uint8_t seed[CPACE_SEED], scalar[32], share[32];
    memset(seed, 0xa5, sizeof seed);
    struct cpace run = {0};
    assert_ok(cpace_start(*state, CPACE_INITIATOR, VIEW_LIT("x"), VIEW_LIT("y"), VIEW_LIT("z"),
                          VIEW_LIT("ad"), seed, &run));
    crypto_core_ristretto255_scalar_reduce(scalar, seed);
    assert_memory_equal(run.scalar.data, scalar, sizeof scalar);
    memset(seed, 0, sizeof seed);
    struct cpace none = {0};
    assert_err(cpace_start(*state, CPACE_INITIATOR, VIEW_LIT("x"), VIEW_LIT("y"), VIEW_LIT("z"),
                           VIEW_LIT("ad"), seed, &none),
               USAGE);
    memset(share, 0, sizeof share);
    assert_memory_equal(none.share, share, sizeof share);
    cpace_clear(&run);
}

/* Lengths over 127 take two bytes in LEB128; a long password needs no zeros. Both sides must still meet, and one byte of
 * difference anywhere must part them. */
static void long_inputs_meet_and_any_difference_parts(void **state)
{
    uint8_t prs[300], seed_a[CPACE_SEED], seed_b[CPACE_SEED];
    memset(prs, 'p', sizeof prs);
    memset(seed_a, 1, sizeof seed_a);
    memset(seed_b, 2, sizeof seed_b);
    for (int differ = 0; differ < 4; differ++) {
        struct cpace a = {0}, b = {0};
        assert_ok(cpace_start(*state, CPACE_INITIATOR, VIEW_OF(prs), view_of(prs, 200),
                              view_of(prs, 130), view_of(prs, 128), seed_a, &a));
        prs[0] = differ == 1 ? 'q' : 'p';
        assert_ok(cpace_start(*state, CPACE_RESPONDER, VIEW_OF(prs),
                              differ == 2 ? view_of(prs, 199) : view_of(prs, 200),
                              differ == 3 ? view_of(prs, 129) : view_of(prs, 130),
                              view_of(prs, 127), seed_b, &b));
        prs[0] = 'p';
        assert_ok(cpace_finish(*state, &a, VIEW_OF(b.share), buf_view(&b.ad)));
        assert_ok(cpace_finish(*state, &b, VIEW_OF(a.share), buf_view(&a.ad)));
        sotto_err want = differ == 0 ? SOTTO_OK : SOTTO_E_CODE;
        assert_int_equal(cpace_confirm(&a, VIEW_OF(b.tag)), want);
        assert_int_equal(cpace_confirm(&b, VIEW_OF(a.tag)), want);
        cpace_clear(&a);
        cpace_clear(&b);
    }
}

static void two_initiators_do_not_agree(void **state)
{
    struct setting other = responder;
    other.role = CPACE_INITIATOR;
    struct cpace a = run_start(*state, initiator), b = run_start(*state, other);
    assert_ok(cpace_finish(*state, &a, VIEW_OF(b.share), responder.ad));
    assert_ok(cpace_finish(*state, &b, VIEW_OF(a.share), initiator.ad));
    assert_err(cpace_confirm(&a, VIEW_OF(b.tag)), CODE);
    cpace_clear(&a);
    cpace_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_match_the_published_run),
        cmocka_unit_test(tags_are_over_what_their_sender_sent),
        cmocka_unit_test(another_password_fails_at_the_confirmation_and_ends_the_run),
        cmocka_unit_test(a_tag_of_another_length_or_with_one_bit_changed_is_refused),
        cmocka_unit_test(our_own_share_or_associated_data_coming_back_is_refused),
        cmocka_unit_test(an_element_written_with_the_top_bit_set_is_refused),
        cmocka_unit_test(a_share_that_is_no_element_or_the_neutral_one_is_refused),
        cmocka_unit_test(a_seed_is_reduced_to_a_scalar),
        cmocka_unit_test(long_inputs_meet_and_any_difference_parts),
        cmocka_unit_test(two_initiators_do_not_agree),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
