/* wal_file.h - how the writer's connection writes the write-ahead log: SQLite makes two small writes a page, one behind the other;
 * they are put together, and go out when the log is synced, or anything else is asked of it. Others read of the log only what was
 * synced before, since a commit is announced to them after its sync (synchronous=FULL). All other files are left to the system's
 * own layer. */
#ifndef STORE_WAL_FILE_H
#define STORE_WAL_FILE_H

/* The name to open a connection with. NULL: no memory. */
const char *wal_file_layer(void);

#endif
