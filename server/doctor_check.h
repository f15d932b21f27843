/* doctor_check.h - what the checks of `doctor` share. */
#ifndef SERVER_DOCTOR_CHECK_H
#define SERVER_DOCTOR_CHECK_H

#include <jansson.h>

#include "options.h"

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL, LEVEL_NONE /* not to be judged here */ };

struct finding {
    enum level level;
    char text[400], fix[300];
};
__attribute__((format(printf, 3, 4))) void finding_say(struct finding *f, enum level level,
                                                       const char *format, ...);
__attribute__((format(printf, 2, 3))) void finding_fix(struct finding *f, const char *format, ...);

struct doctor {
    const struct cli_call *call;
    struct config config;
    struct failure config_failure;
    sotto_err config_err;
    bool lost;      /* the settings can't be read, and nothing else says where the server is */
    json_t *status; /* NULL: no server runs, or it doesn't answer */
    struct failure status_failure;
    sotto_err status_err; /* CLOSED: none runs */
    const char *mail_to;  /* NULL: no mail is sent */
};

/* --- doctor_net.c --- */

void doctor_dns(struct doctor *d, struct finding *f); /* what the public name means */
void doctor_port(struct doctor *d,
                 struct finding *f); /* whether the listeners can be reached on this machine */
void doctor_reach(struct doctor *d, struct finding *f); /* who answers at the public name */
void doctor_mail(struct doctor *d,
                 struct finding *f); /* whether the mail server takes mails of ours */

#endif
