/* files.h - what the parts that touch files share. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "base/base.h"

/* The error of a value of errno. */
sotto_err file_err(int number);

/* What root just made in a directory is for who owns that, such as the user of a service that does not run just now. Others can't give
 * anything away, and need not. PERMISSION, IO. */
SOTTO_MUST_USE sotto_err file_give(int dir, int fd);

/* Makes one of mode 0600, given so. EXISTS, PERMISSION, DISK_FULL ... */
SOTTO_MUST_USE sotto_err file_new(const char *path, int *ret_fd);

/* Makes the names in a file's directory durable. */
SOTTO_MUST_USE sotto_err file_sync_directory(const char *path);

#endif
