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

#endif
