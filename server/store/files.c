#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

sotto_err file_err(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* the process may not write files that long: no space for us */
        return SOTTO_E_DISK_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return SOTTO_E_PERMISSION;
    case ENOENT:
        return SOTTO_E_NOTFOUND;
    case EEXIST:
        return SOTTO_E_EXISTS;
    case EWOULDBLOCK:
        return SOTTO_E_IN_USE;
    case ENOMEM:
    case EMFILE: /* as memory, they come back */
    case ENFILE:
        return SOTTO_E_NOMEM;
    default:
        return SOTTO_E_IO;
    }
}

/* The directory that it is in; -1: errno says why. */
static int directory_open(const char *path)
{
    char *directory = strdup(path);
    if (directory == NULL)
        return -1; /* ENOMEM */
    char *slash = strrchr(directory, '/');
    if (slash != NULL)
        slash[slash == directory] = 0; /* the root keeps its own */
    int dir = open(slash != NULL ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    return dir;
}

sotto_err file_give(int dir, int fd)
{
    struct stat st;
    if (geteuid() != 0)
        return SOTTO_OK;
    if (fstat(dir, &st) != 0)
        return file_err(errno);
    return st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0 ? SOTTO_OK : file_err(errno);
}

static sotto_err give_beside(const char *path, int fd)
{
    int dir = directory_open(path);
    if (dir < 0)
        return file_err(errno);
    sotto_err err = file_give(dir, fd);
    close(dir);
    return err;
}

sotto_err file_new(const char *path, int *ret_fd)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_err(errno);
    sotto_err err = give_beside(path, fd);
    if (err != SOTTO_OK) {
        close(fd);
        (void)unlink(path);
        return err;
    }
    *ret_fd = fd;
    return SOTTO_OK;
}

sotto_err file_have(int dir, const char *name, int *ret_fd)
{
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(dir, name, flags | O_CREAT | O_EXCL, 0600);
    bool made = fd >= 0;
    if (!made && errno == EEXIST)
        fd = openat(dir, name, flags);
    if (fd < 0)
        return file_err(errno);
    sotto_err err = made ? file_give(dir, fd) : SOTTO_OK;
    if (err != SOTTO_OK) {
        close(fd);
        (void)unlinkat(dir, name, 0); /* else it would be taken for one that was there */
        return err;
    }
    *ret_fd = fd;
    return SOTTO_OK;
}

sotto_err file_have_directory_in(int dir, const char *name)
{
    if (mkdirat(dir, name, 0700) != 0)
        return errno == EEXIST ? SOTTO_OK : file_err(errno);
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    sotto_err err = fd < 0 ? file_err(errno) : file_give(dir, fd);
    if (fd >= 0)
        close(fd);
    if (err != SOTTO_OK)
        (void)unlinkat(dir, name, AT_REMOVEDIR); /* as above */
    return err;
}

sotto_err file_have_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    int dir = directory_open(path);
    if (dir < 0)
        return file_err(errno);
    sotto_err err = file_have_directory_in(dir, slash != NULL ? slash + 1 : path);
    close(dir);
    return err;
}

sotto_err file_sync_directory(const char *path)
{
    int dir = directory_open(path);
    if (dir < 0)
        return errno == ENOMEM ? SOTTO_E_NOMEM : SOTTO_E_IO;
    int failed = fsync(dir);
    close(dir);
    return failed == 0 ? SOTTO_OK : SOTTO_E_IO;
}
