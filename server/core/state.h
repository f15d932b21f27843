/* state.h - what the core knows. Private to server/core.
 *
 *   origin      an address that connections come from: how many, how many rooms they opened, its wrong codes
 *   connection  one that said hello; lives from CORE_OPEN to CORE_CLOSED, or to our CORE_CLOSE; perhaps signed in as a device
 *   room        two seats: the creator's, and the joiner's once somebody joined; it ends when either leaves
 *   slot        the number of a room; it outlives the room and rests before it is given out again
 *
 *   origin 1 - n connection 1 - n seat 2 - 1 room 1 - 1 slot
 *
 * Rows never move. What waits for a time waits in a list that is in the order of time by itself, since all in one list wait
 * equally long: idle connections, waiting rooms, all rooms, resting slots. */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "base/map.h"
#include "core/admin.h"
#include "core/blob_ticket.h"
#include "core/bucket.h"
#include "core/core.h"
#include "core/directory.h"
#include "core/fx.h"
#include "core/limiter.h"
#include "core/list.h"
#include "core/stream.h"
#include "core/uploads.h"
#include "proto/account.h"
#include "proto/proto.h"
#include "proto/stream.h"
#include "store/store.h"

#define ORIGIN_LINGER_MAX 16384 /* addresses that are remembered for their debts alone */
#define SLOT_REST_MAX \
    131072 /* slots that rest; then the oldest is given out again before its time */

/* Keys are numbers and ids side by side, numbers big-endian, so that they are in order. */
struct row_key {
    uint8_t bytes[STORE_KEY_MAX];
    size_t len;
};

struct origin {
    uint64_t number;        /* the address */
    uint32_t connections;   /* 0: it lingers until its debts have leaked */
    uint32_t rooms;         /* opened from here */
    struct bucket wrong;    /* codes */
    struct bucket openings; /* rooms */
    struct link lingering;
};

struct connection {
    uint64_t id;
    struct origin *origin;
    struct seat *seats; /* in how many rooms it sits: a list by seat->next */
    struct bucket requests;
    uint32_t eighths; /* of 1, below 8: not taken from `requests` yet */
    struct link idle; /* in core->idle while it is neither signed in nor in a room */
    uint64_t idle_since_ms;
    struct link asking;    /* in core->asking */
    struct device *device; /* signed in as; NULL: not */
    uint64_t unwritten;    /* bytes that were pushed to it and wait for it to read on */
    uint8_t nonce[32];     /* of its hello */
    uint32_t room_count;
    bool admin;   /* comes over the admin socket; has no origin */
    bool leaving; /* it is being dropped: no effects for it any more */
    bool ignored; /* a request of it could not be done: it is about to be closed */
};

struct seat {
    struct connection *owner; /* NULL: nobody sits here yet */
    struct room *room;
    struct seat *next; /* the owner's next seat */
    struct bucket bytes;
    bool confirmed;
};

enum { SEAT_CREATOR, SEAT_JOINER, SEAT_COUNT };

struct room {
    struct seat seats[SEAT_COUNT];
    struct slot *slot;
    uint64_t opened_ms;
    struct link waiting; /* in core->waiting until somebody joins */
    struct link living;  /* in core->living */
    uint8_t kind;        /* proto_room_kind */
    uint8_t suite_len;
    uint8_t suite[PROTO_SUITE_MAX];
};

struct slot {
    uint32_t number;
    uint8_t kind;      /* of its room */
    uint8_t verdict;   /* what one who comes too late is told: sotto_err */
    struct room *room; /* NULL: it rests */
    uint64_t rest_until_ms;
    struct link resting;
};

struct core {
    struct core_config config;
    struct store *store; /* NULL: rooms alone */
    sotto_crypto *crypto;
    int64_t wall_offset_ms;
    bool writing;   /* a transaction is open */
    bool broken;    /* the store failed half-way: all since the last commit is to be undone */
    bool disk_full; /* nothing new is accepted */
    enum core_pressure pressure;
    struct directory directory;
    struct row_key password_sweep; /* how far password.c has looked */
    struct streams *streams;       /* stream.c */
    struct uploads uploads;
    uint64_t blobs_due_ms; /* when blob_end.c looks again */
    struct limiter *limiter;
    struct bucket_rate request_rate, byte_rate, wrong_rate, opening_rate;
    bool keyed;   /* the maps have their keys, and it has: */
    uint64_t run; /* random, not 0: tells this run of the server from earlier ones */
    bool stopping;
    struct map connections, origins, slots;
    struct list idle;      /* connections, by idle_since_ms */
    struct list asking;    /* connections, not signed in, that are answered after the commit */
    struct list waiting;   /* rooms, by opened_ms */
    struct list living;    /* rooms, by opened_ms */
    struct list resting;   /* slots, by rest_until_ms */
    struct list lingering; /* origins, the longest without a connection first */
    size_t lingering_count, resting_count;
    struct core_counts counts;
};

