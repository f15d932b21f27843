#include "unit.h"

#include "mail/job.h"

static const struct mail_job job = {
    .tls_first = true,
    .port = 465,
    .host = {(const uint8_t *)"h", 1},
    .ehlo = {(const uint8_t *)"e", 1},
    .user = {(const uint8_t *)"u", 1},
    .password_file = {(const uint8_t *)"/p", 2},
    .ca_file = {(const uint8_t *)"/c", 2},
    .from = {(const uint8_t *)"a@b", 3},
    .to = {(const uint8_t *)"c@d", 3},
    .message = {(const uint8_t *)"m\0n", 3},
};
#define BYTES "01 01d1 0168 0165 0175 022f70 022f63 03614062 03634064 036d006e"

static void a_job_has_the_bytes_that_its_comment_says(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf out = {0};
    struct mail_job back;
    assert_ok(mail_job_write(&job, &out));
    assert_bytes(buf_view(&out), "0000001b" BYTES);
    assert_ok(mail_job_read((view){out.data + 4, out.len - 4}, &back));
    assert_true(back.tls_first);
    assert_int_equal(back.port, 465);
    assert_true(view_equal(back.host, job.host) && view_equal(back.ehlo, job.ehlo));
    assert_true(view_equal(back.user, job.user) && view_equal(back.to, job.to));
    assert_true(view_equal(back.password_file, job.password_file));
    assert_true(view_equal(back.ca_file, job.ca_file) && view_equal(back.from, job.from));
    assert_true(view_equal(back.message, job.message));
}

static void a_job_that_is_cut_or_has_a_spare_byte_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(BYTES "00");
    struct mail_job back;
    for (size_t len = 0; len < bytes.len - 1; len++)
        assert_err(mail_job_read(view_of(bytes.data, len), &back), TRUNCATED);
    assert_ok(mail_job_read(view_of(bytes.data, bytes.len - 1), &back));
    assert_int_not_equal(mail_job_read(buf_view(&bytes), &back), SOTTO_OK);
    bytes.data[0] = 2;
    assert_err(mail_job_read(view_of(bytes.data, bytes.len - 1), &back), VALUE);
}

static void a_text_of_a_job_has_no_nul(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(BYTES);
    struct mail_job back;
    bytes.data[4] = 0;
    assert_err(mail_job_read(buf_view(&bytes), &back), VALUE);
}

static void a_job_has_its_greatest_size(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf out = {0}, message = {0};
    uint8_t *place;
    struct mail_job large = job;
    assert_ok(buf_extend(&message, MAIL_JOB_MAX, &place));
    memset(place, 'x', MAIL_JOB_MAX);
    large.message = buf_view(&message);
    assert_err(mail_job_write(&large, &out), TOO_LARGE);
    assert_int_equal(out.len, 0);
}

static void a_report_comes_back_as_it_was_written(void **state)
{
    (void)state;
    for (int result = 0; result < MAIL_RESULT_COUNT; result++) {
        const struct mail_report report = {.result = (enum mail_result)result, .code = 421};
        struct mail_report back = {0};
        uint8_t bytes[MAIL_REPORT_SIZE];
        mail_report_write(&report, bytes);
        assert_int_equal(bytes[0], result);
        assert_bytes(view_of(bytes + 1, 2), "01a5");
        assert_ok(mail_report_read(VIEW_OF(bytes), &back));
        assert_int_equal(back.result, result);
        assert_int_equal(back.code, 421);
        assert_err(mail_report_read(view_of(bytes, 2), &back), TRUNCATED);
        assert_true(strlen(mail_result_text(back.result)) > 0);
    }
}

static void a_report_that_none_of_ours_makes_is_refused(void **state)
{
    (void)state;
    struct mail_report back;
    const uint8_t unknown[] = {MAIL_RESULT_COUNT, 0, 0}, code[] = {0, 0xff, 0xff}, spare[4] = {0};
    assert_err(mail_report_read(VIEW_OF(unknown), &back), VALUE);
    assert_err(mail_report_read(VIEW_OF(code), &back), VALUE);
    assert_int_not_equal(mail_report_read(VIEW_OF(spare), &back), SOTTO_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_has_the_bytes_that_its_comment_says),
        cmocka_unit_test(a_job_that_is_cut_or_has_a_spare_byte_is_refused),
        cmocka_unit_test(a_text_of_a_job_has_no_nul),
        cmocka_unit_test(a_job_has_its_greatest_size),
        cmocka_unit_test(a_report_comes_back_as_it_was_written),
        cmocka_unit_test(a_report_that_none_of_ours_makes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
