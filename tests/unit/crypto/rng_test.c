#include "unit.h"

#include "crypto/rng.h"

/* RFC 8439 A.1: the key stream of the all-zero key and nonce. Block 0 begins with the next key, block 1 is what is drawn. */
static void the_first_draw_is_block_one_of_chacha20(void **state)
{
    (void)state;
    const uint8_t seed[RNG_SEED] = {0};
    struct rng rng = rng_from(seed);
    uint8_t out[64];
    rng_bytes(&rng, out, sizeof out);
    assert_bytes(VIEW_OF(out), "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
                               "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
    assert_bytes(VIEW_OF(rng.key),
                 "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
    rng_clear(&rng);
    assert_bytes(VIEW_OF(rng.key),
                 "0000000000000000000000000000000000000000000000000000000000000000");
}

static void the_same_seed_gives_the_same_stream(void **state)
{
    (void)state;
    const uint8_t seed[RNG_SEED] = {1, 2, 3};
    struct rng one = rng_from(seed);
    struct rng two = rng_from(seed);
    uint8_t a[100];
    uint8_t b[100];
    for (size_t len = 0; len < sizeof a; len++) {
        rng_bytes(&one, a, len);
        rng_bytes(&two, b, len);
        assert_memory_equal(a, b, len);
    }
}

static void what_was_drawn_does_not_come_again(void **state)
{
    (void)state;
    const uint8_t seed[RNG_SEED] = {0};
    struct rng rng = rng_from(seed);
    uint8_t draws[64][16];
    for (size_t i = 0; i < COUNT_OF(draws); i++) {
        rng_bytes(&rng, draws[i], sizeof draws[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(draws[i], draws[j], sizeof draws[i]);
    }
}

static void numbers_below_a_bound_are_below_it_and_all_come(void **state)
{
    (void)state;
    const uint8_t seed[RNG_SEED] = {5};
    struct rng rng = rng_from(seed);
    for (uint32_t bound = 1; bound <= 20; bound++) {
        unsigned seen[20] = {0};
        for (unsigned i = 0; i < 200 * bound; i++) {
            uint32_t number = rng_below(&rng, bound);
            assert_true(number < bound);
            seen[number]++;
        }
        for (uint32_t i = 0; i < bound; i++)
            assert_in_range(seen[i], 100, 4000);
    }
    for (unsigned i = 0; i < 100; i++)
        assert_true(rng_below(&rng, UINT32_MAX) < UINT32_MAX);
    for (unsigned i = 0; i < 100; i++)
        assert_true(rng_below(&rng, 0x80000001U) <= 0x80000000U);
}

static void the_kernel_gives_different_bytes_each_time(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    static uint8_t many[1 << 16];
    random_bytes(many, sizeof many);
    unsigned zeros = 0;
    for (size_t i = 0; i < sizeof many; i++)
        zeros += many[i] == 0;
    assert_in_range(zeros, 100, 500);
    random_bytes(a, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_draw_is_block_one_of_chacha20),
        cmocka_unit_test(the_same_seed_gives_the_same_stream),
        cmocka_unit_test(what_was_drawn_does_not_come_again),
        cmocka_unit_test(numbers_below_a_bound_are_below_it_and_all_come),
        cmocka_unit_test(the_kernel_gives_different_bytes_each_time),
    };
    return cmocka_run_group_tests_name("crypto/rng", tests, NULL, NULL);
}
