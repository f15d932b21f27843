/* What holds for every structure alike, and the rules that all of them share (RFC 9420 2.1). */
#include "samples.h"
#include "structures.h"
#include "unit.h"

/* Reading these bytes as this structure gives the error, and writes nothing. */
#define assert_refused(structure, hex, error)                                        \
    do {                                                                             \
        sotto_buf in_ = unhex(hex), out_ = {0};                                      \
        assert_err(structure_find(structure)->recode(buf_view(&in_), &out_), error); \
        assert_int_equal(out_.len, 0);                                               \
        buf_clear(&in_);                                                             \
    } while (0)

#define assert_taken(structure, hex)                                         \
    do {                                                                     \
        sotto_buf in_ = unhex(hex), out_ = {0};                              \
        assert_ok(structure_find(structure)->recode(buf_view(&in_), &out_)); \
        assert_true(view_equal(buf_view(&in_), buf_view(&out_)));            \
        buf_clear(&in_);                                                     \
        buf_clear(&out_);                                                    \
    } while (0)

static void every_structure_has_a_sample(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(structures); i++) {
        bool found = false;
        for (size_t j = 0; j < COUNT_OF(samples); j++)
            found = found || strcmp(samples[j].structure, structures[i].name) == 0;
        if (!found)
            fail_msg("%s", structures[i].name);
    }
}

static void what_is_read_is_written_as_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        assert_taken(samples[i].structure, samples[i].hex);
}

/* From an allocation of the exact size, so that the sanitizer sees a read past the end. */
static sotto_err recode_exactly(const struct structure *structure, view bytes)
{
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    sotto_buf out = {0};
    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    sotto_err err = structure->recode(view_of(copy, bytes.len), &out);
    buf_clear(&out);
    free(copy);
    return err;
}

static void a_structure_that_ends_too_early_is_refused_wherever_it_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        const struct structure *structure = structure_find(samples[i].structure);
        sotto_buf bytes = unhex(samples[i].hex);
        for (size_t len = 0; len < bytes.len; len++)
            assert_err(recode_exactly(structure, view_of(bytes.data, len)), TRUNCATED);
        buf_clear(&bytes);
    }
}

static void a_spare_byte_is_refused(void **state)
{
    (void)state;
    const uint8_t spare = 0;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        sotto_buf bytes = unhex(samples[i].hex);
        assert_ok(buf_append(&bytes, view_of(&spare, 1)));
        assert_err(recode_exactly(structure_find(samples[i].structure), buf_view(&bytes)),
                   TRAILING);
        buf_clear(&bytes);
    }
}

/* Whatever a single byte is changed to, what is accepted is still written as it was read. */
static void a_changed_byte_is_refused_or_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        const struct structure *structure = structure_find(samples[i].structure);
        sotto_buf bytes = unhex(samples[i].hex);
        for (size_t at = 0; at < bytes.len; at++) {
            sotto_buf out = {0};
            bytes.data[at] ^= 0x41;
            if (structure->recode(buf_view(&bytes), &out) == SOTTO_OK)
                assert_true(view_equal(buf_view(&bytes), buf_view(&out)));
            bytes.data[at] ^= 0x41;
            buf_clear(&out);
        }
        buf_clear(&bytes);
    }
}

static void lengths_that_are_not_in_their_shortest_form_are_refused(void **state)
{
    (void)state;
    assert_taken("application_id", "01 aa");
    assert_refused("application_id", "4001 aa", VARINT);
    assert_refused("application_id", "80000001 aa", VARINT);
    assert_refused("application_id", "c000000000000001 aa", VARINT);
}

static void presence_is_0_or_1(void **state)
{
    (void)state;
    assert_taken("commit", "00 00");
    assert_refused("commit", "00 02", VALUE);
    assert_taken("node", "00");
    assert_refused("node", "02", VALUE);
    assert_taken("group_secrets", "00 00 00");
    assert_refused("group_secrets", "00 ff 00", VALUE);
}

static void lists_hold_whole_items_only(void **state)
{
    (void)state;
    assert_taken("required_capabilities", "020001 00 00");
    assert_refused("required_capabilities", "03000100 00 00", TRUNCATED);
    assert_refused("capabilities", "00 00 00 00 0100", TRUNCATED);
    assert_refused("external_senders", "03 01aa00", TRUNCATED);
    assert_refused("parent_node", "00 00 03000000", TRUNCATED);
}

static void unknown_values_in_lists_of_types_are_kept(void **state)
{
    (void)state;
    struct capabilities c = {0};
    const uint8_t bytes[] = {0, 4, 0x0a, 0x0a, 0xf0, 0x01, 0, 0, 0};
    struct rd r = rd_of(VIEW_OF(bytes));
    capabilities_read(&r, &c);
    assert_ok(rd_end(&r));
    assert_true(codec_has_u16(c.cipher_suites, 0x0a0a));
    assert_true(codec_has_u16(c.cipher_suites, 0xf001));
    assert_false(codec_has_u16(c.cipher_suites, 0x0af0));
    assert_false(codec_has_u16(c.versions, 0));
}

