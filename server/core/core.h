/* core.h - all that the server knows and decides, as one pure step function: events and the time in, effects out. No socket, no
 * clock, no thread, no randomness of its own (each step may draw from the rng it is given). One thread owns it.
 *
 * A connection is a number that the shell gives; the core hears of it after TLS and the WebSocket upgrade ("open"), then one
 * event for each whole frame, then "closed", exactly once. The shell answers hello's signature itself (server/net): the core sees
 * connections that said hello. Effects come in order for each connection.
 *
 * What must survive stands in the store. The shell steps through all events that wait, then calls core_commit(), and only then
 * releases the effects that are held: so whoever hears "done" hears of something durable, and one transaction serves many. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "core/limits.h"
#include "crypto/rng.h"
#include "crypto/x509.h"

struct core; /* opaque */
struct store;

enum core_rooms { ROOMS_OPEN, ROOMS_MEMBERS, ROOMS_OFF }; /* who may open rooms */

#define CORE_DOMAINS_MAX 16

/* What the core is told once, and again when the configuration is read anew. All borrowed. */
struct core_config {
    struct limits limits;
    struct store *store; /* NULL: rooms alone, no accounts; core_configure() leaves it */
    enum core_rooms rooms;
    view host;             /* the right half of names: alice@HOST */
    uint8_t pin[X509_PIN]; /* of the root key */
    const sotto_sign_key *
        authority; /* signs account certificates: the root key or the intermediate's; NULL: neither is here */
    view chain[2]; /* certificates above an account's: the intermediate if there is one, root */
    size_t chain_count;
    bool authority_is_root;
    const sotto_sign_key *server_key; /* signs notices */
    const struct secret *blob_key;    /* of the tickets of this run; NULL: blobs are not kept */
    bool registration_open;           /* anybody may register without invite: for tests and labs */
    bool members_invite;              /* members may make invites */
    view
        mail_domains[CORE_DOMAINS_MAX]; /* a client may ask for a password for addresses in these */
    size_t mail_domain_count;
};

/* The address as limits see it: the IPv4 address (4 bytes), or the /56 of an IPv6 one (7 bytes), zero-padded, with the family
 * (4 or 6) in the last byte; the shell fills it. */
struct core_address {
    uint8_t bytes[16];
};

/* How short of memory the server is. Each level refuses what those before it do, too; what was acknowledged is delivered at any. */
enum core_pressure {
    CORE_PRESSURE_NONE,
    CORE_PRESSURE_STRANGERS, /* no new connections: the gate's */
    CORE_PRESSURE_SESSIONS,  /* nobody signs in who is not */
    CORE_PRESSURE_SENDS      /* nothing new is taken */
};

enum core_event_kind {
    CORE_OPEN,       /* a connection said hello; address and binding are filled */
    CORE_OPEN_ADMIN, /* one over the admin socket: requests of core/admin.h alone */
    CORE_FRAME,      /* one whole frame; `frame` is borrowed for the step */
    CORE_CLOSED,     /* the connection has ended; drained: false if it broke */
    CORE_BLOB,       /* a blob came whole, and is durable: `blob`; answered by CORE_BLOB_KEPT */
    CORE_BLOBS_FOUND, /* files of blobs are there: `frame` has their hashes; CORE_BLOB_GONE for those without a row */
    CORE_WRITTEN, /* the socket has taken so many bytes of what was pushed to the connection: `written` */
    CORE_SPACE,  /* the disk has got full, or has space again: `full` */
    CORE_MEMORY, /* the server is short of memory, or no longer: `pressure` */
    CORE_STOP    /* the server stops: say bye to everybody */
};

struct core_blob {
    uint8_t hash[32];
    uint64_t size;
    uint64_t account; /* number of who sent it, as its ticket says */
};

struct core_event {
    enum core_event_kind kind;
    uint64_t connection;
    struct core_address address;
    uint8_t nonce
        [32]; /* CORE_OPEN: hello_ok.nonce, what requests that are signed for one connection name */
    view frame;
    struct core_blob blob;       /* CORE_BLOB */
    uint64_t written;            /* CORE_WRITTEN */
    bool full;                   /* CORE_SPACE */
    enum core_pressure pressure; /* CORE_MEMORY */
    bool clean;                  /* CORE_CLOSED: the client said goodbye */
    bool slow;                   /* CORE_CLOSED: we closed it since it read too slowly */
};

enum core_effect_kind {
    CORE_SEND,  /* bytes: one whole frame for this connection */
    CORE_CLOSE, /* close after what was sent before */
    CORE_PAUSE, /* stop reading from this connection until until_ms: its bytes are over the limit (nothing is dropped) */
    CORE_LOG, /* a line for people: bytes, without personal data; connection: whose event it was, 0 for time */
    CORE_SETTLED, /* the connection signed in or sits in a room now: it no longer counts as unauthenticated */
    CORE_UNSETTLED, /* neither any more */
    CORE_BLOB_KEPT, /* whether the blob that this connection sent is kept now: `verdict` */
    CORE_BLOB_GONE, /* the blob with this hash (bytes) has no row any more: its file may be deleted, unless it is being sent again */
    CORE_MAIL       /* there is mail to send: whoever sends asks for it */
};

