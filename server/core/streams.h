/* streams.h - what the files about streams share: stream.c, subscription.c, answers.c, journal.c, push.c, retention.c, and one file a
 * request. Private to them; stream.h is what the rest of the core sees. Row formats: docs/store.md. */
#ifndef CORE_STREAMS_H
#define CORE_STREAMS_H

#include "core/state.h"

#define EPOCHS_BACK        3    /* how far behind the stream's epoch an append may be */
#define HEADERS_KEPT       4096 /* commit headers of a stream, the newest */
#define DELTAS_KEPT        256  /* epochs, the last, of which a group state has deltas */
#define READ_BYTES_MAX     (16 * 65536)
#define READ_MAX           4096       /* entries in one page, lost ones included */
#define CREDIT_MAX         (1u << 30) /* bytes */
#define HANDSHAKE_BLOB_MAX 4194304    /* bytes of a commit, welcome or delta */
#define SNAPSHOT_BLOB_MAX  16777216   /* bytes */
#define LOOKS_MAX          64 /* streams that wait to be looked at; more come again when they have grown */

/* What is newer in memory than in its row; embedded in streams and answers. They stand in the order in which they became so. */
struct dirty {
    struct link link;
    uint64_t since;     /* number of the journal's row that has the oldest change */
    uint64_t since_age; /* how old the journal was then */
    bool is_answers;
};

struct stream {
    uint64_t number;
    uint8_t id[STREAM_ID];
    uint8_t kind; /* proto_stream_kind */
    uint64_t epoch;
    uint64_t head;    /* seq of the newest entry; 0: none yet */
    uint64_t first;   /* seq of the oldest that is still here; head + 1: none */
    uint64_t lost_to; /* up to here what was application's is lost; 0: nothing was */
    uint64_t bytes,
        passed; /* bytes of all entries ever, and of those up to max(first - 1, lost_to), about */
    uint64_t gone; /* of `passed`, those that are surely stored no more */
    struct list here,
        away; /* subscriptions of devices that are signed in and known to be; all others */
    uint32_t here_count, behind; /* how many are in `here`, and behind while they listen */
    uint32_t active;             /* subscriptions that have not ended */
    struct dirty dirty;
    struct stream *next_touched;
    bool touched;  /* used in this transaction */
    bool changed;  /* its head or first moved in this transaction */
    bool dropping; /* `first` moved: the log is cut with the commit */
    bool stale;    /* the lowest cursor may have moved */
};

struct subscription {
    struct stream *stream;
    uint64_t device_number, account;
    struct device *device; /* NULL: away */
    uint64_t cursor;       /* acknowledged up to here */
    uint64_t from;         /* it reads what comes after this */
    uint64_t lost_to;      /* up to here what was application's is lost to it; 0: nothing was */
    uint64_t until,
        until_s; /* 0: it has not ended; else up to which seq it reads, and since when */
    uint64_t out,
        back; /* it was removed and came again: what comes after `out` up to `back` is not for it; 0: none */
    uint64_t corrects; /* the epoch whose access token it may correct, though it left; 0: none */
    bool left;         /* it ended by itself: reads nothing, and no commit has removed it since */
    struct link of_stream, of_device;
    struct subscription *next_moved;
    bool behind; /* it listens, but is pushed nothing until a read has reached the head */
    bool moved;  /* its cursor did, in this transaction */
    bool dirty;  /* and since its row was written */
};

struct answer {
    uint64_t op, seq, at_ms;
    uint8_t hash[16]; /* of the request's body: the first bytes of SHA-256 */
    uint16_t verdict; /* sotto_err */
};

struct answers {
    uint64_t device_number;
    uint64_t highest_op;
    uint64_t inbox;
    uint8_t inbox_id[STREAM_ID];
    struct answer *ring;
    uint32_t first, count, cap;
    struct dirty dirty;
};

