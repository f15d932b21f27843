/* files.h - what the parts of server/store that touch files share. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "base/base.h"

/* The error of a value of errno. */
sotto_err file_err(int number);

/* Makes the names in a file's directory durable. */
SOTTO_MUST_USE sotto_err file_sync_directory(const char *path);

#endif
