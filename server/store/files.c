#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

sotto_err file_sync_directory(const char *path)
{
    char *directory = strdup(path);
    if (directory == NULL)
        return SOTTO_E_NOMEM;
    char *slash = strrchr(directory, '/');
    if (slash != NULL)
        slash[slash == directory] = 0; /* the root keeps its own */
    int dir = open(slash != NULL ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (dir < 0)
        return SOTTO_E_IO;
    int failed = fsync(dir);
    close(dir);
    return failed == 0 ? SOTTO_OK : SOTTO_E_IO;
}
