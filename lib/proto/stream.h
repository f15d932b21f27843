/* stream.h - the frames about streams: what is appended, read, acknowledged, and the group state kept beside (docs/protocol.md).
 * As in proto.h: `read` parses a whole body, `write` appends a whole frame, views borrow.
 *
 * An item of a list: `next` takes it from an rd over the list's bytes, `add` appends it to a buffer while a list is put together. */
#ifndef PROTO_STREAM_H
#define PROTO_STREAM_H

#include "crypto/x509.h"
#include "proto/proto.h"

#define PROTO_HASH            32    /* bytes: SHA-256 */
#define PROTO_BODY_MAX        65024 /* bytes of one entry's body */
#define PROTO_INLINE_MAX      61440 /* bytes of a welcome, a delta or a snapshot that is no blob */
#define PROTO_SIGNED_MAX      1024  /* bytes of a commit header */
#define PROTO_COMMIT_ADDS_MAX 64
#define PROTO_ACKS_MAX        1024

/* What an entry is. Clients append APPLICATION, PROPOSAL, READD, BRANCH and TOKEN; the rest comes about by other requests. */
enum proto_entry_kind {
    ENTRY_APPLICATION = 1,
    ENTRY_COMMIT = 2,
    ENTRY_PROPOSAL = 3,
    ENTRY_READD = 4,
    ENTRY_BRANCH = 5,
    ENTRY_TOKEN = 6,
    ENTRY_NOTICE = 7,
    ENTRY_WELCOME = 8,
    ENTRY_REQUEST = 9,
    ENTRY_LOST = 255
};

/* struct { uint64 op; opaque stream[16]; opaque token_hash[32]; } stream_create; */
struct proto_stream_create {
    uint64_t op; /* at least 1 */
    uint8_t stream[PROTO_STREAM_ID];
    uint8_t token_hash[PROTO_HASH]; /* SHA-256 of the access token of epoch 0 */
};
SOTTO_MUST_USE sotto_err proto_stream_create_read(view body,
                                                  struct proto_stream_create *ret_create);
SOTTO_MUST_USE sotto_err proto_stream_create_write(uint32_t request,
                                                   const struct proto_stream_create *create,
                                                   sotto_buf *out);

/* struct { uint64 op; opaque stream[16]; uint64 epoch; uint8 kind; opaque body<V>; } append; */
struct proto_append {
    uint64_t op;
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t epoch;
    uint8_t kind; /* what clients append: see enum proto_entry_kind */
    view body;    /* 1 to PROTO_BODY_MAX bytes */
};
SOTTO_MUST_USE sotto_err proto_append_read(view body, struct proto_append *ret_append);
SOTTO_MUST_USE sotto_err proto_append_write(uint32_t request, const struct proto_append *append,
                                            sotto_buf *out);

/* struct { uint64 op; uint64 seq; uint64 at_ms; } appended; */
struct proto_appended {
    uint64_t op, seq, at_ms;
};
SOTTO_MUST_USE sotto_err proto_appended_read(view body, struct proto_appended *ret_appended);
SOTTO_MUST_USE sotto_err proto_appended_write(uint32_t request,
                                              const struct proto_appended *appended,
                                              sotto_buf *out);

/* struct { opaque account_id[32]; opaque device_id[16]; opaque welcome<V>; opaque welcome_blob<V>; } commit_add; */
struct proto_commit_add {
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t device_id[X509_DEVICE_ID];
    view welcome;      /* may be empty */
    view welcome_blob; /* empty, or the hash of a blob */
};
struct proto_commit_add proto_commit_add_next(struct rd *r);
SOTTO_MUST_USE sotto_err proto_commit_add_add(const struct proto_commit_add *item, sotto_buf *list);

/* struct { opaque account_id[32]; opaque device_id[16]; } commit_remove; */
struct proto_commit_remove {
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t device_id[X509_DEVICE_ID];
};
struct proto_commit_remove proto_commit_remove_next(struct rd *r);
SOTTO_MUST_USE sotto_err proto_commit_remove_add(const struct proto_commit_remove *item,
                                                 sotto_buf *list);

