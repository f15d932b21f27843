/* mail.h - the queue's mails, on their way. It asks the core for a mail that is due, writes it, and has a process of its own hand it to the
 * mail server (mailer.h); a few at a time. What became of a mail the core is told until it has made that durable. On the main
 * thread.
 *
 * A mail is sent twice only if this process or the machine dies between the mail server's "250" and that moment, or the mail server's answer
 * doesn't come through. On the way out (mail_stop) those that were told to go are waited for. */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <uv.h>

#include "mail/job.h"
#include "mail/settings.h"
#include "net/talk.h"

struct mail; /* opaque */

/* CONFIG: the settings are wrong, with words. NOMEM. */
SOTTO_MUST_USE sotto_err mail_start(uv_loop_t *uv, struct server *server,
                                    const struct mail_settings *settings, struct mail **ret_mail,
                                    struct failure *ret_failure);
/* Tries the mail server at once, as a mail would be sent: connection, TLS and login without an address, else a mail to it that brings
 * nothing. `done` hears once how it went, perhaps before this returns. NOT_NOW: there is no mail server; IN_USE: one trial at a time. */
typedef void mail_tried(void *user, const struct mail_report *report);
SOTTO_MUST_USE sotto_err mail_try(struct mail *m, view to, mail_tried *done, void *user,
                                  struct failure *ret_failure);
/* Other settings: read what they name; then put them in force. CONFIG: those that are in force stay. */
SOTTO_MUST_USE sotto_err mail_prepare(struct mail *m, const struct mail_settings *settings,
                                      struct failure *ret_failure);
void mail_apply(struct mail *m);
/* Runs the loop for a few seconds while something is on its way; then nothing of it is left there but what closes. */
void mail_stop(struct mail *m);
/* After the loop has ended. */
void mail_free(struct mail *m);

#endif
