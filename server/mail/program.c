#include "mail/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "mail/job.h"

/* Cuts the last name off: "/usr/bin" becomes "/usr". */
static void folder_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = 0;
}

/* The folder of the program that runs, links resolved. */
static bool own_folder(char ret_path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
    if (len <= 0)
        return false;
    ret_path[len] = 0;
    folder_up(ret_path);
    return true;
}

/* `place`: absolute, or seen from `folder`, which is cut as "../" in front of it say. -1 with errno. */
static int program_open(char *folder, const char *place, char ret_path[PATH_MAX])
{
    const bool is_absolute = place[0] == '/';
    for (; strncmp(place, "../", 3) == 0; place += 3)
        folder_up(folder);
    int len = snprintf(ret_path, PATH_MAX, "%s%s%s", is_absolute ? "" : folder,
                       is_absolute ? "" : "/", place);
    if (len < 0 || len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return access(ret_path, X_OK) == 0 ? open(ret_path, O_PATH | O_CLOEXEC) : -1;
}

sotto_err mail_program_open(int *ret_fd, struct failure *ret_failure)
{
    char folder[PATH_MAX], path[PATH_MAX];
    if (!own_folder(folder))
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "cannot tell where " MAIL_PROGRAM " is: /proc is not there");
    int fd = program_open(folder, MAIL_PROGRAM, path);
    if (fd < 0 && errno == ENOENT)
        fd = program_open(folder, MAIL_PROGRAM_PLACE, path);
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