/* struct { uint64 op; opaque stream[16]; opaque header<V>; opaque body<V>; opaque blob<V>; opaque delta<V>; opaque delta_blob<V>;
 *          uint64 state_key_epoch; commit_add add<V>; commit_remove remove<V>; opaque token_hash[32]; } commit; */
struct proto_commit {
    uint64_t op;
    uint8_t stream[PROTO_STREAM_ID];
    view header;            /* lib/proto/commit_header.h, signed */
    view body, blob;        /* exactly one of them */
    view delta, delta_blob; /* at most one */
    uint64_t state_key_epoch;
    struct proto_list add;    /* of commit_add, at most PROTO_COMMIT_ADDS_MAX */
    struct proto_list remove; /* of commit_remove */
    uint8_t token_hash[PROTO_HASH];
};
SOTTO_MUST_USE sotto_err proto_commit_read(view body, struct proto_commit *ret_commit);
SOTTO_MUST_USE sotto_err proto_commit_write(uint32_t request, const struct proto_commit *commit,
                                            sotto_buf *out);

/* struct { opaque stream[16]; uint64 after; uint32 max_bytes; } read; */
struct proto_read {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t after;
    uint32_t max_bytes;
};
SOTTO_MUST_USE sotto_err proto_read_read(view body, struct proto_read *ret_read);
SOTTO_MUST_USE sotto_err proto_read_write(uint32_t request, const struct proto_read *read,
                                          sotto_buf *out);

/* struct { opaque stream[16]; uint64 seq; uint64 at_ms; uint8 kind; opaque body<V>; } entry; */
struct proto_entry {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t seq, at_ms;
    uint8_t kind;
    view body;
};
SOTTO_MUST_USE sotto_err proto_entry_read(view body, struct proto_entry *ret_entry);
SOTTO_MUST_USE sotto_err proto_entry_write(uint32_t request, const struct proto_entry *entry,
                                           sotto_buf *out);

/* The body of an entry of kind COMMIT: struct { opaque header<V>; opaque body<V>; opaque blob<V>; } */
struct proto_commit_entry {
    view header, body, blob;
};
SOTTO_MUST_USE sotto_err proto_commit_entry_read(view bytes, struct proto_commit_entry *ret_commit);
SOTTO_MUST_USE sotto_err proto_commit_entry_write(const struct proto_commit_entry *commit,
                                                  sotto_buf *out);

/* Of kind WELCOME: struct { opaque stream[16]; uint64 seq; opaque welcome<V>; opaque blob<V>; }  seq: of the commit */
struct proto_welcome_entry {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t seq;
    view welcome, blob;
};
SOTTO_MUST_USE sotto_err proto_welcome_entry_read(view bytes,
                                                  struct proto_welcome_entry *ret_welcome);
SOTTO_MUST_USE sotto_err proto_welcome_entry_write(const struct proto_welcome_entry *welcome,
                                                   sotto_buf *out);

/* Of kind REQUEST: struct { opaque account_id[32]; opaque device_id[16]; opaque body<V>; }  the sender, as the server knows it */
struct proto_request_entry {
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t device_id[X509_DEVICE_ID];
    view body;
};
SOTTO_MUST_USE sotto_err proto_request_entry_read(view bytes,
                                                  struct proto_request_entry *ret_request);
SOTTO_MUST_USE sotto_err proto_request_entry_write(const struct proto_request_entry *request,
                                                   sotto_buf *out);

/* Of kind LOST: struct { uint64 from; }  everything from there to the entry's own seq is lost */
SOTTO_MUST_USE sotto_err proto_lost_entry_read(view bytes, uint64_t *ret_from);
SOTTO_MUST_USE sotto_err proto_lost_entry_write(uint64_t from, sotto_buf *out);

/* struct { opaque stream[16]; uint64 next; uint64 head; uint8 live; } read_end; */
struct proto_read_end {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t next, head;
    uint8_t live;
};
SOTTO_MUST_USE sotto_err proto_read_end_read(view body, struct proto_read_end *ret_end);
SOTTO_MUST_USE sotto_err proto_read_end_write(uint32_t request, const struct proto_read_end *end,
                                              sotto_buf *out);

