/* A disk that fails: put in front of libc, an fsync() of what FAIL_SYNC_IN is in the path of gives EIO as long as the file FAIL_SYNC is there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd)
{
    char name[64], path[4096];
    const char *in = getenv("FAIL_SYNC_IN"), *marker = getenv("FAIL_SYNC");
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    if (in != NULL && marker != NULL && strstr(path, in) != NULL && access(marker, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}
