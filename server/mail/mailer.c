/* sottod-mail: hands one mail to the mail server, and ends. It is all of Sotto that has libcurl. */
#include <errno.h>
#include <signal.h>
#include <sotto/version.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/rd.h"
#include "mail/sandbox.h"
#include "mail/smtp.h"

#define SERVER_FD 0

static bool read_all(uint8_t *place, size_t len)
{
    while (len > 0) {
        ssize_t n = read(SERVER_FD, place, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        place += n;
        len -= (size_t)n;
    }
    return true;
}

static bool report(const struct mail_report *r)
{
    uint8_t bytes[MAIL_REPORT_SIZE];
    mail_report_write(r, bytes);
    return write(SERVER_FD, bytes, sizeof bytes) == sizeof bytes;
}

static bool may_go(void *user)
{
    (void)user;
    const struct mail_report ready = {.result = MAIL_RESULT_READY};
    uint8_t answer;
    return report(&ready) && read_all(&answer, 1) && answer == MAIL_GO;
}

static bool job_take(sotto_buf *bytes, struct mail_job *ret_job)
{
    uint8_t head[4], *place;
    if (!read_all(head, sizeof head))
        return false;
    struct rd r = rd_of(VIEW_OF(head));
    uint32_t len = rd_u32(&r);
    return len <= MAIL_JOB_MAX && buf_extend(bytes, len, &place) == SOTTO_OK &&
           read_all(place, len) && mail_job_read(buf_view(bytes), ret_job) == SOTTO_OK;
}

static struct mail_report send_it(const struct mail_job *job)
{
    DEFER(smtp_files_clear) struct smtp_files files = {0};
    struct mail_report report = {.result = MAIL_RESULT_NO_MEMORY};
    if (!smtp_begin())
        return report;
    report.result = smtp_files_read(job, &files);
    if (report.result != MAIL_RESULT_SENT)
        return report;
    if (sandbox_enter(job->port) != SOTTO_OK)
        report.result = MAIL_RESULT_NOT_SHUT_IN;
    else
        report = smtp_send(job, &files, may_go, NULL);
    return report;
}

static bool is_socket(int fd)
{
    int type;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

int main(int argc, char **argv)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct mail_job job;
    if (argc != 2 || !is_socket(SERVER_FD)) {
        fputs(MAIL_PROGRAM " " SOTTO_VERSION
                           ": sends one mail for sottod, which runs it by itself\n",
              stderr);
        return MAILER_BY_HAND;
    }
    if (strcmp(argv[1], SOTTO_VERSION) != 0)
        return MAILER_OTHER_VERSION;
    sandbox_begin();
    (void)signal(SIGPIPE, SIG_IGN);
    bool done = job_take(&bytes, &job);
    if (done) {
        const struct mail_report last = send_it(&job);
        done = report(&last);
    }
    buf_clear(&bytes);
    _exit(done ? 0 : 1); /* no handlers at the end: what they would do is not allowed any more */
}
