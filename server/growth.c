/* All of it happens in handlers of signals, so with calls that those may make, alone. */
#include "growth.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "interrupt.h"

#define EXIT_SIGNAL 128
#define LINE_MAX    40

static struct {
    const char *path;
    int fd;
    volatile sig_atomic_t shown;
} file;

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

void growth_begin(const char *path, int fd, bool show)
{
    const struct itimerval second = {{1, 0}, {1, 0}};
    struct sigaction action = {.sa_flags = SA_RESTART};
    action.sa_handler = on_second;
    file.path = path;
    file.fd = fd;
    file.shown = 0;
    interrupt_begin(on_end);
    if (!show || isatty(STDERR_FILENO) != 1)
        return;
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &second, NULL);
}

void growth_end(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    (void)setitimer(ITIMER_REAL, &never, NULL);
    interrupt_end();
    if (file.shown)
        say("\n", 1);
}
