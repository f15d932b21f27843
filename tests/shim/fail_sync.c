/* A disk that fails: put in front of libc, an fsync() or fdatasync() of what FAIL_SYNC_IN is in the path of gives EIO as long as the file FAIL_SYNC is there. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool fails(int fd)
{
    char name[64], path[4096];
    const char *in = getenv("FAIL_SYNC_IN"), *marker = getenv("FAIL_SYNC");
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    bool is = in != NULL && marker != NULL && strstr(path, in) != NULL && access(marker, F_OK) == 0;
    errno = is ? EIO : errno;
    return is;
}

int fsync(int fd)
{
    return fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
