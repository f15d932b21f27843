/* mailbox.h - what one thread tells another: posts in order, with their bytes, taken out a whole batch at a time. The taker swaps its
 * empty batch for the full one, so that memory goes round and nobody copies while holding the lock for long.
 *
 * A mailbox is bounded, and the bound has two answers. Loop threads ask mailbox_is_full() before they make a frame of what they have
 * read, and stop reading if it is; they never wait. Whoever runs the core waits in mailbox_wait_room(). Posts that come once in the life
 * of a connection (opened, closed, a socket), in pairs (hold, release) or for each part of what may be pushed to one (written) are
 * always taken: the number of connections bounds them. */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"
#include "base/buf.h"
#include "core/core.h"

enum post_kind {
    POST_NOTHING,
    /* a loop to the core */
    POST_OPEN,        /* said hello; `address`, `nonce` */
    POST_OPEN_ADMIN,  /* a request over the admin socket */
    POST_FRAME,       /* one whole frame: the bytes */
    POST_CLOSED,      /* has ended; `clean`, `slow` */
    POST_WRITTEN,     /* the socket took `written` bytes of what was pushed */
    POST_BLOB,        /* a blob came whole: the bytes are a struct core_blob */
    POST_BLOBS_FOUND, /* files of blobs were found: the bytes are their hashes */
    POST_STOP,        /* the server stops (also from the main thread to the loops) */
    POST_SPACE,       /* the main thread to the core: look at the disk */
    POST_MEMORY,      /* and: see how short of memory we are */
    /* the core to a loop */
    POST_SEND,      /* one whole frame for the client: the bytes; `source`, `pushed` */
    POST_CLOSE,     /* end it after what was sent before; `verdict`, unless OK: and say so */
    POST_PAUSE,     /* don't read before until_ms */
    POST_SETTLED,   /* sits in a room now */
    POST_UNSETTLED, /* sits in no room any more */
    POST_BLOB_KEPT, /* the blob that came: `verdict` */
    /* the main thread to a loop */
    POST_SOCKET, /* a new socket: `fd`, `address`, `place` (net/gate.h) */
    POST_PING,   /* to the core, too: say that you live, by keeping until_ms */
    POST_CONFIG, /* to the core: there are other settings */
    /* a loop to another */
    POST_HOLD,   /* don't read: what comes from this connection waits at a slow reader */
    POST_RELEASE /* the slow reader has caught up, or is gone */
};

struct post {
    enum post_kind kind;
    int fd;
    uint32_t place;
    sotto_err verdict;
    uint64_t connection;
    uint64_t source; /* the connection whose frame caused this; 0: none */
    uint64_t until_ms;
    uint64_t written;
    struct core_address address;
    uint8_t nonce[32];
    bool clean, slow;
    bool pushed;    /* POST_WRITTEN is to tell when it is written */
    size_t at, len; /* the bytes, in the batch */
};

struct batch {
    struct post *list;
    size_t count, cap;
    sotto_buf bytes;
    uint64_t shared_tag; /* of the bytes that mailbox_put_shared() put last; 0: none */
    size_t shared_at;
};
void batch_clear(struct batch *b);

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t came, room; /* on CLOCK_MONOTONIC */
    struct batch waiting;
    size_t posts_max, bytes_max;
    size_t wanted;     /* posts for which the taker is woken: it waits for no fewer */
    uint64_t until_ms; /* that the taker may wait at the longest, */
    uint64_t waits_ms; /* and that it waits just now; 0: it does not */
    bool shut;         /* the taker is gone: posts are dropped */
    atomic_bool full;  /* a hint for those who may not wait */
};

/* HOST: the machine has no more locks. */
SOTTO_MUST_USE sotto_err mailbox_init(struct mailbox *box, size_t posts_max, size_t bytes_max);
void mailbox_clear(struct mailbox *box);

/* Appends a post with a copy of its bytes, whether the box is full or not; wakes nobody. NOMEM: not appended. */
SOTTO_MUST_USE sotto_err mailbox_put(struct mailbox *box, const struct post *post, view bytes);

/* The same, for bytes that go to many: posts with the same tag (not 0) one after another keep one copy in the box. */
SOTTO_MUST_USE sotto_err mailbox_put_shared(struct mailbox *box, const struct post *post,
                                            view bytes, uint64_t tag);

bool mailbox_is_full(struct mailbox *box);
/* Waits until the box isn't full, or is shut. */
void mailbox_wait_room(struct mailbox *box);

/* Posts that wait. */
size_t mailbox_count(struct mailbox *box);
/* Wakes a taker that waits, unless it waits for more. */
void mailbox_ring(struct mailbox *box);
/* Waits until something came, or the time of mailbox_due() is there. */
void mailbox_wait(struct mailbox *box);
/* The taker waits until then at the longest, on the monotonic clock; UINT64_MAX: for ever, as at first. */
void mailbox_due(struct mailbox *box, uint64_t until_ms);
/* Waits until so many posts are there, or the box is full, but no longer than that. */
void mailbox_wait_more(struct mailbox *box, size_t count, uint64_t most_ns);
/* Swaps what waits for *batch, which is emptied first (its memory stays). True if the box had been full. */
bool mailbox_take(struct mailbox *box, struct batch *batch);

/* The taker goes away: what waits and what comes is dropped, who waits for room goes on. */
void mailbox_shut(struct mailbox *box);

#endif
