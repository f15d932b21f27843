/* disk.h - what the disk itself takes to write a message and to sync it, in the same run as the servers. */
#ifndef BENCH_DISK_H
#define BENCH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DISK_WRITE 300 /* bytes: a message as it is stored */

/* Where it is written. */
enum disk_way {
    DISK_APPEND, /* behind a file, which becomes longer: its new length has to be written, too */
    DISK_AHEAD,  /* into a file that was made longer before, as our log is */
    DISK_WAYS
};

struct disk {
    int fd;
    enum disk_way way;
    off_t at;
};

/* A file without a name below `under`. False: a message is on stderr. */
bool disk_open(struct disk *disk, const char *under, enum disk_way way);
void disk_close(struct disk *disk);
/* Writes and syncs `count` times, so many a second (0: one after the other), the time of each in us. False: as above. */
bool disk_sync(struct disk *disk, size_t count, double rate, double *ret_us);

#endif
