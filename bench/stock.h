/* stock.h - a store that is full before a server opens it, filled through the core itself, so that it is what a server would have
 * made of it. */
#ifndef BENCH_STOCK_H
#define BENCH_STOCK_H

#include <stdbool.h>

#include "bench/child.h"

/* Puts so many accounts, one device each, into the database at `path`, and so many entries, which wait in conversations of two for
 * devices that are away. False: a message is on stderr. */
bool stock_fill(const char *path, unsigned long accounts, unsigned long entries);

/* The database of a server that has made its keys and ended. */
bool stock_fill_server(const struct child *child, unsigned long accounts, unsigned long entries);
/* As if a server that has filled it were killed while 10,000 more devices write to each other: its journal and write-ahead log are
 * as long as they become. `accounts`: how many it has. */
bool stock_crash_server(const struct child *child, unsigned long accounts);

#endif