/* What one step works with. */
struct step {
    struct core *core;
    struct core_effects *fx;
    struct rng *rng; /* NULL in core_tick() */
    uint64_t now_ms;
    bool broken;                   /* the store failed */
    bool wrote;                    /* or was about to: rows, and what goes with them */
    uint32_t eighths;              /* of 1: what the request costs besides */
    uint32_t retry_ms;             /* for a refusal */
    char detail[PROTO_DETAIL_MAX]; /* for a refusal; "": the error's own sentence */
};

/* Effects and bytes that the end of one room, and everything else in one step, may take at most. */
#define ROOM_END_EFFECTS 4
#define ROOM_END_BYTES   (64 + FX_LOG_MAX)
#define STEP_EFFECTS     8
#define STEP_BYTES       (2 * (PROTO_HEADER + 16 + PROTO_DETAIL_MAX) + 2 * FX_LOG_MAX)

/* Whether one more is over a limit; a limit of 0 is none. */
static inline bool limit_reached(uint64_t count, uint64_t limit)
{
    return limit > 0 && count >= limit;
}

/* Fills in a refusal: gives `err` back, so that it can be returned. */
__attribute__((format(printf, 4, 5))) sotto_err step_refuse(struct step *s, sotto_err err,
                                                            uint64_t retry_ms, const char *format,
                                                            ...);

/* The same for a limit that was reached, which is counted. */
__attribute__((format(printf, 4, 5))) sotto_err step_bound(struct step *s, enum bound bound,
                                                           sotto_err err, const char *format, ...);

/* RATE: the server is as short of memory as that. */
SOTTO_MUST_USE sotto_err step_pressure(struct step *s, enum core_pressure level);
/* DISK_FULL, RATE: nothing new is accepted. What frees or is renewed goes on. */
SOTTO_MUST_USE sotto_err check_space(struct step *s);

/* RATE, counted, with the time to wait. `what`: "too many …". */
SOTTO_MUST_USE sotto_err step_slow_down(struct step *s, enum rate rate, uint64_t wait_ms,
                                        const char *what);
/* The same where `cost` does not fit; takes nothing. */
SOTTO_MUST_USE sotto_err step_limit(struct step *s, enum rate rate, uint64_t who, uint64_t whom,
                                    uint64_t cost, const char *what);
void step_take(struct step *s, enum rate rate, uint64_t who, uint64_t whom, uint64_t cost);

/* The time of day. */
static inline uint64_t step_wall_ms(const struct step *s)
{
    return (uint64_t)((int64_t)s->now_ms + s->core->wall_offset_ms);
}

/* --- rows.c: the store, inside the batch's one transaction, which the first of these calls that writes begins --- */

/* As store_get() and store_next(). */
SOTTO_MUST_USE sotto_err row_get(struct step *s, enum store_table table, view key, view *ret_value);
SOTTO_MUST_USE sotto_err row_next(struct step *s, enum store_table table, view prefix, view after,
                                  view *ret_key, view *ret_value);
SOTTO_MUST_USE sotto_err row_put(struct step *s, enum store_table table, view key, view value);
SOTTO_MUST_USE sotto_err row_delete(struct step *s, enum store_table table, view key);
/* Of rows whose keys are two numbers: the next one with this first number, its second one behind `after`. NOTFOUND. */
SOTTO_MUST_USE sotto_err row_next_two(struct step *s, enum store_table table, uint64_t first,
                                      uint64_t after, uint64_t *ret_second);
/* The first row of DUE of this kind. NOTFOUND. */
SOTTO_MUST_USE sotto_err due_first(struct step *s, uint64_t kind, uint64_t *ret_time_s,
                                   uint64_t *ret_number);
/* Every verdict of the store passes this: what is no answer (NOTFOUND, EXISTS) marks the step as broken. Gives `err` back. */
static inline sotto_err row_verdict(struct step *s, sotto_err err)
{
    if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND && err != SOTTO_E_EXISTS)
        s->broken = true;
    return err;
}
/* After rows or memory have changed an error leaves nothing but to undo everything since the last commit. */
static inline sotto_err step_break(struct step *s, sotto_err err)
{
    if (err != SOTTO_OK)
        s->broken = true;
    return err;
}
/* Begins the transaction if none is open; before log_ calls that write. */
SOTTO_MUST_USE sotto_err rows_begin(struct step *s);