/* struct { opaque stream[16]; uint64 seq; } ack_item;  struct { ack_item acks<V>; } ack;
 * acks: 1 to PROTO_ACKS_MAX of them. */
struct proto_ack_item {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t seq;
};
struct proto_ack_item proto_ack_next(struct rd *r);
SOTTO_MUST_USE sotto_err proto_ack_add(const struct proto_ack_item *item, sotto_buf *list);
SOTTO_MUST_USE sotto_err proto_ack_read(view body, struct proto_list *ret_acks);
SOTTO_MUST_USE sotto_err proto_ack_write(uint32_t request, const struct proto_list *acks,
                                         sotto_buf *out);

/* struct { uint32 credit; } listen; */
SOTTO_MUST_USE sotto_err proto_listen_read(view body, uint32_t *ret_credit);
SOTTO_MUST_USE sotto_err proto_listen_write(uint32_t request, uint32_t credit, sotto_buf *out);

/* struct { opaque stream[16]; uint64 head; } behind; */
struct proto_behind {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t head;
};
SOTTO_MUST_USE sotto_err proto_behind_read(view body, struct proto_behind *ret_behind);
SOTTO_MUST_USE sotto_err proto_behind_write(const struct proto_behind *behind, sotto_buf *out);

/* struct { opaque after[16]; } streams;  zeros: from the first on */
SOTTO_MUST_USE sotto_err proto_streams_read(view body, uint8_t ret_after[PROTO_STREAM_ID]);
SOTTO_MUST_USE sotto_err proto_streams_write(uint32_t request, const uint8_t after[PROTO_STREAM_ID],
                                             sotto_buf *out);

enum proto_stream_kind { STREAM_CONVERSATION = 1, STREAM_INBOX = 2 };

/* struct { opaque stream[16]; uint8 kind; uint64 cursor; uint64 head; uint64 epoch; uint64 first; uint8 live; } listed_stream;
 * struct { uint8 more; listed_stream streams<V>; } stream_list; */
struct proto_listed_stream {
    uint8_t stream[PROTO_STREAM_ID];
    uint8_t kind; /* proto_stream_kind */
    uint64_t cursor, head, epoch;
    uint64_t first; /* the oldest entry that is still here; head + 1: none is */
    uint8_t live;
};
#define PROTO_LISTED_STREAM 50 /* bytes of one */
struct proto_stream_list {
    uint8_t more;
    struct proto_list streams;
};
struct proto_listed_stream proto_listed_stream_next(struct rd *r);
SOTTO_MUST_USE sotto_err proto_listed_stream_add(const struct proto_listed_stream *item,
                                                 sotto_buf *list);
SOTTO_MUST_USE sotto_err proto_stream_list_read(view body, struct proto_stream_list *ret_list);
SOTTO_MUST_USE sotto_err proto_stream_list_write(uint32_t request,
                                                 const struct proto_stream_list *list,
                                                 sotto_buf *out);

/* struct { uint64 op; opaque stream[16]; opaque token<V>; } subscribe; */
#define PROTO_TOKEN_MAX 64 /* bytes of an access token */
struct proto_subscribe {
    uint64_t op;
    uint8_t stream[PROTO_STREAM_ID];
    view token; /* at least 1 byte */
};
SOTTO_MUST_USE sotto_err proto_subscribe_read(view body, struct proto_subscribe *ret_subscribe);
SOTTO_MUST_USE sotto_err proto_subscribe_write(uint32_t request,
                                               const struct proto_subscribe *subscribe,
                                               sotto_buf *out);

/* struct { opaque stream[16]; } unsubscribe; */
SOTTO_MUST_USE sotto_err proto_unsubscribe_read(view body, uint8_t ret_stream[PROTO_STREAM_ID]);
SOTTO_MUST_USE sotto_err proto_unsubscribe_write(uint32_t request,
                                                 const uint8_t stream[PROTO_STREAM_ID],
                                                 sotto_buf *out);

