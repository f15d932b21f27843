/* program.h - sottod-mail, the program that sends a mail: beside sottod where both were built, else where it was installed. Only that
 * program has libcurl and all that comes with it. */
#ifndef MAIL_PROGRAM_H
#define MAIL_PROGRAM_H

#include "net/failure.h"

/* For exec, as /proc/self/fd/N: what was there then runs, whatever becomes of its file. CONFIG: it isn't there, or can't be run; with
 * words. */
SOTTO_MUST_USE sotto_err mail_program_open(int *ret_fd, struct failure *ret_failure);

#endif