struct row_key row_key_u64(uint64_t number);
struct row_key row_key_two(uint64_t a, uint64_t b);
struct row_key row_key_id(uint64_t number, view id); /* id: at most 64 bytes */
/* What is to be done at a time, in DUE. */
struct row_key due_key(uint64_t kind, uint64_t time_s, uint64_t number);
#define DUE_STREAM 1 /* by when a stream's last subscriber left: it may go */
#define DUE_BLOBS  2 /* those of an account that has gone */
static inline view row_key_view(const struct row_key *key)
{
    return view_of(key->bytes, key->len);
}

/* --- origin.c --- */

/* The row of an address, made if there is none. NOMEM. */
SOTTO_MUST_USE sotto_err origin_get(struct core *core, const struct core_address *address,
                                    uint64_t now_ms, struct origin **ret_origin);
void origin_enter(struct core *core, struct origin *origin);
/* A connection fewer; with the last one the row lingers or goes. */
void origin_leave(struct core *core, struct origin *origin, uint64_t now_ms);

/* --- connection.c --- */

SOTTO_MUST_USE sotto_err connection_open(struct step *s, const struct core_event *event);
struct connection *connection_find(const struct core *core, uint64_t id);
/* Ends its rooms and forgets it, without a word to it. */
void connection_drop(struct step *s, struct connection *c, enum proto_room_end reason);
/* Says bye, closes and forgets it. */
void connection_end(struct step *s, struct connection *c, sotto_err reason,
                    enum proto_room_end room_reason);
/* It has asked, without being signed in, for what hangs on the next commit; that is done. */
void connection_ask(struct core *core, struct connection *c);
void connections_answered(struct core *core);
/* It takes a seat; it leaves one. */
void connection_sit(struct step *s, struct connection *c, struct seat *seat);
void connection_rise(struct step *s, struct seat *seat);
/* It has signed in as this device, whose session it is now; it signs out, staying connected. */
void connection_sign_in(struct step *s, struct connection *c, struct device *device);
void connection_sign_out(struct step *s, struct connection *c);
/* Its seat in the room with this number; NULL: it is no member. */
struct seat *connection_seat(const struct connection *c, uint32_t slot);

/* --- slot.c --- */

/* A number that is free, at random, and the memory to let it rest later. NOMEM; FULL. */
SOTTO_MUST_USE sotto_err slot_new(struct step *s, uint8_t kind, struct slot **ret_slot);
struct slot *slot_find(struct core *core, uint32_t number, uint64_t now_ms);
/* Its room is over. */
void slot_rest(struct core *core, struct slot *slot, sotto_err verdict, uint64_t now_ms);

/* --- room.c --- */

/* A room with its creator in it. NOMEM, FULL. */
SOTTO_MUST_USE sotto_err room_new(struct step *s, struct connection *creator,
                                  const struct proto_room_open *open, struct room **ret_room);
void room_join(struct step *s, struct room *room, struct connection *joiner);
void room_confirm(struct step *s, struct seat *seat);
/* Tells those who sit in it, but not the one who leaves, and lets the slot rest. `leaver` may be NULL: time or the server. */
void room_end(struct step *s, struct room *room, const struct seat *leaver,
              enum proto_room_end reason);
/* The seat across; its owner is NULL while nobody has joined. */
struct seat *room_across(const struct seat *seat);

/* --- request.c --- */

/* ADMIN: over the admin socket, where nothing else may be asked. ROOMS: whoever may open rooms here. GUEST: who has not signed in. */
#define REQUEST_WHO(X)                               \
    X(ANYBODY, "anybody")                            \
    X(ROOMS, "anybody, or members alone, or nobody") \
    X(IN_ROOM, "who sits in the room")               \
    X(GUEST, "who has not signed in")                \
    X(SIGNED_IN, "who has signed in")                \
    X(SUBSCRIBER, "who subscribes to the stream")    \
    X(ADMIN, "the admin socket")

enum who {
#define REQUEST_WHO_ENUM(name, text) name,
    REQUEST_WHO(REQUEST_WHO_ENUM)
#undef REQUEST_WHO_ENUM
};

