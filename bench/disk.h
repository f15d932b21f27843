/* disk.h - what the disk itself takes, in the same run: an append and fdatasync, which no durable acknowledgement can be faster
 * than. */
#ifndef BENCH_DISK_H
#define BENCH_DISK_H

#include <stdbool.h>
#include <stddef.h>

#define DISK_APPEND 300 /* bytes: a message as it is stored */

struct disk {
    int fd;
};

/* A file without a name below `under`. False: a message is on stderr. */
bool disk_open(struct disk *disk, const char *under);
void disk_close(struct disk *disk);
/* Appends and syncs `count` times, so many a second (0: one after the other), the time of each in us. False: as above. */
bool disk_sync(struct disk *disk, size_t count, double rate, double *ret_us);

#endif
