/* loop.h - a loop thread: its connections, its timers, its mailbox, and what it needs to answer hello by itself. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdatomic.h>
#include <uv.h>

#include "net/conn.h"
#include "net/server.h"

/* What strangers cost most, handshakes and signatures, has so much of each half of a round (poll, then work); what is over waits for
 * the next one, and those who are in don't wait for it. */
#define LOOP_STRANGERS_NS 1000000

#define LOOP_SCRATCH (64 * 1024 + 16 * 1024) /* bytes: what is read where nothing is kept yet */

/* A connection's number: generation (32 bits), slot (24), loop (8); 0 is none. */
#define LOOP_SLOT_BITS 24
struct loop_slot {
    struct conn *conn; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct loop {
    struct server *server;
    unsigned index;
    uv_thread_t thread;
    uv_loop_t uv;
    int bell; /* an eventfd; -1: none yet */
    uv_poll_t bell_poll;
    atomic_bool rung; /* it was, and nobody has looked yet */
    uv_check_t check;
    uv_idle_t idle;   /* on while work is left: the loop doesn't sleep then */
    uv_timer_t timer; /* on while the wheel holds something */
    struct mailbox box;
    struct batch batch;
    struct wheel wheel;
    struct conn *work;
    struct loop_slot *slots;
    uint32_t slot_count, slot_free; /* slot_free: UINT32_MAX: none */
    size_t conn_count;
    sotto_buf scratch;
    sotto_crypto *crypto;
    struct kept *kept; /* held: whose key and TLS files these are */
    struct tls_context *tls;
    sotto_sign_key *key;
    atomic_uint_fast64_t beat; /* the last ping that was seen */
    uint64_t strangers_ns;     /* spent on handshakes and signatures in this half of the round */
    bool saw_strangers;        /* in the half before */
    bool was_away;             /* it stood in for long: what came meanwhile was not read yet */
    bool uv_on, runs;
    bool posted; /* the core has to be rung */
    bool stopping;
    uint64_t stop_ms;       /* then everything ends */
    size_t waiting;         /* connections with waits_core */
    atomic_bool wants_room; /* the core should ring when its mailbox has room */
};

/* In ms, of the moment when the loop woke; on its own thread. */
static inline uint64_t loop_now(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

static inline bool loop_is_tired(const struct loop *loop)
{
    return loop->strangers_ns >= LOOP_STRANGERS_NS;
}

/* Everything but the thread. */
SOTTO_MUST_USE sotto_err loop_init(struct loop *loop, struct server *server, unsigned index);
SOTTO_MUST_USE sotto_err loop_run(struct loop *loop);
/* Waits for the thread to end; loop_clear() after that. */
void loop_join(struct loop *loop);
void loop_clear(struct loop *loop);

/* From any thread: after mailbox_put(). */
void loop_ring(struct loop *loop);
/* The loop that a connection lives on; NULL if the number is none of ours. */
struct loop *loop_of(struct server *server, uint64_t connection);

/* For conn.c, on the loop's own thread. */
/* Takes over keys and certificates if there are newer ones; without memory for them the old ones stay. */
void loop_refresh(struct loop *loop);
SOTTO_MUST_USE sotto_err loop_slot_take(struct loop *loop, struct conn *conn);
void loop_slot_give(struct loop *loop, struct conn *conn);
void loop_work_add(struct loop *loop, struct conn *conn);
void loop_work_drop(struct loop *loop, struct conn *conn);
void loop_arm(struct loop *loop, struct conn *conn, uint64_t due_ms);
/* Tells the core; NOMEM. */
SOTTO_MUST_USE sotto_err loop_tell_core(struct loop *loop, const struct post *post, view bytes);
/* Tells the loop of another connection, which may be this one. NOMEM. */
SOTTO_MUST_USE sotto_err loop_tell(struct loop *loop, enum post_kind kind, uint64_t connection);

#endif
