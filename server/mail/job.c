#include "mail/job.h"

#include "base/rd.h"
#include "base/wr.h"

static bool flag_read(struct rd *r)
{
    uint8_t flag = rd_u8(r);
    if (flag > 1)
        rd_fail(r, SOTTO_E_VALUE);
    return flag == 1;
}

/* Texts become strings of C. */
static view text_read(struct rd *r)
{
    view text = rd_opaque(r, MAIL_JOB_MAX);
    if (text.len > 0 && memchr(text.data, 0, text.len) != NULL)
        rd_fail(r, SOTTO_E_VALUE);
    return text;
}

sotto_err mail_job_read(view bytes, struct mail_job *ret_job)
{
    struct rd r = rd_of(bytes);
    struct mail_job job = {0};
    job.tls_first = flag_read(&r);
    job.port = rd_u16(&r);
    job.host = text_read(&r);
    job.ehlo = text_read(&r);
    job.user = text_read(&r);
    job.password_file = text_read(&r);
    job.ca_file = text_read(&r);
    job.from = text_read(&r);
    job.to = text_read(&r);
    job.message = rd_opaque(&r, MAIL_JOB_MAX);
    TRY(rd_end(&r));
    *ret_job = job;
    return SOTTO_OK;
}

sotto_err mail_job_write(const struct mail_job *job, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct wr w = wr_to(&bytes);
    wr_u8(&w, job->tls_first);
    wr_u16(&w, job->port);
    wr_opaque(&w, job->host);
    wr_opaque(&w, job->ehlo);
    wr_opaque(&w, job->user);
    wr_opaque(&w, job->password_file);
    wr_opaque(&w, job->ca_file);
    wr_opaque(&w, job->from);
    wr_opaque(&w, job->to);
    wr_opaque(&w, job->message);
    TRY(wr_end(&w));
    if (bytes.len > MAIL_JOB_MAX)
        return SOTTO_E_TOO_LARGE;
    w = wr_to(out);
    wr_u32(&w, (uint32_t)bytes.len);
    wr_bytes(&w, buf_view(&bytes));
    return wr_end(&w);
}

/* ---- reports */

static const struct {
    enum mail_fate fate;
    const char *text;
} results[MAIL_RESULT_COUNT] = {
#define MAIL_RESULTS_ROW(name, fate, text) {MAIL_FATE_##fate, text},
    MAIL_RESULTS(MAIL_RESULTS_ROW)
#undef MAIL_RESULTS_ROW
};

const char *mail_result_text(enum mail_result result)
{
    return results[result].text;
}

enum mail_fate mail_result_fate(enum mail_result result)
{
    return results[result].fate;
}

sotto_err mail_report_read(view bytes, struct mail_report *ret_report)
{
    struct rd r = rd_of(bytes);
    uint8_t result = rd_u8(&r);
    uint16_t code = rd_u16(&r);
    if (result >= MAIL_RESULT_COUNT || code > 999)
        rd_fail(&r, SOTTO_E_VALUE);
    TRY(rd_end(&r));
    *ret_report = (struct mail_report){.result = (enum mail_result)result, .code = code};
    return SOTTO_OK;
}

void mail_report_write(const struct mail_report *report, uint8_t ret_bytes[MAIL_REPORT_SIZE])
{
    ret_bytes[0] = (uint8_t)report->result;
    ret_bytes[1] = (uint8_t)(report->code >> 8);
    ret_bytes[2] = (uint8_t)report->code;
}
