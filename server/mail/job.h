/* job.h - what the server and one mailer say to each other. The mailer is a program of its own, sottod-mail, run for one mail with sottod's
 * version as its one argument; they talk over a socket pair that is its standard input.
 *
 *   server: job        what is to be sent, and how
 *   mailer: report     READY: the mail server waits for the mail's text
 *   server: one byte   "go"; without it the mailer hands nothing over
 *   mailer: report     how it went; the last word
 *
 * So the server knows of each mail whether it can have left: on its way out it waits for those that were told to go, and for no other. */
#ifndef MAIL_JOB_H
#define MAIL_JOB_H

#include "base/buf.h"

#define MAIL_PROGRAM "sottod-mail"

/* Exit statuses that tell why a mailer said nothing. */
#define MAILER_BY_HAND       2
#define MAILER_OTHER_VERSION 3

#define MAIL_JOB_MAX 98304 /* bytes */

/* struct { uint8 tls_first; uint16 port; opaque host<V>; opaque ehlo<V>; opaque user<V>; opaque password_file<V>; opaque ca_file<V>;
 *          opaque from<V>; opaque to<V>; opaque message<V>; } job;  behind its length as uint32 */
struct mail_job {
    bool tls_first;
    uint16_t port;
    view host, ehlo;
    view user, password_file; /* empty: the server asks for none */
    view ca_file;             /* empty: the system's */
    view from, to, message;   /* TO empty: nothing is sent, only what comes before that is tried */
};
/* The job alone, without its length. */
SOTTO_MUST_USE sotto_err mail_job_read(view bytes, struct mail_job *ret_job);
/* With its length. */
SOTTO_MUST_USE sotto_err mail_job_write(const struct mail_job *job, sotto_buf *out);

/* What becomes of the mail: it has left; again later; never. */
enum mail_fate { MAIL_FATE_NONE, MAIL_FATE_SENT, MAIL_FATE_LATER, MAIL_FATE_NEVER };

/* X(name, fate, "sentence") */
#define MAIL_RESULTS(X)                                                                          \
    X(READY, NONE, "the mail server waits for the mail")                                         \
    X(SENT, SENT, "sent")                                                                        \
    X(ADDRESS, NEVER, "its address is none that mail can be sent to")                            \
    X(REFUSED, NEVER, "the mail server refused it for good")                                     \
    X(PUT_OFF, LATER, "the mail server put it off")                                              \
    X(UNKNOWN_HOST, LATER, "the mail server's name is not known")                                \
    X(UNREACHABLE, LATER, "the mail server can't be reached")                                    \
    X(NO_TLS, LATER, "the mail server offers no TLS that we take")                               \
    X(CERTIFICATE, LATER, "the mail server's certificate is not one that we trust for its name") \
    X(LOGIN, LATER, "the mail server doesn't take mail.user and its password")                   \
    X(SLOW, LATER, "the mail server took too long")                                              \
    X(BROKEN, LATER, "the connection to the mail server broke")                                  \
    X(PASSWORD_FILE, LATER, "mail.password_file can't be read, or has no password")              \
    X(PASSWORD_OPEN, LATER, "mail.password_file can be read by everybody: chmod 600")            \
    X(CA_FILE, LATER, "the file of trusted certificates can't be read")                          \
    X(NOT_SHUT_IN, LATER, "the mailer could not shut itself in: the kernel has no seccomp")      \
    X(NOT_RUN, LATER, "sottod-mail can't be run")                                                \
    X(OTHER_VERSION, LATER, "sottod-mail is of another version than sottod")                     \
    X(NO_MEMORY, LATER, "out of memory")                                                         \
    X(STOPPED, LATER, "the server stops")                                                        \
    X(DIED, LATER, "the mailer ended without a word")

enum mail_result {
#define MAIL_RESULTS_ENUM(name, fate, text) MAIL_RESULT_##name,
    MAIL_RESULTS(MAIL_RESULTS_ENUM)
#undef MAIL_RESULTS_ENUM
        MAIL_RESULT_COUNT
};
const char *mail_result_text(enum mail_result result);
enum mail_fate mail_result_fate(enum mail_result result);

#define MAIL_GO          'g'
#define MAIL_REPORT_SIZE 3
/* struct { uint8 result; uint16 code; } report;  code: what SMTP said last, 0: nothing */
struct mail_report {
    enum mail_result result;
    uint16_t code;
};
/* VALUE, TRUNCATED, and so on. */
SOTTO_MUST_USE sotto_err mail_report_read(view bytes, struct mail_report *ret_report);
void mail_report_write(const struct mail_report *report, uint8_t ret_bytes[MAIL_REPORT_SIZE]);

#endif
