/* A disk that fails or is full, put in front of libc: for what FAIL_SYNC_IN is in the path of, an fsync() or fdatasync() gives EIO as long
 * as the file FAIL_SYNC is there, and a pwrite() ENOSPC as long as the file FULL_DISK is. A syncfs() of what FAIL_SYNCFS_IN is in the
 * path of gives EIO in any case. Each disk has DISK_FREE bytes left, if that is set. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at);

static bool is_in(int fd, const char *in)
{
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    return in != NULL && strstr(path, in) != NULL;
}

static bool fails(int fd, const char *marker_name, int number)
{
    const char *marker = getenv(marker_name);
    bool is = marker != NULL && is_in(fd, getenv("FAIL_SYNC_IN")) && access(marker, F_OK) == 0;
    errno = is ? number : errno;
    return is;
}

int fsync(int fd)
{
    return fails(fd, "FAIL_SYNC", EIO) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fails(fd, "FAIL_SYNC", EIO) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int syncfs(int fd)
{
    if (!is_in(fd, getenv("FAIL_SYNCFS_IN")))
        return (int)syscall(SYS_syncfs, fd);
    errno = EIO;
    return -1;
}

int statvfs64(const char *path, struct statvfs64 *ret_disk)
{
    int (*real)(const char *, struct statvfs64 *);
    const char *left = getenv("DISK_FREE");
    *(void **)&real = dlsym(RTLD_NEXT, "statvfs64");
    if (real(path, ret_disk) != 0)
        return -1;
    if (left != NULL)
        ret_disk->f_bavail = strtoull(left, NULL, 10) / ret_disk->f_frsize;
    return 0;
}

/* The name that SQLite calls it by. */
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return fails(fd, "FULL_DISK", ENOSPC) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, at);
}