struct streams {
    struct map
        by_number; /* streams; numbers are ours, so nobody can choose them, and the maps need no secret keys */
    struct map answers; /* by device number */
    struct list dirty;  /* by rising `since` */
    size_t dirty_count;
    struct stream *touched;
    struct subscription *moved;
    sotto_buf items; /* of the journal: this transaction's */
    sotto_buf entry; /* being put together */
    uint64_t journal_first, journal_next;
    uint64_t journal_age; /* how much was written, in rows or pages of them */
    uint64_t next_stream;
    uint64_t queued, queued_kept; /* entries that are stored; what the journal says of it */
    uint64_t flush_due_ms, retention_due_ms, looks_due_ms;
    uint64_t
        oldest_s; /* when the oldest entry came, as retention.c saw it last, when there were so many: */
    uint64_t oldest_queued, oldest_messages, oldest_due_ms;
    uint64_t looks[LOOKS_MAX]; /* streams whose readers' queues are to be looked at */
    size_t look_count;
    uint64_t look_after; /* of the first: the device that was looked at last */
    bool replaying;      /* the journal: nothing is written, since there may be no space */
};

/* Entries up to this one wait for nobody: they are gone, or lost if they could be. */
static inline uint64_t passed_to(uint64_t first, uint64_t lost_to)
{
    return first - 1 > lost_to ? first - 1 : lost_to;
}

static inline bool subscription_ended(const struct subscription *sub)
{
    return sub->until > 0;
}

/* The last seq that it may read. */
static inline uint64_t subscription_limit(const struct subscription *sub)
{
    return subscription_ended(sub) && sub->until < sub->stream->head ? sub->until
                                                                     : sub->stream->head;
}

/* Whether it may read this one, if it is still here. */
static inline bool subscription_has(const struct subscription *sub, uint64_t seq)
{
    return seq > sub->from && seq <= subscription_limit(sub) &&
           !(seq > sub->out && seq <= sub->back);
}

/* --- stream_row.c: rows of STREAM and SUBSCRIPTION, and how an entry stands in the log --- */

/* struct { opaque id[16]; uint8 kind; uint64 epoch; uint64 head; uint64 first; uint64 lost_to; uint64 bytes; uint64 passed; uint64 gone;
 *          opaque token_hash[32]; opaque previous_token_hash[32]; uint64 previous_until_s; opaque header_hash[32];
 *          uint64 state_key_epoch; uint64 snapshot_epoch; uint64 forsaken_s; } stream_row; */
struct stream_row {
    uint8_t id[STREAM_ID];
    uint8_t kind;
    uint64_t epoch, head, first, lost_to, bytes, passed, gone;
    uint8_t token_hash[STREAM_TOKEN];
    uint8_t previous_token_hash[STREAM_TOKEN];
    uint64_t previous_until_s; /* the previous one is good until then; 0: there is none */
    uint8_t header_hash[IDENTITY_HASH];
    uint64_t state_key_epoch, snapshot_epoch;
    uint64_t forsaken_s; /* when its last subscriber left, if nobody came since; 0: never */
};
SOTTO_MUST_USE sotto_err stream_row_read(view value, struct stream_row *ret_row);
SOTTO_MUST_USE sotto_err stream_row_write(const struct stream_row *row, sotto_buf *out);

/* struct { uint64 cursor; uint64 from; uint64 until; uint64 until_s; uint64 lost_to; uint64 account;
 *          uint64 out; uint64 back; uint8 left; uint64 corrects; } subscription_row; */
struct subscription_row {
    uint64_t cursor, from, until, until_s, lost_to, account, out, back;
    bool left;
    uint64_t corrects;
};
SOTTO_MUST_USE sotto_err subscription_row_read(view value, struct subscription_row *ret_row);
SOTTO_MUST_USE sotto_err subscription_row_write(const struct subscription_row *row, sotto_buf *out);

/* struct { uint64 seq; uint64 at_s; opaque header<V>; } header_row;  of a commit */
struct header_row {
    uint64_t seq, at_s;
    view header;
};
SOTTO_MUST_USE sotto_err header_row_read(view value, struct header_row *ret_row);
SOTTO_MUST_USE sotto_err header_row_write(const struct header_row *row, sotto_buf *out);