struct core_effect {
    enum core_effect_kind kind;
    uint64_t connection;
    uint64_t source; /* who is held up if the connection reads too slowly; 0: nobody */
    uint64_t until_ms;
    const char *event; /* CORE_LOG: what it is about, for programs: room, account, mail */
    sotto_err verdict; /* CORE_BLOB_KEPT: NOTFOUND, DENIED, QUOTA, CONFLICT: it is not */
    size_t at, len;    /* the bytes, in core_effects.bytes; several effects may share them */
    bool pushed;       /* CORE_SEND: tell by CORE_WRITTEN when its `len` bytes are written */
    bool
        held; /* release it only after core_commit(); drop it if that fails, unless it is CORE_CLOSE */
};

/* What a batch of steps wants done; the caller keeps it and resets it, so that its memory is used again. */
struct core_effects {
    struct core_effect *list;
    size_t count, cap;
    sotto_buf bytes;
    bool held;       /* private: what is added now is held */
    uint64_t source; /* private: and comes of this connection's event */
};
void core_effects_reset(struct core_effects *fx);
void core_effects_clear(struct core_effects *fx);

/* Reads from the store what it needs to begin. NOMEM, IO, DAMAGED. */
SOTTO_MUST_USE sotto_err core_new(const struct core_config *config, uint64_t now_ms,
                                  struct core **ret_core);
/* The configuration was read anew. */
void core_configure(struct core *core, const struct core_config *config);
void core_free(struct core *core);

/* How the clock of the steps (monotonic, ms) relates to the time of day: wall_ms = now_ms + offset_ms. Tell it before the first step,
 * and whenever it changed. */
void core_set_wall(struct core *core, int64_t offset_ms);

/* What a loop checks of a frame before the core sees it: signatures that prove themselves by what the frame carries. Pure. OK also for
 * frames that need no such check. SIGNATURE, and what reading the body gives. */
struct core_binding { /* of the connection */
    uint8_t pin[X509_PIN];
    uint8_t nonce[32], exporter[32];
};
bool core_wants_precheck(view frame); /* by its kind alone; cheap */
SOTTO_MUST_USE sotto_err core_precheck(sotto_crypto *c, view frame,
                                       const struct core_binding *binding);

/* Applies one event. Appends to `fx`. NOMEM: the event was not applied, the connection has to be told and closed by the caller; what it
 * says until then is left aside.
 * EXISTS: CORE_OPEN of a number that is open. After CORE_CLOSE the core knows the connection no more: what still comes of it,
 * CORE_CLOSED too, changes nothing. DISK_FULL, IO, DAMAGED, or any error with core_is_broken(): it failed half-way: core_rollback(). */
SOTTO_MUST_USE sotto_err core_step(struct core *core, const struct core_event *event,
                                   uint64_t now_ms, struct rng *rng, struct core_effects *fx);

/* Whether a step failed half-way. */
bool core_is_broken(const struct core *core);
/* Whether something waits to be made durable, or undone. */
bool core_is_dirty(const struct core *core);
/* Makes it durable. OK: release what is held. DISK_FULL, NOMEM, IN_USE, CRYPTO: core_rollback(). IO, DAMAGED: stop the server, release nothing that is held. */
SOTTO_MUST_USE sotto_err core_commit(struct core *core, uint64_t now_ms, struct core_effects *fx);
/* Everything since the last commit is undone: drop what is held. All who were signed in, and who else waits for an answer that was
 * held, are told `why` and have to come again; what they ask anew has the same operation ids, so nothing is lost or doubled. The
 * rooms of all others go on. What time brings to the store is left for a minute. */
SOTTO_MUST_USE sotto_err core_rollback(struct core *core, sotto_err why, uint64_t now_ms,
                                       struct core_effects *fx);

/* Applies what time alone brings: rooms expire, entries grow old. Call at core_next_ms() or later; then core_commit(). */
SOTTO_MUST_USE sotto_err core_tick(struct core *core, uint64_t now_ms, struct core_effects *fx);

/* When core_tick() is due; UINT64_MAX: never. */
uint64_t core_next_ms(const struct core *core);

/* For /metrics. */
struct core_counts {
    uint64_t connections, rooms_open, rooms_total, frames_total, bytes_total, refused_total,
        code_failures_total, commits_total;
    uint64_t accounts, sessions, prekeys_low, mails_waiting;
    uint64_t mails_sent_total, mails_failed_total; /* FAILED: tries; most are made again */
    uint64_t mails_given_up_total;
    uint64_t messages_total;  /* entries that were accepted */
    uint64_t delivered_total; /* entries that were pushed or read */
    uint64_t lost_total;      /* over a quota, or too old */
    uint64_t queued;          /* entries that are stored now */
    uint64_t queue_oldest_s;  /* when the oldest of them came, the time of day; 0: there is none */
    uint64_t blobs, blob_bytes;       /* stored now */
    uint64_t limited_total[RATE_ALL]; /* times that a rate held up or refused somebody */
    uint64_t bound_total[BOUND_ALL];  /* times that another limit did */
};
struct core_counts core_count(const struct core *core);

#endif
