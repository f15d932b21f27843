/* All of it happens in handlers of signals, so with calls that those may make, alone. */
#include "growth.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define EXIT_SIGNAL 128
#define LINE_MAX    40

static struct {
    const char *path;
    int fd;
    volatile sig_atomic_t shown;
} file;

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};

static void say(const char *text, size_t len)
{
    ssize_t ignored = write(STDERR_FILENO, text, len);
    (void)ignored;
}

static void on_end(int number)
{
    (void)unlink(file.path);
    if (file.shown)
        say("\n", 1);
    _exit(EXIT_SIGNAL + number);
}

/* "\r123 MiB written " */
static void on_second(int number)
{
    static const char words[] = " MiB written ";
    char line[LINE_MAX];
    size_t at = sizeof line;
    struct stat st;
    int kept = errno;
    (void)number;
    if (fstat(file.fd, &st) == 0) {
        unsigned long long mib = (unsigned long long)st.st_size >> 20;
        for (size_t i = sizeof words - 1; i > 0; i--)
            line[--at] = words[i - 1];
        do {
            line[--at] = (char)('0' + mib % 10);
            mib /= 10;
        } while (mib > 0);
        line[--at] = '\r';
        say(line + at, sizeof line - at);
        file.shown = 1;
    }
    errno = kept;
}

static void heed(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    action.sa_handler = handler;
    (void)sigaction(number, &action, NULL);
}

static void (*handler_of(int number))(int)
{
    struct sigaction action = {0};
    (void)sigaction(number, NULL, &action);
    return action.sa_handler;
}

void growth_begin(const char *path, int fd, bool show)
{
    const struct itimerval second = {{1, 0}, {1, 0}};
    file.path = path;
    file.fd = fd;
    file.shown = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (handler_of(ends[i]) == SIG_DFL) /* nohup has it ignored */
            heed(ends[i], on_end);
    if (!show || isatty(STDERR_FILENO) != 1)
        return;
    heed(SIGALRM, on_second);
    (void)setitimer(ITIMER_REAL, &second, NULL);
}

void growth_end(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    (void)setitimer(ITIMER_REAL, &never, NULL);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (handler_of(ends[i]) == on_end)
            heed(ends[i], SIG_DFL);
    if (file.shown)
        say("\n", 1);
}
