#include "mail/program.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "mail/job.h"
#include "place.h"

/* -1 with errno. */
static int program_open(const char *path)
{
    return access(path, X_OK) == 0 ? open(path, O_PATH | O_CLOEXEC) : -1;
}

sotto_err mail_program_open(int *ret_fd, struct failure *ret_failure)
{
    static const char *const places[] = {MAIL_PROGRAM, MAIL_PROGRAM_PLACE};
    char path[PATH_MAX];
    int fd = -1;
    errno = ENOENT;
    for (size_t i = 0; i < COUNT_OF(places) && fd < 0 && errno == ENOENT; i++) {
        sotto_err err = place_path(places[i], path);
        if (err == SOTTO_E_CONFIG)
            return failure_say(ret_failure, err,
                               "cannot tell where " MAIL_PROGRAM " is: /proc is not there");
        TRY(err);
        fd = program_open(path);
    }
    if (fd < 0) {
        int why = errno;
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 "install it together with sottod, or send no mail: no mail.server");
        return failure_say(ret_failure, SOTTO_E_CONFIG, "cannot run %.300s, which sends mails: %s",
                           path, strerror(why));
    }
    *ret_fd = fd;
    return SOTTO_OK;
}