enum proto_state_kind { STATE_SNAPSHOT = 1, STATE_DELTA = 2 };

/* struct { opaque stream[16]; uint64 epoch; uint8 kind; uint64 state_key_epoch; opaque body<V>; opaque blob<V>; } state_put; */
struct proto_state_put {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t epoch;
    uint8_t kind; /* proto_state_kind */
    uint64_t state_key_epoch;
    view body, blob; /* exactly one of them */
};
SOTTO_MUST_USE sotto_err proto_state_put_read(view body, struct proto_state_put *ret_put);
SOTTO_MUST_USE sotto_err proto_state_put_write(uint32_t request, const struct proto_state_put *put,
                                               sotto_buf *out);

/* struct { opaque stream[16]; opaque token<V>; uint64 from_epoch; } state_get; */
struct proto_state_get {
    uint8_t stream[PROTO_STREAM_ID];
    view token; /* empty: as a subscriber */
    uint64_t
        from_epoch; /* of deltas: behind the last one of the answer before; 0: the snapshot and what follows it */
};
SOTTO_MUST_USE sotto_err proto_state_get_read(view body, struct proto_state_get *ret_get);
SOTTO_MUST_USE sotto_err proto_state_get_write(uint32_t request, const struct proto_state_get *get,
                                               sotto_buf *out);

/* struct { uint64 epoch; opaque body<V>; opaque blob<V>; } state_delta;
 * struct { uint64 epoch; uint64 state_key_epoch; uint64 snapshot_epoch; opaque snapshot<V>; opaque snapshot_blob<V>;
 *          state_delta deltas<V>; uint8 more; } state; */
struct proto_state_delta {
    uint64_t epoch;
    view body, blob;
};
struct proto_state {
    uint64_t epoch, state_key_epoch;
    uint64_t snapshot_epoch;      /* 0 without snapshot and blob: there is none */
    view snapshot, snapshot_blob; /* both empty: see deltas alone */
    struct proto_list deltas;
    uint8_t more;
};
struct proto_state_delta proto_state_delta_next(struct rd *r);
SOTTO_MUST_USE sotto_err proto_state_delta_add(const struct proto_state_delta *item,
                                               sotto_buf *list);
SOTTO_MUST_USE sotto_err proto_state_read(view body, struct proto_state *ret_state);
SOTTO_MUST_USE sotto_err proto_state_write(uint32_t request, const struct proto_state *state,
                                           sotto_buf *out);

/* struct { uint64 op; opaque account_id[32]; opaque device_id[16]; opaque body<V>; } inbox_send; */
struct proto_inbox_send {
    uint64_t op;
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t device_id[X509_DEVICE_ID];
    view body; /* 1 to PROTO_INLINE_MAX bytes */
};
SOTTO_MUST_USE sotto_err proto_inbox_send_read(view body, struct proto_inbox_send *ret_send);
SOTTO_MUST_USE sotto_err proto_inbox_send_write(uint32_t request,
                                                const struct proto_inbox_send *send,
                                                sotto_buf *out);

/* struct { opaque stream[16]; uint64 from_epoch; } headers; */
struct proto_headers {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t from_epoch;
};
SOTTO_MUST_USE sotto_err proto_headers_read(view body, struct proto_headers *ret_headers);
SOTTO_MUST_USE sotto_err proto_headers_write(uint32_t request, const struct proto_headers *headers,
                                             sotto_buf *out);

/* struct { uint8 more; opaque headers<V><V>; } header_list; */
struct proto_header_list {
    uint8_t more;
    struct proto_list headers;
};
view proto_header_next(struct rd *r);
SOTTO_MUST_USE sotto_err proto_header_add(view header, sotto_buf *list);
SOTTO_MUST_USE sotto_err proto_header_list_read(view body, struct proto_header_list *ret_list);
SOTTO_MUST_USE sotto_err proto_header_list_write(uint32_t request,
                                                 const struct proto_header_list *list,
                                                 sotto_buf *out);

#endif
