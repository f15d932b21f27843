#include "bench/disk.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/crowd.h"

bool disk_open(struct disk *disk, const char *under)
{
    disk->fd = open(under, O_TMPFILE | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (disk->fd < 0)
        fprintf(stderr, "sotto-bench: cannot write below %s\n", under);
    return disk->fd >= 0;
}

void disk_close(struct disk *disk)
{
    if (disk->fd >= 0)
        close(disk->fd);
    disk->fd = -1;
}

bool disk_sync(struct disk *disk, size_t count, double *ret_us)
{
    static const uint8_t row[DISK_APPEND];
    for (size_t i = 0; i < count; i++) {
        double before = crowd_now_us();
        if (write(disk->fd, row, sizeof row) != (ssize_t)sizeof row || fdatasync(disk->fd) != 0) {
            fprintf(stderr, "sotto-bench: cannot write to the disk\n");
            return false;
        }
        ret_us[i] = crowd_now_us() - before;
    }
    return true;
}