static void numbers_that_name_nothing_are_refused(void **state)
{
    (void)state;
    assert_refused("credential", "0000 00", VALUE);
    assert_refused("credential", "0003 00", VALUE);
    assert_refused("credential", "0a0a 00", VALUE);
    assert_refused("credential", "f000 00", VALUE);
    assert_refused("sender", "00", VALUE);
    assert_refused("sender", "05", VALUE);
    assert_refused("proposal_or_ref", "00 00", VALUE);
    assert_refused("proposal_or_ref", "03 00", VALUE);
    assert_refused("pre_shared_key_id", "00 00 00", VALUE);
    assert_refused("pre_shared_key_id", "04 00 00", VALUE);
    assert_refused("pre_shared_key_id", "02 00 00 0000000000000000 00", VALUE);
    assert_refused("pre_shared_key_id", "02 04 00 0000000000000000 00", VALUE);
    assert_refused("node", "01 00", VALUE);
    assert_refused("node", "01 03", VALUE);
    assert_refused("app_data_update_proposal", "8000 00", VALUE);
    assert_refused("app_data_update_proposal", "8000 03", VALUE);
    assert_refused("private_message", "00 0000000000000000 00 00 00 00", VALUE);
    assert_refused("private_message", "00 0000000000000000 04 00 00 00", VALUE);
    assert_refused("framed_content", "00 0000000000000000 03 00 04", VALUE);
}

/* A proposal has no length of its own, so not even GREASE and private types can be passed over (RFC 9420 13.5). */
static void proposals_of_an_unknown_type_are_refused(void **state)
{
    (void)state;
    assert_refused("proposal", "0000", KIND);
    assert_refused("proposal", "000b 00", KIND);
    assert_refused("proposal", "0a0a 00", KIND);
    assert_refused("proposal", "f001 00", KIND);
    assert_taken("proposal", "000a");
}

static void messages_of_another_version_or_an_unknown_format_are_refused(void **state)
{
    (void)state;
    assert_refused("mls_message", "0000 0003 0001 00 00", VERSION);
    assert_refused("mls_message", "0002 0003 0001 00 00", VERSION);
    assert_taken("mls_message", "0001 0003 0001 00 00");
    assert_refused("mls_message", "0001 0000", KIND);
    assert_refused("mls_message", "0001 0006", KIND);
    assert_refused("mls_message", "0001 f000", KIND);
    assert_refused("group_context", "0002 0001 00 0000000000000000 00 00 00", VERSION);
    assert_refused("authenticated_content", "0003 00 0000000000000000 03 00 01 00 00", KIND);
}

static void a_key_package_of_another_version_does_not_travel_in_this_one(void **state)
{
    (void)state;
    sotto_buf bytes = {0}, out = {0};
    for (size_t i = 0; bytes.len == 0 && i < COUNT_OF(samples); i++)
        if (strncmp(samples[i].hex, "00010005", 8) == 0)
            bytes = unhex(samples[i].hex);
    assert_int_not_equal(bytes.len, 0);
    bytes.data[5] = 2;
    assert_err(structure_find("mls_message")->recode(buf_view(&bytes), &out), VERSION);
    assert_ok(structure_find("key_package")->recode(view_of(bytes.data + 4, bytes.len - 4), &out));
    buf_clear(&bytes);
    buf_clear(&out);
}

static void a_certificate_chain_has_certificates(void **state)
{
    (void)state;
    assert_taken("credential", "0002 03 02 3000");
    assert_refused("credential", "0002 00", VALUE);
    assert_refused("credential", "0002 01 00", VALUE);
}

/* Over its limit a field is refused before its bytes are looked for. */
static void fields_over_their_limit_are_refused(void **state)
{
    (void)state;
    assert_refused("group_context", "0001 0001 5001", TOO_LARGE);
    assert_refused("group_context", "0001 0001 5000", TRUNCATED);
    assert_refused("hpke_ciphertext", "5001", TOO_LARGE);
    assert_refused("leaf_node", "5001", TOO_LARGE);
    assert_refused("credential", "0001 80010001", TOO_LARGE);
    assert_refused("encrypted_group_secrets", "4100", TOO_LARGE);
    assert_refused("application_id", "bfffffff", TOO_LARGE);
    assert_refused("welcome", "0001 84000001", TOO_LARGE);
    assert_refused("required_capabilities", "4801", TOO_LARGE);
}

static void a_message_over_the_limit_is_refused_unread(void **state)
{
    (void)state;
    struct mls_message message = {.wire_format = 77};
    const uint8_t byte = 0;
    assert_err(mls_message_parse((view){&byte, MLS_MESSAGE_MAX + 1}, &message, NULL), TOO_LARGE);
    assert_err(mls_message_parse((view){&byte, 1}, &message, NULL), TRUNCATED);
    assert_int_equal(message.wire_format, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_structure_has_a_sample),
        cmocka_unit_test(what_is_read_is_written_as_the_same_bytes),
        cmocka_unit_test(a_structure_that_ends_too_early_is_refused_wherever_it_ends),
        cmocka_unit_test(a_spare_byte_is_refused),
        cmocka_unit_test(a_changed_byte_is_refused_or_kept),
        cmocka_unit_test(lengths_that_are_not_in_their_shortest_form_are_refused),
        cmocka_unit_test(presence_is_0_or_1),
        cmocka_unit_test(lists_hold_whole_items_only),
        cmocka_unit_test(unknown_values_in_lists_of_types_are_kept),
        cmocka_unit_test(numbers_that_name_nothing_are_refused),
        cmocka_unit_test(proposals_of_an_unknown_type_are_refused),
        cmocka_unit_test(messages_of_another_version_or_an_unknown_format_are_refused),
        cmocka_unit_test(a_key_package_of_another_version_does_not_travel_in_this_one),
        cmocka_unit_test(a_certificate_chain_has_certificates),
        cmocka_unit_test(fields_over_their_limit_are_refused),
        cmocka_unit_test(a_message_over_the_limit_is_refused_unread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
