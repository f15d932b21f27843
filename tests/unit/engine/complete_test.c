#include "unit.h"

#include "engine/complete.h"
#include "engine/emoji.h"
#include "room/code.h"

static void assert_completes(const char *typed, const char *inserted, bool lists)
{
    sotto_buf added = {0};
    unsigned first, last;
    assert_ok(code_complete(view_str(typed), &added, &first, &last));
    assert_true(view_equal(buf_view(&added), view_str(inserted)));
    assert_int_equal(first <= last, lists);
    buf_clear(&added);
}

static void words_are_completed_with_what_must_follow(void **state)
{
    (void)state;
    assert_completes("7", "-", false);
    assert_completes("7-aar", "dvark-", false);
    assert_completes("7-aardvark-zuc", "chini", false);
    assert_completes("7-aardvark-ZUC", "chini", false);
    assert_completes("7 aardvark zuc", "chini", false);
    assert_completes("7-aardvark", "-", false);
    assert_completes("7-aardvark-zucchini", "", false);
}

static void several_words_are_listed_when_nothing_is_certain(void **state)
{
    (void)state;
    assert_completes("7-ab", "", true);
    assert_completes("7-q", "u", false);
    assert_completes("7-", "", false);
}

static void what_begins_no_word_is_left_alone(void **state)
{
    (void)state;
    assert_completes("", "", false);
    assert_completes("seven", "", false);
    assert_completes("7-xyz", "", false);
    assert_completes("7-aardvarkaardvark", "", false);
    assert_completes("7-\xff\xfe", "", false);
    sotto_buf added = {0};
    unsigned first, last;
    assert_ok(code_complete(VIEW_LIT("7-aardvark-your\0\0"), &added, &first, &last));
    assert_int_equal(added.len, 0);
}

static void texts_are_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(text_cut(VIEW_LIT("abcdef"), 4), 4);
    assert_int_equal(text_cut(VIEW_LIT("abc"), 4), 3);
    assert_int_equal(text_cut(VIEW_LIT("abc\xc3\xa4"), 4), 3);
    assert_int_equal(text_cut(VIEW_LIT("ab\xe4\xb8\x96"), 4), 2);
    assert_int_equal(text_cut(VIEW_LIT("a\xf0\x9f\x90\xa2z"), 4), 1);
    assert_int_equal(text_cut(VIEW_LIT("\xf0\x9f\x90\xa2z"), 4), 4);
    assert_int_equal(text_cut(VIEW_LIT("\x80\x80\x80\x80\x80\x80\x80"), 5), 5);
}

static void pictures_and_their_names_are_all_different(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EMOJI_COUNT; i++)
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(emoji_at(i)->picture, emoji_at(j)->picture);
            assert_string_not_equal(emoji_at(i)->name, emoji_at(j)->name);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_completed_with_what_must_follow),
        cmocka_unit_test(several_words_are_listed_when_nothing_is_certain),
        cmocka_unit_test(what_begins_no_word_is_left_alone),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(pictures_and_their_names_are_all_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
