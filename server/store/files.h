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

/* Opens a file of a directory, or makes it, of mode 0600 and given so. What stands there is not ours to give, and no link is followed.
 * What was made and can't be given is removed again. NOTFOUND: it went at this moment. */
SOTTO_MUST_USE sotto_err file_have(int dir, const char *name, int *ret_fd);
/* Makes a directory of mode 0700, given so; one that is there is left as it is. The path, as for the calls on files. */
SOTTO_MUST_USE sotto_err file_have_directory(const char *path);
SOTTO_MUST_USE sotto_err file_have_directory_in(int dir, const char *name);

/* Makes the names in a file's directory durable. */
SOTTO_MUST_USE sotto_err file_sync_directory(const char *path);

#endif
