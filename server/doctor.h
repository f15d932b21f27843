/* doctor.h - the command `doctor`. */
#ifndef SERVER_DOCTOR_H
#define SERVER_DOCTOR_H

#include "cli/cli.h"

extern const struct cli_option doctor_options[];
extern const char doctor_text[];
int doctor_run(struct cli_call *call);

#endif
