#include "net/spare.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static bool path_of(const char *dir, char ret_path[PATH_MAX])
{
    return snprintf(ret_path, PATH_MAX, "%s/" SPARE_FILE, dir) < PATH_MAX;
}

void spare_make(const char *dir, uint64_t bytes)
{
    char path[PATH_MAX];
    if (bytes == 0 || !path_of(dir, path))
        return;
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return;
    if (posix_fallocate(file, 0, (off_t)bytes) != 0)
        unlink(path); /* half a spare would take what is needed now */
    close(file);
}

void spare_give_up(const char *dir)
{
    char path[PATH_MAX];
    if (path_of(dir, path))
        unlink(path);
}
