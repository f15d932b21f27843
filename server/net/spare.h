/* spare.h - a file that only takes up room. When the disk is full after all, it is given up, so that acknowledgements, which make room,
 * can still be written; it is made again when there is space. One thread. */
#ifndef NET_SPARE_H
#define NET_SPARE_H

#include "base/base.h"

#define SPARE_FILE "spare"    /* in the state directory */
#define SPARE_MAX  (16 << 20) /* bytes: as much as a write-ahead log waits to be moved */

/* Makes it if it isn't there. `dir` is borrowed for the call; a failure is no error: then there is no spare. */
void spare_make(const char *dir, uint64_t bytes);
/* Gives its room back. */
void spare_give_up(const char *dir);

#endif
