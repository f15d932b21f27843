/* slow_close.c - preloaded into a program, each socket that it closes, or each file with SLOW_CLOSE_IN in its path if that is set, takes
 * SLOW_CLOSE_MS (250), longer than a tick of its timers, as on a machine that has too much to do. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool is_socket(int fd)
{
    int type;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static bool is_in(int fd, const char *in)
{
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    return strstr(path, in) != NULL;
}

int close(int fd)
{
    const char *set = getenv("SLOW_CLOSE_MS"), *in = getenv("SLOW_CLOSE_IN");
    long ms = set != NULL ? strtol(set, NULL, 10) : 250;
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    if (in != NULL ? is_in(fd, in) : is_socket(fd))
        (void)nanosleep(&pause, NULL);
    return (int)syscall(SYS_close, fd);
}