/* struct { uint64 at_ms; uint8 kind; opaque body<V>; } logged;  the tail of an entry frame, byte for byte */
struct logged {
    uint64_t at_ms;
    uint8_t kind;
    view body;
};
SOTTO_MUST_USE sotto_err logged_read(view bytes, struct logged *ret_logged);

/* struct { uint64 state_key_epoch; opaque body<V>; opaque blob<V>; } state_row; */
struct state_row {
    uint64_t state_key_epoch;
    view body, blob;
};
SOTTO_MUST_USE sotto_err state_row_read(view value, struct state_row *ret_row);
SOTTO_MUST_USE sotto_err state_row_write(const struct state_row *row, sotto_buf *out);

/* --- stream.c --- */

/* Into memory, if it isn't there; it stays for the transaction. NOTFOUND, NOMEM, errors of the store. */
SOTTO_MUST_USE sotto_err stream_get(struct step *s, uint64_t number, struct stream **ret_stream);
SOTTO_MUST_USE sotto_err stream_number_find(struct step *s, const uint8_t id[STREAM_ID],
                                            uint64_t *ret_number);
/* NULL: it is not in memory. */
struct stream *stream_resident(const struct core *core, uint64_t number);
void stream_touch(struct core *core, struct stream *stream);
/* Lets go of it if nothing needs it in memory. */
void stream_let_go(struct core *core, struct stream *stream);

/* Its row, with what memory knows better; and back. Errors of the store. */
SOTTO_MUST_USE sotto_err stream_row_get(struct step *s, const struct stream *stream,
                                        struct stream_row *ret_row);
SOTTO_MUST_USE sotto_err stream_row_put(struct step *s, const struct stream *stream,
                                        struct stream_row *row);

/* A new one without subscribers. EXISTS: the id is taken. */
SOTTO_MUST_USE sotto_err stream_make(struct step *s, const uint8_t id[STREAM_ID], uint8_t kind,
                                     const uint8_t token_hash[STREAM_TOKEN],
                                     struct stream **ret_stream);
/* Everything of it goes; nobody subscribes to it any more. */
SOTTO_MUST_USE sotto_err stream_erase(struct step *s, struct stream *stream);

/* Appends and pushes. NOMEM, errors of the store: all since the last commit is to be undone. `poster` may be NULL. */
SOTTO_MUST_USE sotto_err stream_append(struct step *s, struct stream *stream, uint8_t kind,
                                       view body, struct subscription *poster,
                                       struct proto_appended *ret_appended);

/* Whether this is the access token of the epoch; or of the one before it, as long as that is good. */
SOTTO_MUST_USE sotto_err stream_token_matches(struct step *s, const struct stream_row *row,
                                              view token, bool *ret_now, bool *ret_before);
/* The token of the epoch changes. */
void stream_token_set(struct step *s, struct stream_row *row, const uint8_t hash[STREAM_TOKEN]);

/* --- quota.c --- */

/* The stream has grown by an entry of so many bytes: now and then its readers' queues are looked at. */
void quota_expect(struct step *s, const struct stream *stream, uint64_t bytes);
/* Looks at some of those that wait for it, `effort` at most: of a device for which too much waits, the oldest application entries are
 * lost. Errors of the store. */
SOTTO_MUST_USE sotto_err quota_look(struct step *s, size_t effort);
/* The quota's part of streams_tick() and streams_next_ms(). */
SOTTO_MUST_USE sotto_err quota_tick(struct step *s);
uint64_t quota_next_ms(const struct streams *all);
/* Entries of this kind are lost over a quota; all others stay. */
static inline bool may_be_lost(uint8_t kind)
{
    return kind == ENTRY_APPLICATION || kind == ENTRY_REQUEST;
}
/* The oldest entry is `first` now. */
void stream_set_first(struct step *s, struct stream *stream, uint64_t first);
/* What all have acknowledged is dropped, and what is lost to all others, too. Errors of the store. */
SOTTO_MUST_USE sotto_err stream_drop_read(struct step *s, struct stream *stream);

/* --- conversations.c --- */

