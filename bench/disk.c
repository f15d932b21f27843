#include "bench/disk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/crowd.h"

#define AHEAD (1 << 20) /* bytes that are there before; then it begins anew */

static bool fail(void)
{
    fprintf(stderr, "sotto-bench: cannot write to the disk\n");
    return false;
}

static bool lengthen(const struct disk *disk)
{
    static const uint8_t zeros[AHEAD];
    return pwrite(disk->fd, zeros, AHEAD, 0) == AHEAD && fsync(disk->fd) == 0;
}

/* Not every file system has files without a name: overlayfs since Linux 6.1 only. */
static int file_open(const char *under)
{
    char path[PATH_MAX];
    int fd = open(under, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0 || snprintf(path, sizeof path, "%s/disk-XXXXXX", under) >= (int)sizeof path)
        return fd;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

bool disk_open(struct disk *disk, const char *under, enum disk_way way)
{
    *disk = (struct disk){.fd = file_open(under), .way = way};
    if (disk->fd < 0) {
        fprintf(stderr, "sotto-bench: cannot write below %s\n", under);
        return false;
    }
    return way == DISK_APPEND || lengthen(disk) || fail();
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

static bool write_one(struct disk *disk)
{
    static const uint8_t row[DISK_WRITE];
    if (disk->way == DISK_AHEAD && disk->at + DISK_WRITE > AHEAD)
        disk->at = 0;
    bool written =
        pwrite(disk->fd, row, sizeof row, disk->at) == DISK_WRITE && fdatasync(disk->fd) == 0;
    disk->at += DISK_WRITE;
    return written;
}

bool disk_sync(struct disk *disk, size_t count, double rate, double *ret_us)
{
    double began = crowd_now_us();
    for (size_t i = 0; i < count; i++) {
        if (rate > 1)
            wait_until(began + (double)i * 1e6 / rate);
        double before = crowd_now_us();
        if (!write_one(disk))
            return fail();
        ret_us[i] = crowd_now_us() - before;
    }
    return true;
}
