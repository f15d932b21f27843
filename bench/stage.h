/* stage.h - the server's core and store in this process, with devices that need no network: for a day in minutes, and for a store that
 * is full before a server opens it. Nothing stands between a device and the core but the frames themselves; signatures that a
 * loop would check are not looked at. The clock is the caller's. One thread. */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include "bench/device.h"
#include "core/core.h"
#include "proto/stream.h"
#include "store/store.h"

struct stage;

/* Who plays: a device with an account of its own. */
struct actor {
    uint32_t number;     /* its place in the caller's list, from 0 */
    uint32_t sessions;   /* so far */
    uint64_t connection; /* 0: not here */
    uint64_t op;         /* the highest it has used */
    uint8_t account_id[ACCOUNT_ID], device_id[DEVICE_ID], public_key[ED25519_PUBLIC];
};

/* A frame for somebody, once it is durable; `frame` borrows. False: stop, a message is on stderr. */
typedef bool stage_heard(void *context, uint32_t actor, const struct proto_frame *frame);

struct stage {
    struct store *store; /* read-only, as all that follows */
    struct core *core;
    uint64_t now_ms;  /* the caller's: monotonic */
    uint64_t wall_ms; /* the time of day when that was 0 */
    sotto_crypto *crypto;
    sotto_sign_key *root, *server_key;
    sotto_buf root_cert;
    struct core_config config;
    struct core_effects effects;
    struct rng rng;
    stage_heard *heard;
    void *context;
    uint64_t commits;
    sotto_buf frame; /* of who speaks */
};

/* All that give bool: false, and a message is on stderr. */

/* path: of the database; NULL: in memory. limits: {0} is none at all. wall_ms: the time of day at now_ms 0. */
bool stage_open(struct stage *stage, const char *path, const struct limits *limits,
                uint64_t wall_ms, stage_heard *heard, void *context);
void stage_close(struct stage *stage);

/* Registers it, with new keys, which are *ret_keys (NULL: not needed any more). */
bool stage_register(struct stage *stage, struct actor *actor, struct device_keys *ret_keys);
/* Signs it in; what it hears then comes with the next stage_settle(). */
bool stage_arrive(struct stage *stage, struct actor *actor);
bool stage_leave(struct stage *stage, struct actor *actor);
/* It makes this stream, and adds the others. */
bool stage_stream(struct stage *stage, struct actor *maker, const struct device_keys *keys,
                  const uint8_t stream[PROTO_STREAM_ID], const struct actor *const *others,
                  size_t other_count);
/* The frame that was written (or failed to be) into stage->frame is its next request. */
bool stage_say(struct stage *stage, const struct actor *actor, sotto_err written);
/* Time's part, the commit, and then everybody hears what there is to hear. */
bool stage_settle(struct stage *stage);

#endif