/* Whether one of its devices subscribes. */
bool account_reads(const struct stream *stream, uint64_t account);
/* It is in one more, or in one less. */
SOTTO_MUST_USE sotto_err conversations_count(struct step *s, uint64_t account, bool more);
/* FULL, with its words: it is in as many as it may. */
SOTTO_MUST_USE sotto_err conversations_check(struct step *s, uint64_t account);
/* FULL, with its words: so many devices more, of so many accounts that are not in it yet, are too many. NOMEM. */
SOTTO_MUST_USE sotto_err stream_check_size(struct step *s, const struct stream *stream,
                                           uint64_t devices, uint64_t accounts);

/* --- subscription.c --- */

/* One that ended then can claim nothing any more: that is so long ago. */
bool is_long_ended(const struct step *s, uint64_t until, uint64_t until_s, bool left);
/* NULL: none. */
struct subscription *subscription_of(const struct stream *stream, uint64_t device_number);
/* Makes one that reads what comes after the head, or lets one that has ended go on. */
SOTTO_MUST_USE sotto_err subscription_add(struct step *s, struct stream *stream,
                                          struct device *device);
/* It is removed: reads up to the head, and nothing that comes later. May free it. */
SOTTO_MUST_USE sotto_err subscription_end(struct step *s, struct subscription *sub);
/* It reads nothing any more. Frees it. */
SOTTO_MUST_USE sotto_err subscription_remove(struct step *s, struct subscription *sub);
/* The device wants it no more: it reads nothing from here on, and whether it was removed or went by itself stays known. */
SOTTO_MUST_USE sotto_err subscription_leave(struct step *s, struct subscription *sub);
/* Who left by itself has shown the token of the epoch before: it may correct the one of this epoch, and nothing else. */
SOTTO_MUST_USE sotto_err subscription_correct(struct step *s, struct subscription *sub);
/* As subscription_find(), but only for who may correct the access token: who reads the stream, or has shown the token before. */
SOTTO_MUST_USE sotto_err subscription_find_corrector(struct step *s, struct device *device,
                                                     const uint8_t stream_id[STREAM_ID],
                                                     struct subscription **ret_subscription);
/* Its cursor moves up to `seq`; nothing happens if it has been there. */
SOTTO_MUST_USE sotto_err subscription_move(struct step *s, struct subscription *sub, uint64_t seq);
void subscription_set_behind(struct subscription *sub, bool behind);
/* Takes a subscription that is in no list yet into its stream's; its device may be signed in. */
void subscription_link(struct core *core, struct subscription *sub);
void subscription_free(struct subscription *sub);
/* Writes its row. */
SOTTO_MUST_USE sotto_err subscription_put(struct step *s, struct subscription *sub);
/* The table in which a device's subscription to a stream stands, besides its row: by whether it left by itself. */
enum store_table subscription_index(bool left);
/* The next stream that a device subscribes to and did not leave, by number, behind `after`. NOTFOUND. */
SOTTO_MUST_USE sotto_err subscribed_next(struct step *s, uint64_t device_number, uint64_t after,
                                         uint64_t *ret_stream);
/* Streams in memory and rows alike. */
struct standing {
    uint8_t stream[STREAM_ID];
    uint8_t kind;
    uint64_t cursor, until, head, epoch, first;
    uint64_t passed;         /* up to here nothing waits for the device */
    uint64_t entries, bytes; /* that wait for it; bytes: about */
    bool behind;
    bool over; /* it reads nothing any more */
};
SOTTO_MUST_USE sotto_err subscription_standing(struct step *s, uint64_t stream_number,
                                               uint64_t device_number,
                                               struct standing *ret_standing);

/* --- answers.c --- */

/* struct { uint64 op; uint64 seq; uint64 at_ms; opaque hash[16]; uint16 verdict; } answer;
 * struct { uint64 inbox; opaque inbox_id[16]; uint64 highest_op; answer answers<V>; } answers_row;  answers: rising op */
