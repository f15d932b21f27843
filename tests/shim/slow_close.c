/* slow_close.c - preloaded into a program, each socket that it closes takes longer than a tick of its timers, as on a machine that has
 * too much to do. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CLOSE_MS 250

int close(int fd)
{
    const struct timespec pause = {.tv_nsec = CLOSE_MS * 1000000L};
    int type;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM)
        (void)nanosleep(&pause, NULL);
    return (int)syscall(SYS_close, fd);
}
