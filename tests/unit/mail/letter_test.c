#include "unit.h"

#include "mail/letter.h"

/* 15 bytes whose pieces of 10 bits are 0, 1, 2, … 11: the first twelve words of the list. */
static const uint8_t pin[X509_PIN] = {0x00, 0x00, 0x10, 0x08, 0x03, 0x01, 0x00, 0x50,
                                      0x18, 0x07, 0x02, 0x00, 0x90, 0x28, 0x0b};
#define PIN_WORDS "aardvark abbey ability able about abroad absence academy account acid acquire"

static struct letter letter_of(const char *to, const char *name)
{
    return (struct letter){
        .number = 7,
        .from = VIEW_LIT("sotto@example.org"),
        .to = view_str(to),
        .host = VIEW_LIT("chat.example.org"),
        .port = 5000,
        .pin = pin,
        .password = VIEW_LIT("ABCDEFGH23"),
        .name = view_str(name),
        .now_s = 1795273200,   /* 2026-11-21 15:00:00 */
        .until_s = 1795274100, /* 2026-11-21 15:15:00 */
    };
}

static sotto_err template_of(const char *text, struct letter_template *ret)
{
    struct failure failure = {0};
    sotto_err err = letter_template_read(view_str(text), ret, &failure);
    assert_int_equal(err == SOTTO_E_CONFIG, failure.what[0] != 0);
    return err;
}

/* NULL: it could not be written; else to be freed. */
static char *written(const char *template, const struct letter *letter)
{
    DEFER(letter_template_clear) struct letter_template t = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(template_of(template, &t));
    sotto_err err = letter_write(&t, letter, &out);
    if (err != SOTTO_OK) {
        assert_int_equal(out.len, 0);
        return NULL;
    }
    assert_ok(buf_append(&out, view_of("", 1)));
    char *text = strdup((const char *)out.data);
    assert_non_null(text);
    return text;
}

static void a_mail_has_what_rfc_5322_asks_for(void **state)
{
    (void)state;
    const struct letter letter = letter_of("alice@mail.example", "alice@chat.example.org");
    char *text = written("Subject: Hello from @HOST@\n"
                         "\n"
                         "@PASSWORD@ @PORT@ @NAME@ @UNTIL@\n"
                         "@PIN@\n",
                         &letter);
    assert_string_equal(
        text, "Date: Sat, 21 Nov 2026 15:00:00 +0000\r\n"
              "Message-ID: <mail.7@chat.example.org>\r\n"
              "From: \"Sotto at chat.example.org\" <sotto@example.org>\r\n"
              "To: <alice@mail.example>\r\n"
              "Subject: Hello from chat.example.org\r\n"
              "Auto-Submitted: auto-generated\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: quoted-printable\r\n"
              "\r\n"
              "ABCDEFGH23 5000 alice@chat.example.org 2026-11-21 15:15 UTC\r\n"
              "aardvark abbey ability able about abroad absence academy account achieve ac=\r\n"
              "id acquire\r\n");
    free(text);
}

static void the_standard_template_says_all_of_it(void **state)
{
    (void)state;
    const struct letter letter = letter_of("alice@mail.example", "");
    char *text = written(letter_template_standard, &letter);
    assert_non_null(strstr(text, "password: ABCDEFGH23\r\n"));
    assert_non_null(strstr(text, "server:   chat.example.org\r\n"));
    assert_non_null(strstr(text, "port:     5000\r\n"));
    assert_non_null(strstr(text, "2026-11-21 15:15 UTC"));
    assert_null(strchr(strstr(text, "\r\n\r\n"), '@'));
    free(text);
}

static void a_line_whose_word_says_nothing_is_left_out(void **state)
{
    (void)state;
    const struct letter letter = letter_of("alice@mail.example", "");
    char *text =
        written("Subject: x\n\nbefore\nname: @NAME@, password: @PASSWORD@\nafter\n", &letter);
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\nbefore\r\nafter\r\n");
    free(text);
}

static void signs_that_stand_for_themselves_stay(void **state)
{
    (void)state;
    const struct letter letter = letter_of("alice@mail.example", "@HOST@");
    char *text = written(
        "Subject: x\r\n\r\n@ @@ me@example.org @PORT@@PORT@ @Port@ @NAME@\r\n@PASSWORD@", &letter);
    assert_string_equal(strstr(text, "\r\n\r\n"),
                        "\r\n\r\n@ @@ me@example.org 50005000 @Port@ @HOST@\r\nABCDEFGH23\r\n");
    free(text);
}

