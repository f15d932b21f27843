/* A disk that fails: put in front of libc, an fsync() or fdatasync() of what FAIL_SYNC_IN is in the path of gives EIO as long as the file FAIL_SYNC is there. A
 * syncfs() of what FAIL_SYNCFS_IN is in the path of does in any case. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_in(int fd, const char *in)
{
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    return in != NULL && strstr(path, in) != NULL;
}

static bool fails(int fd)
{
    const char *marker = getenv("FAIL_SYNC");
    bool is = marker != NULL && is_in(fd, getenv("FAIL_SYNC_IN")) && access(marker, F_OK) == 0;
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

int syncfs(int fd)
{
    if (!is_in(fd, getenv("FAIL_SYNCFS_IN")))
        return (int)syscall(SYS_syncfs, fd);
    errno = EIO;
    return -1;
}
