#include "mls/framing.h"

#include "unit.h"

static void padding_is_zero_to_its_last_byte(void **state)
{
    (void)state;
    struct framed_content content = {0};
    struct framed_content_auth_data auth;
    uint8_t bytes[] = {2, 'h', 'i', 1, 0x99, 0, 0, 0, 0};
    struct rd r = rd_of(VIEW_OF(bytes));
    private_message_content_read(&r, CONTENT_APPLICATION, &content, &auth);
    assert_ok(rd_end(&r));
    assert_true(view_equal(content.application_data, VIEW_LIT("hi")));
    for (size_t i = 5; i < sizeof bytes; i++) {
        bytes[i] = 1;
        r = rd_of(VIEW_OF(bytes));
        private_message_content_read(&r, CONTENT_APPLICATION, &content, &auth);
        assert_err(rd_end(&r), VALUE);
        bytes[i] = 0;
    }
}

static void padding_is_as_long_as_was_asked(void **state)
{
    (void)state;
    const struct framed_content content = {.content_type = CONTENT_APPLICATION,
                                           .application_data = VIEW_LIT("hi")};
    const struct framed_content_auth_data auth = {.signature = VIEW_LIT("s")};
    for (size_t padding = 0; padding < 1000; padding += 83) {
        sotto_buf out = {0};
        struct wr w = wr_to(&out);
        private_message_content_write(&w, &content, &auth, padding);
        assert_ok(wr_end(&w));
        assert_int_equal(out.len, 5 + padding);
        buf_clear(&out);
    }
}

static void aads_are_the_front_of_the_private_message(void **state)
{
    (void)state;
    sotto_buf bytes = unhex("03676964 0000000000000007 01 02aaaa 01ee 01cc"), aad = {0};
    struct private_message message;
    struct rd r = rd_of(buf_view(&bytes));
    private_message_read(&r, &message);
    assert_ok(rd_end(&r));
    assert_bytes(message.encoded_sender_data_aad, "03676964 0000000000000007 01");
    assert_bytes(message.encoded_content_aad, "03676964 0000000000000007 01 02aaaa");
    struct wr w = wr_to(&aad);
    private_content_aad_write(&w, &message);
    assert_ok(wr_end(&w));
    assert_true(view_equal(buf_view(&aad), message.encoded_content_aad));
    buf_clear(&bytes);
    buf_clear(&aad);
}

/* The signature covers version and wire format, and the context where the sender knows the group (RFC 9420 6.1). */
static void tbs_has_the_context_for_members_and_new_members_that_commit(void **state)
{
    (void)state;
    static const struct {
        enum sender_type type;
        const char *hex;
        bool context;
    } senders[] = {
        {SENDER_MEMBER, "01 00000000", true},
        {SENDER_EXTERNAL, "02 00000000", false},
        {SENDER_NEW_MEMBER_PROPOSAL, "03", false},
        {SENDER_NEW_MEMBER_COMMIT, "04", true},
    };
    for (size_t i = 0; i < COUNT_OF(senders); i++) {
        const struct framed_content content = {.sender = {.sender_type = senders[i].type},
                                               .content_type = CONTENT_APPLICATION};
        sotto_buf out = {0};
        char want[100];
        snprintf(want, sizeof want, "0001 0002 00 0000000000000000 %s 00 01 00%s", senders[i].hex,
                 senders[i].context ? "637478" : "");
        struct wr w = wr_to(&out);
        framed_content_write_tbs(&w, WIRE_PRIVATE_MESSAGE, &content, VIEW_LIT("ctx"));
        assert_ok(wr_end(&w));
        assert_bytes(buf_view(&out), want);
        buf_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_is_zero_to_its_last_byte),
        cmocka_unit_test(padding_is_as_long_as_was_asked),
        cmocka_unit_test(aads_are_the_front_of_the_private_message),
        cmocka_unit_test(tbs_has_the_context_for_members_and_new_members_that_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
