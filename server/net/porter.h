/* porter.h - how many blobs are carried at once, in all and for one account. All calls lock; any thread. */
#ifndef NET_PORTER_H
#define NET_PORTER_H

#include <pthread.h>

#include "base/base.h"
#include "core/limits.h"

#define PORTER_MAX 256 /* at once; each takes a descriptor and up to 128 KiB */

struct porter {
    pthread_mutex_t lock;
    uint64_t accounts[PORTER_MAX]; /* whose, in any order */
    size_t count;
};

bool porter_enter(struct porter *porter, const struct limits *limits, uint64_t account);
void porter_leave(struct porter *porter, uint64_t account);

#endif