union request_body {
    uint32_t slot;             /* requests about a room that one sits in begin with it */
    uint8_t stream[STREAM_ID]; /* requests about a stream that one subscribes to begin with it */
    uint32_t credit;           /* of listen */
    struct proto_list acks;
    struct proto_stream_create stream_create;
    struct proto_append append;
    struct proto_commit commit;
    struct proto_read read;
    struct proto_subscribe subscribe;
    struct proto_state_put state_put;
    struct proto_state_get state_get;
    struct proto_inbox_send inbox_send;
    struct proto_headers headers;
    struct proto_blob_put blob_put;
    struct proto_blob_get blob_get;
    struct proto_room_open room_open;
    struct proto_room_join room_join;
    struct proto_room_data room_data;
    struct proto_room_end_msg room_end;
    struct proto_auth auth;
    struct proto_register reg;
    struct proto_rotate rotate;
    struct proto_devices_put devices_put;
    struct proto_key_packages_put packages_put;
    struct proto_key_packages_claim claim;
    struct proto_account_remove remove;
    struct proto_invite_create invite_create;
    struct proto_invite_revoke invite_revoke;
    struct proto_list list;
    view text; /* the only field */
    struct admin_invite_create admin_create;
    struct admin_invite_key admin_key;
    struct admin_user admin_user;
    struct admin_mail_done mail_done;
    uint64_t after;
};

struct request {
    struct connection *from;
    struct seat *seat;                 /* IN_ROOM; else NULL */
    struct subscription *subscription; /* SUBSCRIBER; else NULL */
    uint32_t id;
    view bytes; /* the body as it came */
    union request_body body;
};

/* key_packages: what the device has. */
SOTTO_MUST_USE sotto_err request_answer_packages(struct step *s, const struct request *request);

/* What the admin's requests share: an account, by name or id; a name with the host behind it; the answer with a sentence. */
SOTTO_MUST_USE sotto_err admin_user_find(struct step *s, const struct proto_wanted *who,
                                         struct account **ret_account);
SOTTO_MUST_USE sotto_err admin_name_whole(struct step *s, view name, sotto_buf *out);
/* Whether somebody may get this name, if it isn't empty: at this host, and free. USAGE, EXISTS. */
SOTTO_MUST_USE sotto_err admin_name_check(struct step *s, view name);
__attribute__((format(printf, 3, 4))) SOTTO_MUST_USE sotto_err
admin_answer_done(struct step *s, const struct request *request, const char *format, ...);

/* One row a request. One that `reads` changes nothing of what is stored and has no op: without memory it is refused by itself. */
struct request_row {
    uint16_t kind;
    enum who who;
    uint64_t cost;
    bool reads;
    sotto_err (*read)(view body, union request_body *ret_body);
    sotto_err (*handle)(struct step *s, const struct request *request);
};
const struct request_row *request_table(size_t *ret_count);

/* Reads a frame and does what it asks. NOMEM: nothing was done, or it was done half-way (s->broken, s->wrote). */
SOTTO_MUST_USE sotto_err request_do(struct step *s, struct connection *from, view frame);

void request_answer_ok(struct step *s, const struct request *request);
/* registered: this account certificate and those above it. */
SOTTO_MUST_USE sotto_err request_answer_chain(struct step *s, const struct request *request,
                                              view certificate);

