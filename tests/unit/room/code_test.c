#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "room/code.h"

static unsigned letters_apart(const char *a, const char *b)
{
    unsigned row[2][16];
    size_t len = strlen(b);
    for (unsigned j = 0; j <= len; j++)
        row[0][j] = j;
    for (unsigned i = 1; i <= strlen(a); i++) {
        unsigned *old = row[(i + 1) % 2], *new = row[i % 2];
        new[0] = i;
        for (unsigned j = 1; j <= len; j++) {
            unsigned least = old[j - 1] + (a[i - 1] != b[j - 1]);
            least = old[j] + 1 < least ? old[j] + 1 : least;
            new[j] = new[j - 1] + 1 < least ? new[j - 1] + 1 : least;
        }
    }
    return row[strlen(a) % 2][len];
}

static void words_are_sorted_lower_case_and_short(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CODE_WORDS; i++) {
        const char *word = code_word(i);
        assert_in_range(strlen(word), 4, CODE_WORD_MAX);
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz"), strlen(word));
        if (i > 0)
            assert_true(strcmp(code_word(i - 1), word) < 0);
    }
}

static void no_two_words_share_their_first_three_letters(void **state)
{
    (void)state;
    for (unsigned i = 1; i < CODE_WORDS; i++) /* sorted: equal ones would be neighbours */
        assert_int_not_equal(strncmp(code_word(i - 1), code_word(i), 3), 0);
}

static void any_two_words_are_two_letters_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CODE_WORDS; i++)
        for (unsigned j = 0; j < i; j++)
            assert_true(letters_apart(code_word(i), code_word(j)) >= 2);
}

static void codes_survive_being_written_and_read(void **state)
{
    (void)state;
    struct rng rng = rng_from((const uint8_t[RNG_SEED]){1});
    for (unsigned round = 0; round < 300; round++) {
        struct room_code code, again;
        struct code_problem problem;
        char text[CODE_TEXT_MAX];
        assert_int_equal(room_code_make(round * 33331 % 9999999 + 1, 2 + round % 3, &rng, &code),
                         SOTTO_OK);
        room_code_write(&code, text);
        assert_int_equal(room_code_read(view_str(text), &again, &problem), SOTTO_OK);
        assert_int_equal(again.slot, code.slot);
        assert_int_equal(again.count, code.count);
        assert_memory_equal(again.words, code.words, code.count * sizeof code.words[0]);
    }
}

static void a_code_may_be_typed_loosely(void **state)
{
    (void)state;
    static const char *const typed[] = {
        "7-aardvark-zucchini", " 7-aardvark-zucchini\n",
        "7 aardvark zucchini", "7-AARDVARK-Zucchini",
        "7-aar-zuc",           "7--aardvark - zucchini",
        "007-aardv-zucch",
    };
    for (size_t i = 0; i < COUNT_OF(typed); i++) {
        struct room_code code;
        struct code_problem problem;
        char text[CODE_TEXT_MAX];
        assert_int_equal(room_code_read(view_str(typed[i]), &code, &problem), SOTTO_OK);
        room_code_write(&code, text);
        assert_string_equal(text, "7-aardvark-zucchini");
        room_code_password(&code, text);
        assert_string_equal(text, "aardvark-zucchini");
    }
}

static void what_is_no_code_is_refused(void **state)
{
    (void)state;
    static const char *const typed[] = {
        "",
        "7",
        "7-",
        "7-aardvark",
        "aardvark-zucchini",
        "0-aardvark-zucchini",
        "7-aardvark-zucchini-", /* last is fine */
        "99999999999-aardvark-zucchini",
        "-7-aardvark-zucchini",
        "7-aa-zucchini",
        "7-aardvarkk-zucchini",
        "7-aar-zuc-aar-zuc-aar",
        "7_aardvark_zucchini",
        "7-aardvark-zucch\xc3\xafni",
    };
    for (size_t i = 0; i < COUNT_OF(typed); i++) {
        struct room_code code = {.slot = 4711};
        struct code_problem problem;
        bool fine = strcmp(typed[i], "7-aardvark-zucchini-") == 0 ||
                    strcmp(typed[i], "-7-aardvark-zucchini") == 0;
        assert_int_equal(room_code_read(view_str(typed[i]), &code, &problem),
                         fine ? SOTTO_OK : SOTTO_E_VALUE);
        if (!fine)
            assert_int_equal(code.slot, 4711);
    }
}

static void a_typo_is_named_with_the_word_that_was_meant(void **state)
{
    (void)state;
    struct room_code code;
    struct code_problem problem;
    assert_int_equal(room_code_read(VIEW_LIT("7-aardvark-zuchini"), &code, &problem),
                     SOTTO_E_VALUE);
    assert_string_equal(problem.word, "zuchini");
    assert_string_equal(problem.nearest, "zucchini");
    assert_int_equal(room_code_read(VIEW_LIT("7-qqqqqq-zucchini"), &code, &problem), SOTTO_E_VALUE);
    assert_string_equal(problem.word, "qqqqqq");
    assert_null(problem.nearest);
}

static void every_single_letter_slip_is_noticed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CODE_WORDS; i++) {
        char word[CODE_WORD_MAX + 1];
        strcpy(word, code_word(i));
        for (size_t at = 0; at < strlen(word); at++) {
            word[at] = word[at] == 'x' ? 'j' : 'x';
            assert_int_equal(code_word_find(view_str(word)), -1);
            strcpy(word, code_word(i));
        }
    }
}

static void a_prefix_gives_the_range_of_its_words(void **state)
{
    (void)state;
    unsigned first, last;
    assert_true(code_word_range(VIEW_LIT("aar"), &first, &last));
    assert_int_equal(first, last);
    assert_true(code_word_range(VIEW_LIT("de"), &first, &last));
    for (unsigned i = 0; i < CODE_WORDS; i++)
        assert_int_equal(strncmp(code_word(i), "de", 2) == 0, i >= first && i <= last);
    assert_true(code_word_range((view){0}, &first, &last));
    assert_int_equal(last - first + 1, CODE_WORDS);
    assert_false(code_word_range(VIEW_LIT("xxx"), &first, &last));
    assert_false(code_word_range(VIEW_LIT("your\0x"), &first, &last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_sorted_lower_case_and_short),
        cmocka_unit_test(no_two_words_share_their_first_three_letters),
        cmocka_unit_test(any_two_words_are_two_letters_apart),
        cmocka_unit_test(codes_survive_being_written_and_read),
        cmocka_unit_test(a_code_may_be_typed_loosely),
        cmocka_unit_test(what_is_no_code_is_refused),
        cmocka_unit_test(a_typo_is_named_with_the_word_that_was_meant),
        cmocka_unit_test(every_single_letter_slip_is_noticed),
        cmocka_unit_test(a_prefix_gives_the_range_of_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
