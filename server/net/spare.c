#include "net/spare.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "store/files.h"

static bool path_of(const char *dir, char ret_path[PATH_MAX])
{
    return snprintf(ret_path, PATH_MAX, "%s/" SPARE_FILE, dir) < PATH_MAX;
}

void spare_make(const char *dir, uint64_t bytes)
{
    int file, state = bytes == 0 ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state < 0)
        return;
    if (file_have(state, SPARE_FILE, &file) == SOTTO_OK) {
        if (posix_fallocate(file, 0, (off_t)bytes) != 0)
            unlinkat(state, SPARE_FILE, 0); /* half a spare would take what is needed now */
        close(file);
    }
    close(state);
}

void spare_give_up(const char *dir)
{
    char path[PATH_MAX];
    if (path_of(dir, path))
        unlink(path);
}
