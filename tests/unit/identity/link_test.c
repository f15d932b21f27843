#include "form.h"

/* 0x12, 16 times 22, 16 times 33, 15 times 44, by another program. */
#define CONTACT "EiIiIiIiIiIiIiIiIiIiIiIzMzMzMzMzMzMzMzMzMzMzRERERERERERERERERERE"
#define GROUP   "EyIiIiIiIiIiIiIiIiIiIiIzMzMzMzMzMzMzMzMzMzMzRERERERERERERERERERE"
/* 0x11 and no inviter; 0x12 likewise. */
#define SERVER "ESIiIiIiIiIiIiIiIiIiIiIAAAAAAAAAAAAAAAAAAAAARERERERERERERERERERE"
#define NOBODY "EiIiIiIiIiIiIiIiIiIiIiIAAAAAAAAAAAAAAAAAAAAARERERERERERERERERERE"

static sotto_err read_text(const char *text, struct link_invite *ret_link)
{
    size_t len = strlen(text);
    char *exact = malloc(len > 0 ? len : 1); /* without a NUL, for the sanitizers */
    assert_non_null(exact);
    memcpy(exact, text, len);
    sotto_err err = link_read(view_of(exact, len), ret_link);
    free(exact);
    return err;
}

static void reads_as(const char *text, const char *again)
{
    struct link_invite link = {0};
    char written[LINK_TEXT_MAX];
    assert_ok(read_text(text, &link));
    assert_ok(link_write(&link, written));
    assert_string_equal(written, again);
    link_invite_clear(&link);
}

static void refused(const char *text, sotto_err wanted)
{
    struct link_invite link = {.port = 7};
    assert_int_equal(read_text(text, &link), wanted);
    assert_int_equal(link.port, 7);
}

static void a_link_says_who_invites_where_and_to_what(void **state)
{
    (void)state;
    struct link_invite link = {0};
    assert_ok(read_text("https://chat.example.org/i#" CONTACT, &link));
    assert_int_equal(link.kind, LINK_CONTACT);
    assert_bytes(secret_view(&link.secret), X16("22"));
    assert_bytes(VIEW_OF(link.inviter), X16("33"));
    assert_bytes(VIEW_OF(link.pin), X8("44") "44444444444444");
    assert_string_equal(link.host, "chat.example.org");
    assert_int_equal(link.port, 5000);
    link_invite_clear(&link);
    assert_int_equal(link.secret.len, 0);
}

static void links_are_written_as_they_were_read(void **state)
{
    (void)state;
    const char *links[] = {
        "https://chat.example.org/i#" CONTACT,
        "https://chat.example.org/i#" GROUP,
        "https://chat.example.org/i#" SERVER,
        "https://chat.example.org:443/i#" SERVER,
        "https://localhost:65535/i#" SERVER,
        "https://192.0.2.1:1/i#" SERVER,
        "https://[::1]/i#" SERVER,
        "https://[2001:db8::5]:5001/i#" SERVER,
    };
    for (size_t i = 0; i < COUNT_OF(links); i++)
        reads_as(links[i], links[i]);
}

static void what_people_paste_is_read(void **state)
{
    (void)state;
    reads_as(" \t\r\nhttps://a.example/i#" SERVER "\r\n ", "https://a.example/i#" SERVER);
    reads_as("HTTPS://A.Example:5000/I#" SERVER, "https://a.example/i#" SERVER);
    reads_as("https://[::FFFF:192.0.2.1]/i#" SERVER, "https://[::ffff:192.0.2.1]/i#" SERVER);
}

