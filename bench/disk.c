#include "bench/disk.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
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

static void wait_until(double due_us)
{
    double left_us = due_us - crowd_now_us();
    if (left_us > 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = (long)(left_us * 1000)}, NULL);
}

bool disk_sync(struct disk *disk, size_t count, double rate, double *ret_us)
{
    static const uint8_t row[DISK_APPEND];
    double began = crowd_now_us();
    for (size_t i = 0; i < count; i++) {
        if (rate > 1)
            wait_until(began + (double)i * 1e6 / rate);
        double before = crowd_now_us();
        if (write(disk->fd, row, sizeof row) != (ssize_t)sizeof row || fdatasync(disk->fd) != 0) {
            fprintf(stderr, "sotto-bench: cannot write to the disk\n");
            return false;
        }
        ret_us[i] = crowd_now_us() - before;
    }
    return true;
}
