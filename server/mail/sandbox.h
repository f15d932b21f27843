/* sandbox.h - what a mailer may still do once it listens to a mail server: talk over sockets that it opens itself, to the mail server's
 * port and to a resolver, and read the few files that say where one is. It can't run a program, map code, open another file, make or
 * change one, look at another process or signal it. */
#ifndef MAIL_SANDBOX_H
#define MAIL_SANDBOX_H

#include "base/base.h"

/* Before anything is read: no descriptor but the standard three, no more rights by running programs, bounds on memory, files and time, and an
 * end that comes with the parent's. */
void sandbox_begin(void);

/* Shuts the process in; it has one thread. `port`: where it may connect. UNSUPPORTED: the kernel has no seccomp. Landlock is used as far as
 * the kernel has it. */
SOTTO_MUST_USE sotto_err sandbox_enter(uint16_t port);

#endif
