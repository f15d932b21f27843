/* child.h - a server process that a bench starts, watches and ends, in a directory of its own that goes with it. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <limits.h>
#include <sys/types.h>

#include "base/base.h"

struct child {
    pid_t pid;
    uint16_t port;
    bool plain;         /* started by root, it runs as nobody */
    char dir[PATH_MAX]; /* its directory; what it prints goes to "log" in it */
};

/* All that give bool: false, and a message is on stderr. */

/* A new directory below `under`, with our pid in its name; those whose makers were killed go away. Interrupts are caught from here on. */
bool child_dir_make(struct child *child, const char *under);
void child_dir_remove(struct child *child);
/* A file in it that only the child can read. */
bool child_file_write(const struct child *child, const char *name, view content);
bool child_start(struct child *child, const char *const argv[]);
/* Waits until its port takes connections. */
bool child_port_wait(const struct child *child);
/* Waits until it has printed `mark`, and gives the number that follows. */
bool child_log_wait(const struct child *child, const char *mark, unsigned long *ret_number);
/* Ends it; the directory stays. False: it did not exit with 0, or was not to be ended but by force. */
bool child_end(struct child *child);
/* Ends it with SIGKILL. */
void child_kill(struct child *child);
/* Ends it and removes the directory. False: as above. */
bool child_stop(struct child *child);

/* These two of any process of ours: its pid is enough. */

/* CPU time of all its threads, those that have ended too, in us. */
double child_cpu_us(const struct child *child);
/* Memory of its own (user space: Pss, or Rss where that can't be read), in bytes. */
double child_memory(const struct child *child);

/* CPU time of all processes of this machine, and what its host took from it, in us; without interrupts. 0: the system does not tell. */
double child_machine_cpu_us(void);

/* From now on child_interrupted() tells; making a directory and starting a child do that, too. */
void child_interrupts_catch(void);
/* Files that it has open. */
unsigned child_files(const struct child *child);

/* SIGINT, SIGTERM or SIGHUP came since then, or nobody reads our output: end, and clean up. */
bool child_interrupted(void);

/* A port of 127.0.0.1 that nobody has at this moment, and that no connection gets as its own end meanwhile; 0: none. */
uint16_t child_port_free(void);
/* As many open files as the system lets us have: for us and for children. */
void child_files_raise(void);

#endif
