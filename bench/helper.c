#include "bench/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/child.h"

static int ready_fd = -1; /* of this process, if it is a helper */

void helper_ready(void)
{
    static const char byte = '+';
    if (write(ready_fd, &byte, 1) != 1)
        _exit(1);
}

/* What a client of ours complains about is what it was sent out for. */
static void silence(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
}

static _Noreturn void live(helper_run *run, const void *context, size_t report_size, int more)
{
    void *report = calloc(1, report_size);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)prctl(PR_SET_NAME, "bench-helper");
    errno = 0;
    if (nice(more) == -1 && errno != 0)
        _exit(1);
    silence();
    (void)signal(SIGPIPE, SIG_IGN); /* a server that hangs up is no reason to end */
    if (report == NULL)
        _exit(1);
    run(context, report);
    _exit(write(ready_fd, report, report_size) == (ssize_t)report_size ? 0 : 1);
}

bool helper_start(struct helper *helper, helper_run *run, const void *context, size_t report_size,
                  int more)
{
    int ends[2];
    child_interrupts_catch();
    if (pipe2(ends, O_CLOEXEC) != 0) {
        fprintf(stderr, "sotto-bench: no more pipes\n");
        return false;
    }
    *helper = (struct helper){.pid = fork(), .fd = ends[0]};
    if (helper->pid == 0) {
        ready_fd = ends[1];
        live(run, context, report_size, more);
    }
    close(ends[1]);
    if (helper->pid > 0)
        return true;
    close(helper->fd);
    *helper = (struct helper){0};
    fprintf(stderr, "sotto-bench: cannot start a process\n");
    return false;
}

static bool read_all(int fd, void *data, size_t len)
{
    uint8_t *at = data;
    while (len > 0) {
        ssize_t got = read(fd, at, len);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

bool helper_look(const struct helper *helper, bool *ret_ready)
{
    struct pollfd p = {.fd = helper->fd, .events = POLLIN};
    char byte;
    *ret_ready = poll(&p, 1, 0) == 1;
    if (!*ret_ready || read_all(helper->fd, &byte, 1))
        return true;
    fprintf(stderr, "sotto-bench: a process of the bench ended early\n");
    return false;
}

bool helper_stop(struct helper *helper, void *ret_report, size_t report_size)
{
    if (helper->pid <= 0)
        return false;
    kill(helper->pid, SIGTERM);
    bool told = read_all(helper->fd, ret_report, report_size);
    if (!told)
        kill(helper->pid, SIGKILL);
    (void)waitpid(helper->pid, NULL, 0);
    close(helper->fd);
    *helper = (struct helper){0};
    return told;
}