SOTTO_MUST_USE sotto_err answers_row_read(view value, struct answers *ret_answers);
SOTTO_MUST_USE sotto_err answers_row_write(const struct answers *answers, sotto_buf *out);
void answers_release(struct answers *answers); /* frees what it holds */
void answers_free(struct answers *answers);
/* There are none any more. */
void answers_forget(struct streams *all, uint64_t device_number);
void journal_answer_read(struct rd *r, struct answer *out);
void journal_answer_write(struct wr *w, const struct answer *answer);
/* Into memory. NOTFOUND: no such device. */
SOTTO_MUST_USE sotto_err answers_get(struct step *s, uint64_t device_number,
                                     struct answers **ret_answers);
/* Adds one with a higher op than all before; the oldest goes if there are ANSWERS_MAX. */
SOTTO_MUST_USE sotto_err answers_add(struct answers *answers, const struct answer *answer);

/* What a request that carries an operation's number does, if it is not a retry. */
typedef sotto_err operation(struct step *s, const struct request *request,
                            struct proto_appended *ret_appended);
/* Does it, answers, and keeps the answer. A retry is answered as it was. CONFLICT: the number was used for something else. OLD_OP. */
SOTTO_MUST_USE sotto_err operation_run(struct step *s, const struct request *request, uint64_t op,
                                       operation *run);

/* --- push.c --- */

/* Room for pushing an entry of so many bytes. NOMEM. */
SOTTO_MUST_USE sotto_err push_reserve(struct step *s, const struct stream *stream, size_t bytes);
/* Pushes the frame that stands in the effects at `at`. */
void push(struct step *s, struct stream *stream, uint64_t seq, size_t at,
          const struct subscription *poster);

/* --- journal.c --- */

void dirty_mark(struct streams *all, struct dirty *dirty);
void dirty_unmark(struct streams *all, struct dirty *dirty);
/* This stream's head or first changed, and goes into the journal with the commit. */
SOTTO_MUST_USE sotto_err journal_stream(struct step *s, struct stream *stream);
/* This answer was given. */
SOTTO_MUST_USE sotto_err journal_answer(struct step *s, struct answers *answers,
                                        const struct answer *answer);
/* What the journal has is read into memory. */
SOTTO_MUST_USE sotto_err journal_replay(struct step *s);
/* Writes up to `max` of what is dirty into its rows, the oldest first. */
SOTTO_MUST_USE sotto_err journal_flush(struct step *s, size_t max);
/* The journal's part of streams_tick() and streams_next_ms(). */
SOTTO_MUST_USE sotto_err journal_tick(struct step *s);
uint64_t journal_next_ms(const struct streams *all);
#define JOURNAL_LIVES \
    1024 /* commits, or 4 KiB of them, after which what changed stands in its row */
#define JOURNAL_DIRTY 4096 /* streams and devices that are newer than their rows, at most */

/* One change, as replayed. */
enum journal_item_kind { ITEM_STREAM = 1, ITEM_CURSOR = 2, ITEM_ANSWER = 3 };
struct journal_item {
    uint8_t kind;
    uint64_t number; /* STREAM, CURSOR: the stream's; ANSWER: the device's */
    uint64_t device, cursor;
    uint64_t head, first, lost_to, bytes, passed, gone;
    struct answer answer;
};
void journal_item_read(struct rd *r, struct journal_item *out);
void journal_item_write(struct wr *w, const struct journal_item *item);

/* --- retention.c --- */

/* A stream that nobody subscribes to goes when nothing in it would be kept any longer. */
SOTTO_MUST_USE sotto_err retention_expect_end(struct step *s, const struct stream *stream);

/* --- blob_row.c --- */

/* struct { uint64 size; uint64 account; uint64 asked_s; uint64 named_s; uint32 refs; } blob_row; */
struct blob_row {
    uint64_t size;
    uint64_t account;          /* in whose quota it counts; 0: in nobody's */
    uint64_t asked_s, named_s; /* kept until then: for who asked for it; for entries that name it */
    uint32_t refs;             /* of group states: it is kept while there are some */
};
static inline uint64_t blob_over_s(const struct blob_row *row)
{
    return row->asked_s > row->named_s ? row->asked_s : row->named_s;
}
SOTTO_MUST_USE sotto_err blob_row_read(view value, struct blob_row *ret_row);
SOTTO_MUST_USE sotto_err blob_row_write(const struct blob_row *row, sotto_buf *out);
SOTTO_MUST_USE sotto_err blob_load(struct step *s, view hash, struct blob_row *ret_row);
/* Writes the row in place of the one before; {0}: there was none. */
SOTTO_MUST_USE sotto_err blob_save(struct step *s, view hash, const struct blob_row *before,
                                   const struct blob_row *row);
