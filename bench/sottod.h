/* sottod.h - the real server as a child: sottod from this program's own folder, on 127.0.0.1; with limits that strike nobody, unless
 * it is given a configuration. */
#ifndef BENCH_SOTTOD_H
#define BENCH_SOTTOD_H

#include "bench/child.h"

#define SOTTOD_SETTINGS 8

/* KEY=VALUE of each `--set`; NULL ends the list. */
struct sottod_settings {
    const char *list[SOTTOD_SETTINGS + 1];
    const char *config; /* the text of its file; NULL: sottod_loose_limits */
};

/* A section of its file: what clients of a bench do more often than they may is allowed them, so that all is counted as it always is
 * and nobody ever waits. What is not in it is as it is by default. */
extern const char sottod_loose_limits[];

/* In a new directory below `under`, if it has none yet. False: a message is on stderr. */
bool sottod_start(struct child *child, const char *under, const struct sottod_settings *settings);
/* Gives it another configuration, which counts when this returns. */
bool sottod_configure(const struct child *child, const char *config);
/* False: it did not end well; a message is on stderr. */
bool sottod_stop(struct child *child);

#endif