static void nothing_that_is_put_in_begins_a_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a@b\r\nBcc: c@d", "a@b\n", "a b@c", "\"a\"@b", "", "a", "a@b>", "a@b,c@d",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct letter to = letter_of(bad[i], "");
        assert_null(written(letter_template_standard, &to));
        struct letter from = letter_of("a@b", "");
        from.from = view_str(bad[i]);
        assert_null(written(letter_template_standard, &from));
    }
    const struct letter name = letter_of("a@b", "x\r\n.\r\n");
    assert_null(written(letter_template_standard, &name));
    struct letter password = letter_of("a@b", "");
    password.password = VIEW_LIT("x\n");
    assert_null(written(letter_template_standard, &password));
    password.password = (view){0};
    assert_null(written(letter_template_standard, &password));
    struct letter host = letter_of("a@b", "");
    host.host = VIEW_LIT("x\" <y@z>");
    assert_null(written(letter_template_standard, &host));
}

static void a_template_that_makes_no_mail_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "begin with"},
        {"Hello\n\n@PASSWORD@\n", "begin with"},
        {"Subject: \n\n@PASSWORD@\n", "begin with"},
        {"Subject: x\n@PASSWORD@\n", "begin with"},
        {"Subject: x", "no @PASSWORD@"},
        {"Subject: x\n\nHello\n", "no @PASSWORD@"},
        {"Subject: @PASSWORD@\n\nHello\n", "no @PASSWORD@"},
        {"Subject: x\n\n\n@PASWORD@\n", "line 4: nothing stands for @PASWORD@"},
        {"Subject: @LINK@\n\n@PASSWORD@\n", "line 1: nothing stands for @LINK@"},
        {"Subject: x\n\n@PASSWORD@\n\x01\n", "line 4: it holds a control character"},
        {"Subject: x\ty\n\n@PASSWORD@\n", "line 1: it holds a control character"},
        {"Subject: x\n\n@PASSWORD@\xff\n", "line 3: this is not UTF-8"},
        {"Subject: x\rBcc: y@z\n\n@PASSWORD@\n", "line 1: it holds a control character"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct letter_template t = {0};
        struct failure failure = {0};
        assert_err(letter_template_read(view_str(bad[i].text), &t, &failure), CONFIG);
        assert_non_null(strstr(failure.what, bad[i].words));
        if (strstr(bad[i].text, "PASWORD") != NULL)
            assert_string_equal(failure.guess, "PASSWORD");
    }
}

static void a_template_has_its_greatest_size(void **state)
{
    (void)state;
    DEFER(letter_template_clear) struct letter_template t = {0};
    static char text[LETTER_TEMPLATE_MAX + 2];
    memset(text, 'x', sizeof text);
    memcpy(text, "Subject: x\n\n@PASSWORD@\n", 23);
    text[LETTER_TEMPLATE_MAX] = 0;
    assert_ok(template_of(text, &t));
    text[LETTER_TEMPLATE_MAX] = 'x';
    text[LETTER_TEMPLATE_MAX + 1] = 0;
    assert_err(template_of(text, &t), CONFIG);
}

static void the_same_mail_has_the_same_id_each_time(void **state)
{
    (void)state;
    struct letter letter = letter_of("a@b", "");
    char *first = written(letter_template_standard, &letter);
    letter.now_s += 60;
    char *again = written(letter_template_standard, &letter);
    const char *a = strstr(first, "Message-ID"), *b = strstr(again, "Message-ID");
    assert_memory_equal(a, b, strcspn(a, "\r"));
    assert_string_not_equal(first, again);
    free(first);
    free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_has_what_rfc_5322_asks_for),
        cmocka_unit_test(the_standard_template_says_all_of_it),
        cmocka_unit_test(a_line_whose_word_says_nothing_is_left_out),
        cmocka_unit_test(signs_that_stand_for_themselves_stay),
        cmocka_unit_test(nothing_that_is_put_in_begins_a_line),
        cmocka_unit_test(a_template_that_makes_no_mail_is_refused_with_its_line),
        cmocka_unit_test(a_template_has_its_greatest_size),
        cmocka_unit_test(the_same_mail_has_the_same_id_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