static void what_is_no_link_is_refused(void **state)
{
    (void)state;
    const char *texts[] = {
        "",
        " ",
        "https://",
        "https:///i#" SERVER,
        "http://a.example/i#" SERVER,
        "a.example/i#" SERVER,
        "https://a.example/#" SERVER,
        "https://a.example/i" SERVER,
        "https://a.example/j#" SERVER,
        "https://a.example",
        "https://a.example/i#",
        "https://a.example/i#" SERVER "=",
        "https://a.example/i#" SERVER "A",
        "https://a.example/i#" SERVER "AAAA",
        "https://a.example/i#" SERVER " x",
        "https://a.example/i#ESIi",
        "https://user@a.example/i#" SERVER,
        "https://a b/i#" SERVER,
        "https://-a/i#" SERVER,
        "https://a_b/i#" SERVER,
        "https://$(id)/i#" SERVER,
        "https://a\x1b[2Jb/i#" SERVER,
        "https://::1/i#" SERVER,
        "https://[a.example]/i#" SERVER,
        "https://[::1/i#" SERVER,
        "https://[::1]x/i#" SERVER,
        "https://[::g]/i#" SERVER,
        "https://[]/i#" SERVER,
        "https://[[::1]]/i#" SERVER,
        "https://a.example:/i#" SERVER,
        "https://a.example:0/i#" SERVER,
        "https://a.example:080/i#" SERVER,
        "https://a.example:65536/i#" SERVER,
        "https://a.example:100000/i#" SERVER,
        "https://a.example:4294967297/i#" SERVER,
        "https://a.example:-1/i#" SERVER,
        "https://a.example:5000",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        refused(texts[i], SOTTO_E_VALUE);
}

static void a_host_has_at_most_253_characters(void **state)
{
    (void)state;
    char host[256], text[LINK_TEXT_MAX];
    memset(host, 'a', sizeof host);
    host[253] = '\0';
    snprintf(text, sizeof text, "https://%s:65535/i#" SERVER, host);
    reads_as(text, text);
    host[253] = 'a';
    host[254] = '\0';
    snprintf(text, sizeof text, "https://%s/i#" SERVER, host);
    refused(text, SOTTO_E_VALUE);
}

static void a_text_without_end_is_refused(void **state)
{
    (void)state;
    char text[2 * LINK_TEXT_MAX];
    memset(text, 'A', sizeof text - 1);
    memcpy(text, "https://a.example/i#", 20);
    text[sizeof text - 1] = '\0';
    refused(text, SOTTO_E_VALUE);
    memset(text, ' ', sizeof text - 1);
    refused(text, SOTTO_E_VALUE);
}

static void a_link_from_the_future_is_called_that(void **state)
{
    (void)state;
    refused("https://a.example/i#I"
            "iIiIiIiIiIiIiIiIiIiIiIzMzMzMzMzMzMzMzMzMzMzRERERERERERERERERERE",
            SOTTO_E_VERSION);
    refused("https://a.example/i#FCIiIiIiIiIiIiIiIiIiIiIzMzMzMzMzMzMzMzMzMzMzRERERERERERERERERERE",
            SOTTO_E_VERSION);
    refused("https://a.example/i#IiIi", SOTTO_E_VERSION); /* shorter, too */
    /* Kind 0, version 0: never were. */
    refused("https://a.example/i#ECIiIiIiIiIiIiIiIiIiIiIzMzMzMzMzMzMzMzMzMzMzRERERERERERERERERERE",
            SOTTO_E_VALUE);
    refused("https://a.example/i#ASIiIiIiIiIiIiIiIiIiIiIzMzMzMzMzMzMzMzMzMzMzRERERERERERERERERERE",
            SOTTO_E_VALUE);
}

static void an_invite_to_a_person_has_somebody_who_invites(void **state)
{
    (void)state;
    refused("https://a.example/i#" NOBODY, SOTTO_E_VALUE);
}

static void what_could_not_be_read_is_not_written(void **state)
{
    (void)state;
    struct link_invite right = {0}, link;
    char text[LINK_TEXT_MAX] = "as it was";
    assert_ok(read_text("https://a.example/i#" CONTACT, &right));
    link = right;
    link.kind = 0;
    assert_err(link_write(&link, text), VALUE);
    link.kind = 4;
    assert_err(link_write(&link, text), VALUE);
    link = right;
    link.secret.len = 15;
    assert_err(link_write(&link, text), VALUE);
    link = right;
    link.port = 0;
    assert_err(link_write(&link, text), VALUE);
    link = right;
    memset(link.inviter, 0, sizeof link.inviter);
    assert_err(link_write(&link, text), VALUE);
    link = right;
    memset(link.host, 'a', sizeof link.host); /* no NUL */
    assert_err(link_write(&link, text), VALUE);
    const char *hosts[] = {"", "A", "a/b", "-a", "[::1]", "a b", "::x"};
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        snprintf(link.host, sizeof link.host, "%s", hosts[i]);
        assert_err(link_write(&link, text), VALUE);
    }
    assert_string_equal(text, "as it was");
}