/* One file a request: how its body is read, and what it does. A refusal is returned; of class WIRE it ends the connection. */
sotto_err room_open_read(view body, union request_body *ret_body);
sotto_err room_on_open(struct step *s, const struct request *request);
sotto_err room_join_read(view body, union request_body *ret_body);
sotto_err room_on_join(struct step *s, const struct request *request);
sotto_err room_send_read(view body, union request_body *ret_body);
sotto_err room_on_send(struct step *s, const struct request *request);
sotto_err room_confirm_read(view body, union request_body *ret_body);
sotto_err room_on_confirm(struct step *s, const struct request *request);
sotto_err room_close_read(view body, union request_body *ret_body);
sotto_err room_on_close(struct step *s, const struct request *request);
sotto_err auth_read(view body, union request_body *ret_body);
sotto_err auth_on(struct step *s, const struct request *request);
sotto_err register_read(view body, union request_body *ret_body);
sotto_err register_on(struct step *s, const struct request *request);
sotto_err password_request_read(view body, union request_body *ret_body);
sotto_err password_request_on(struct step *s, const struct request *request);
sotto_err renew_read(view body, union request_body *ret_body);
sotto_err renew_on(struct step *s, const struct request *request);
sotto_err rotate_read(view body, union request_body *ret_body);
sotto_err rotate_on(struct step *s, const struct request *request);
sotto_err devices_put_read(view body, union request_body *ret_body);
sotto_err devices_put_on(struct step *s, const struct request *request);
sotto_err lookup_read(view body, union request_body *ret_body);
sotto_err lookup_on(struct step *s, const struct request *request);
sotto_err key_packages_put_read(view body, union request_body *ret_body);
sotto_err key_packages_put_on(struct step *s, const struct request *request);
sotto_err key_packages_count_read(view body, union request_body *ret_body);
sotto_err key_packages_count_on(struct step *s, const struct request *request);
sotto_err key_packages_claim_read(view body, union request_body *ret_body);
sotto_err key_packages_claim_on(struct step *s, const struct request *request);
sotto_err account_remove_read(view body, union request_body *ret_body);
sotto_err account_remove_on(struct step *s, const struct request *request);
sotto_err invite_create_read(view body, union request_body *ret_body);
sotto_err invite_create_on(struct step *s, const struct request *request);
sotto_err invite_revoke_read(view body, union request_body *ret_body);
sotto_err invite_revoke_on(struct step *s, const struct request *request);
sotto_err invites_read(view body, union request_body *ret_body);
sotto_err invites_on(struct step *s, const struct request *request);
sotto_err admin_plain_read(view body, union request_body *ret_body);
sotto_err admin_status_on(struct step *s, const struct request *request);
sotto_err admin_invite_create_body(view body, union request_body *ret_body);
sotto_err admin_invite_create_on(struct step *s, const struct request *request);
sotto_err admin_invite_list_body(view body, union request_body *ret_body);
sotto_err admin_invite_list_on(struct step *s, const struct request *request);
sotto_err admin_invite_revoke_body(view body, union request_body *ret_body);
sotto_err admin_invite_revoke_on(struct step *s, const struct request *request);
sotto_err admin_user_list_body(view body, union request_body *ret_body);
sotto_err admin_user_list_on(struct step *s, const struct request *request);
sotto_err admin_user_body(view body, union request_body *ret_body);
sotto_err admin_user_disable_on(struct step *s, const struct request *request);
sotto_err admin_user_enable_on(struct step *s, const struct request *request);
sotto_err admin_user_delete_on(struct step *s, const struct request *request);
sotto_err admin_user_quota_on(struct step *s, const struct request *request);
sotto_err admin_user_rename_on(struct step *s, const struct request *request);
sotto_err admin_device_list_on(struct step *s, const struct request *request);
sotto_err admin_device_revoke_on(struct step *s, const struct request *request);
sotto_err admin_mail_take_on(struct step *s, const struct request *request);
sotto_err admin_mail_done_body(view body, union request_body *ret_body);
sotto_err admin_mail_done_on(struct step *s, const struct request *request);
sotto_err stream_create_read(view body, union request_body *ret_body);
sotto_err stream_create_on(struct step *s, const struct request *request);
sotto_err append_read(view body, union request_body *ret_body);
sotto_err append_on(struct step *s, const struct request *request);
sotto_err commit_body_read(view body, union request_body *ret_body);
sotto_err commit_on(struct step *s, const struct request *request);
sotto_err read_read(view body, union request_body *ret_body);
sotto_err read_on(struct step *s, const struct request *request);
sotto_err ack_read(view body, union request_body *ret_body);
sotto_err ack_on(struct step *s, const struct request *request);
sotto_err listen_read(view body, union request_body *ret_body);
sotto_err listen_on(struct step *s, const struct request *request);
sotto_err streams_read(view body, union request_body *ret_body);
sotto_err streams_on(struct step *s, const struct request *request);
sotto_err subscribe_read(view body, union request_body *ret_body);
sotto_err subscribe_on(struct step *s, const struct request *request);
sotto_err unsubscribe_read(view body, union request_body *ret_body);
sotto_err unsubscribe_on(struct step *s, const struct request *request);
sotto_err state_put_read(view body, union request_body *ret_body);
sotto_err state_put_on(struct step *s, const struct request *request);
sotto_err state_get_read(view body, union request_body *ret_body);
sotto_err state_get_on(struct step *s, const struct request *request);
sotto_err inbox_send_read(view body, union request_body *ret_body);
sotto_err inbox_send_on(struct step *s, const struct request *request);
sotto_err headers_read(view body, union request_body *ret_body);
sotto_err headers_on(struct step *s, const struct request *request);
sotto_err blob_put_read(view body, union request_body *ret_body);
sotto_err blob_put_on(struct step *s, const struct request *request);
sotto_err blob_get_read(view body, union request_body *ret_body);
sotto_err blob_get_on(struct step *s, const struct request *request);

#endif
