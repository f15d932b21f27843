/* trial.h - the command that tries the mail server. */
#ifndef ADMIN_TRIAL_H
#define ADMIN_TRIAL_H

#include "admin/admin.h"

extern const struct admin_argument mail_try_arguments[];

void admin_on_mail_try(struct admin_call *call);

#endif