SOTTO_MUST_USE sotto_err blob_delete(struct step *s, view hash, const struct blob_row *row);
/* NOTFOUND, QUOTA (larger than `max`): a refusal with its words. An empty hash is OK, and 0 bytes. */
SOTTO_MUST_USE sotto_err blob_check(struct step *s, view hash, uint64_t max, uint64_t *ret_size);
/* It stays at least as long as an entry does. */
SOTTO_MUST_USE sotto_err blob_keep(struct step *s, view hash);
/* One reference more, or less. */
SOTTO_MUST_USE sotto_err blob_refer(struct step *s, view hash, bool more);

/* --- blob.c --- */

/* What is here already is kept as long as a new one would be, and counts for this account from here on. NOTFOUND; CONFLICT (another
 * size), QUOTA: with their words. */
SOTTO_MUST_USE sotto_err blob_ask_again(struct step *s, struct account *account,
                                        const uint8_t *hash, uint64_t size);
/* A blob has come whole. NOTFOUND: the account is gone; DENIED: disabled; QUOTA, CONFLICT. */
SOTTO_MUST_USE sotto_err blob_take(struct step *s, const struct core_blob *blob);
/* It counts in the quota of its account no more. */
SOTTO_MUST_USE sotto_err blob_uncount(struct step *s, const struct blob_row *row);
/* UNSUPPORTED, with its words: this server keeps none. */
SOTTO_MUST_USE sotto_err blob_check_on(struct step *s);
/* Fills in who has it and for how long, and answers with it. */
SOTTO_MUST_USE sotto_err blob_answer_ticket(struct step *s, const struct request *request,
                                            struct blob_ticket *ticket, uint64_t have);

/* --- blob_end.c --- */

/* Something may go then. */
void blobs_expect(struct step *s, uint64_t over_s);
/* All was undone: it is not tried again at once. */
void blobs_rest(struct step *s);
/* The same for the journal and retention. */
void streams_rest(struct step *s);
/* Blobs whose time is over go, a piece of them. */
SOTTO_MUST_USE sotto_err blobs_tick(struct step *s);
/* Of these hashes, side by side, those without a row are told to be gone. NOMEM, errors of the store. */
SOTTO_MUST_USE sotto_err blobs_found(struct step *s, view hashes);

/* --- state_put.c --- */

/* All of a stream's group state goes. */
SOTTO_MUST_USE sotto_err state_erase(struct step *s, uint64_t stream);

/* Keeps a piece of the group state, in place of what was there. A new snapshot ends what came before it. */
SOTTO_MUST_USE sotto_err state_keep(struct step *s, const struct stream *stream,
                                    struct stream_row *stream_row, uint64_t epoch, uint8_t kind,
                                    const struct state_row *row);

/* An epoch has begun, whether its commit brings a delta or not: the one that is too old now goes. */
SOTTO_MUST_USE sotto_err state_trim(struct step *s, const struct stream *stream);

/* --- headers.c --- */

/* The epoch that the commit with this seq made, and when it came. NOTFOUND: that is no commit, or one of before those whose headers are
 * kept. */
SOTTO_MUST_USE sotto_err commit_find(struct step *s, const struct stream *stream, uint64_t seq,
                                     uint64_t *ret_epoch, uint64_t *ret_at_s);

/* --- inbox.c --- */

/* QUOTA: nothing more goes in. */
SOTTO_MUST_USE sotto_err inbox_check(struct step *s, const struct device *device);

/* --- append.c --- */

/* Something that may be written to by this subscriber. */
SOTTO_MUST_USE sotto_err writer_find(struct step *s, const struct request *request,
                                     const uint8_t stream_id[STREAM_ID],
                                     struct subscription **ret_sub);

#endif
