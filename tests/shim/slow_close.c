/* slow_close.c - preloaded into a program, each socket that it closes takes SLOW_CLOSE_MS (250), longer than a tick of its timers, as on a
 * machine that has too much to do. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int close(int fd)
{
    const char *set = getenv("SLOW_CLOSE_MS");
    long ms = set != NULL ? strtol(set, NULL, 10) : 250;
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    int type;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM)
        (void)nanosleep(&pause, NULL);
    return (int)syscall(SYS_close, fd);
}
