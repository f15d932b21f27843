/* wal_file.h - how the writer's connection writes the write-ahead log: SQLite makes two small writes a page, one behind the other;
 * they are put together, and go out when the log is synced, or anything else is asked of it. Others read of the log only what was
 * synced before, since a commit is announced to them after its sync (synchronous=FULL). All other files are left to the layer below.
 *
 * A sync of a file that has become longer takes the disk half as long again: its new length has to be written, too. So the file is made
 * longer ahead of what is written to it, by somebody else than the writer. */
#ifndef STORE_WAL_FILE_H
#define STORE_WAL_FILE_H

#include <sqlite3.h>
#include <stdbool.h>

/* SQLite's own layer below it, for the store's other connections, too: while a database is open through this one no other process gets
 * in, and the index of the log is in memory. */
#define WAL_FILE_BELOW "unix-excl"

struct wal_file;

/* The name to open a connection with. NULL: no memory. */
const char *wal_file_layer(void);

/* The log of such a connection, on its thread; NULL: it has none open. Valid until the connection is closed. */
struct wal_file *wal_file_of(sqlite3 *db);
/* Puts a piece of zeros, 64 KiB, behind a file that is shorter than that; whoever calls has to sync it. Any thread. SQLite's result codes. */
int wal_file_lengthen(struct wal_file *f, sqlite3_int64 to, bool *ret_is_longer);

#endif
