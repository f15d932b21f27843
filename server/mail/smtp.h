/* smtp.h - hands one mail to the mail server, over TLS or not at all. */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "mail/job.h"

/* What lies in files, read before the process shuts itself in. */
struct smtp_files {
    sotto_buf password; /* with its NUL; empty: none */
    sotto_buf trusted;  /* certificates, in PEM */
};
void smtp_files_clear(struct smtp_files *files);
/* SENT: all was read; else what is wrong. */
enum mail_result smtp_files_read(const struct mail_job *job, struct smtp_files *ret_files);

/* Once in a process, before it shuts itself in. False: no. */
bool smtp_begin(void);

/* `go` is asked when the mail server waits for the text; false: it is not sent. Without an address it is not asked. */
struct mail_report smtp_send(const struct mail_job *job, const struct smtp_files *files,
                             bool (*go)(void *user), void *user);

#endif
