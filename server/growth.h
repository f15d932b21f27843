/* growth.h - while a file is being written by somebody: on a terminal its size is shown each second, and Ctrl-C takes it away. One at a
 * time in a process. */
#ifndef SERVER_GROWTH_H
#define SERVER_GROWTH_H

#include <stdbool.h>

/* `path` must stay until growth_end(). `show`: if the standard error is a terminal. */
void growth_begin(const char *path, int fd, bool show);
void growth_end(void);

#endif