/* ---- token, key, proof: the values by another program ---- */

static void what_the_server_sees_and_what_it_does_not(void **state)
{
    sotto_crypto *c = *state;
    struct secret secret = secret_unhex(X16("22")), token = {0}, key = {0};
    assert_ok(link_redeem_token(c, &secret, &token));
    assert_bytes(secret_view(&token),
                 "6e015cdfde2c56992e1f71215aa35dfa347dee068a2e242257ecc2a4567cb568");
    assert_ok(link_proof_key(c, &secret, &key));
    assert_bytes(secret_view(&key),
                 "cd66700a75c642bd9d1571d5dbed0ccfa35ed98826446784edfe0b5a2e030908");
    secret.len = 15;
    assert_err(link_redeem_token(c, &secret, &token), USAGE);
    assert_err(link_proof_key(c, &secret, &key), USAGE);
    assert_int_equal(token.len, LINK_TOKEN);
}

static void the_joiner_proves_that_it_has_the_link(void **state)
{
    sotto_crypto *c = *state;
    struct secret secret = secret_unhex(X16("22")), key = {0}, short_key = {.len = 16};
    uint8_t joiner[ACCOUNT_ID], inviter[ACCOUNT_ID], proof[LINK_PROOF];
    memset(joiner, 0xaa, sizeof joiner);
    memset(inviter, 0xbb, sizeof inviter);
    assert_ok(link_proof_key(c, &secret, &key));
    assert_ok(link_prove(c, &key, joiner, inviter, proof));
    assert_bytes(VIEW_OF(proof),
                 "022527448edb344226ceaaf6803ff136d3f4fcedf4552b462554ff8d8a7b61e2");
    assert_ok(link_check_proof(c, &key, joiner, inviter, VIEW_OF(proof)));
    assert_err(link_check_proof(c, &key, inviter, joiner, VIEW_OF(proof)), MAC);
    assert_err(link_check_proof(c, &key, joiner, inviter, view_of(proof, 31)), MAC);
    assert_err(link_check_proof(c, &key, joiner, inviter, (view){0}), MAC);
    for (size_t i = 0; i < sizeof proof; i++) {
        proof[i] ^= 0x80;
        assert_err(link_check_proof(c, &key, joiner, inviter, VIEW_OF(proof)), MAC);
        proof[i] ^= 0x80;
    }
    key.data[0] ^= 1;
    assert_err(link_check_proof(c, &key, joiner, inviter, VIEW_OF(proof)), MAC);
    assert_err(link_prove(c, &short_key, joiner, inviter, proof), USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_says_who_invites_where_and_to_what),
        cmocka_unit_test(links_are_written_as_they_were_read),
        cmocka_unit_test(what_people_paste_is_read),
        cmocka_unit_test(what_is_no_link_is_refused),
        cmocka_unit_test(a_host_has_at_most_253_characters),
        cmocka_unit_test(a_text_without_end_is_refused),
        cmocka_unit_test(a_link_from_the_future_is_called_that),
        cmocka_unit_test(an_invite_to_a_person_has_somebody_who_invites),
        cmocka_unit_test(what_could_not_be_read_is_not_written),
        cmocka_unit_test(what_the_server_sees_and_what_it_does_not),
        cmocka_unit_test(the_joiner_proves_that_it_has_the_link),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
