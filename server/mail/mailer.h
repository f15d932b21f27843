/* mailer.h - the process that talks with the mail server: the same program, run by the server for one mail. */
#ifndef MAIL_MAILER_H
#define MAIL_MAILER_H

#define MAILER_COMMAND "mailer" /* in no table: nobody runs it by hand */

/* Gives the exit status. */
int mailer_run(void);

#endif
