/* proto.h - the frames between client and server (docs/protocol.md): uint16 kind, uint32 request id, body, in TLS
 * presentation language, one frame to a binary WebSocket message. An answer carries the id of its request; what the
 * server says by itself carries 0. Each message is one file; views in a message that was read borrow from the frame. */
#ifndef PROTO_PROTO_H
#define PROTO_PROTO_H

#include "base/rd.h"
#include "base/wr.h"

#define PROTO_VERSION       1 /* the subprotocol "sotto.1" */
#define PROTO_SUBPROTOCOL   "sotto.1"
#define PROTO_PATH          "/sotto"
#define PROTO_INVITE_PATH   "/i" /* where a browser comes that opens an invite link */
#define PROTO_PORT          5000
#define PROTO_HEADER        6     /* bytes of a frame before its body */
#define PROTO_FRAME_MAX     65536 /* bytes of a frame, header included, unless the server says less */
#define PROTO_SUITE_MAX     64    /* bytes of a lab suite's name */
#define PROTO_DETAIL_MAX    256   /* bytes of an error's detail */
#define PROTO_ROOM_DATA_MAX 61440 /* bytes that one room_send carries */
#define PROTO_STREAM_ID     16    /* bytes */

/* X(NAME, number, from, "name", "what it is for"); from: CLIENT, SERVER */
#define PROTO_KINDS(X)                                                                             \
    X(HELLO, 0x0001, CLIENT, "hello", "opens the conversation with the server; comes first")       \
    X(HELLO_OK, 0x0002, SERVER, "hello_ok", "who the server is, signed for this connection")       \
    X(ERROR, 0x0003, SERVER, "error", "the request with this id was refused")                      \
    X(OK, 0x0004, SERVER, "ok", "the request with this id was done")                               \
    X(BYE, 0x0005, SERVER, "bye", "the server closes this connection, and why")                    \
    X(ROOM_OPEN, 0x0100, CLIENT, "room_open", "makes a room; answered by room_opened")             \
    X(ROOM_OPENED, 0x0101, SERVER, "room_opened", "the room's slot")                               \
    X(ROOM_JOIN, 0x0102, CLIENT, "room_join", "enters a room; answered by room_joined")            \
    X(ROOM_JOINED, 0x0103, SERVER, "room_joined", "the joiner is in")                              \
    X(ROOM_PEER, 0x0104, SERVER, "room_peer", "tells the creator that somebody joined")            \
    X(ROOM_SEND, 0x0105, CLIENT, "room_send", "bytes for the other one; answered only by error")   \
    X(ROOM_DATA, 0x0106, SERVER, "room_data", "bytes from the other one")                          \
    X(ROOM_CONFIRM, 0x0107, CLIENT, "room_confirm", "both have the same key; answered by ok")      \
    X(ROOM_CLOSE, 0x0108, CLIENT, "room_close", "leaves and ends a room; answered by ok")          \
    X(ROOM_CLOSED, 0x0109, SERVER, "room_closed", "the room has ended, and why")                   \
    X(AUTH, 0x0200, CLIENT, "auth", "signs in as a device; answered by auth_ok")                   \
    X(AUTH_OK, 0x0201, SERVER, "auth_ok", "what the server knows of the device")                   \
    X(PASSWORD_REQUEST, 0x0202, CLIENT, "password_request",                                        \
      "asks for a one-time password by mail; answered by ok")                                      \
    X(REGISTER, 0x0203, CLIENT, "register", "makes an account; answered by registered")            \
    X(REGISTERED, 0x0204, SERVER, "registered", "the account's certificate and those above it")    \
    X(RENEW, 0x0205, CLIENT, "renew", "a fresh account certificate; answered by registered")       \
    X(ROTATE, 0x0206, CLIENT, "rotate", "replaces the account key; answered by ok")                \
    X(DEVICES_PUT, 0x0207, CLIENT, "devices_put", "the next device list; answered by ok")          \
    X(LOOKUP, 0x0208, CLIENT, "lookup", "who is behind names or account ids; answered by found")   \
    X(FOUND, 0x0209, SERVER, "found", "who was found, in one frame or several")                    \
    X(KEY_PACKAGES_PUT, 0x020A, CLIENT, "key_packages_put",                                        \
      "stores key packages; answered by key_packages")                                             \
    X(KEY_PACKAGES_COUNT, 0x020B, CLIENT, "key_packages_count",                                    \
      "asks how many are left; answered by key_packages")                                          \
    X(KEY_PACKAGES, 0x020C, SERVER, "key_packages", "how many key packages the device has")        \
    X(KEY_PACKAGES_CLAIM, 0x020D, CLIENT, "key_packages_claim",                                    \
      "takes one of each device; answered by claimed")                                             \
    X(CLAIMED, 0x020E, SERVER, "claimed", "the key packages")                                      \
    X(ACCOUNT_REMOVE, 0x020F, CLIENT, "account_remove",                                            \
      "removes the account; answered by ok, then bye")                                             \
    X(INVITE_CREATE, 0x0210, CLIENT, "invite_create", "makes an invite; answered by ok")           \
    X(INVITE_REVOKE, 0x0211, CLIENT, "invite_revoke", "takes an invite back; answered by ok")      \
    X(INVITES, 0x0212, CLIENT, "invites", "asks for one's invites; answered by invite_list")       \
    X(INVITE_LIST, 0x0213, SERVER, "invite_list", "one's invites")                                 \
    X(STREAM_CREATE, 0x0300, CLIENT, "stream_create", "makes a stream; answered by appended")      \
    X(APPEND, 0x0301, CLIENT, "append", "adds an entry to a stream; answered by appended")         \
    X(APPENDED, 0x0302, SERVER, "appended", "the operation was done, and is durable")              \
    X(COMMIT, 0x0303, CLIENT, "commit", "begins the next epoch of a stream; answered by appended") \
    X(READ, 0x0304, CLIENT, "read", "asks for entries; answered by entries, then read_end")        \
    X(ENTRY, 0x0305, SERVER, "entry", "an entry of a stream, asked for or pushed")                 \
    X(READ_END, 0x0306, SERVER, "read_end", "the end of what read asked for")                      \
    X(ACK, 0x0307, CLIENT, "ack", "entries up to these are done with; answered only by error")     \
    X(LISTEN, 0x0308, CLIENT, "listen", "credit for entries that are pushed; answered by ok")      \
    X(BEHIND, 0x0309, SERVER, "behind", "a stream is pushed no more until it has been read")       \
    X(STREAMS, 0x030a, CLIENT, "streams", "asks what the device reads; answered by stream_list")   \
    X(STREAM_LIST, 0x030b, SERVER, "stream_list", "streams that the device reads")                 \
    X(SUBSCRIBE, 0x030c, CLIENT, "subscribe",                                                      \
      "reads a stream again, by token; answered by appended")                                      \
    X(UNSUBSCRIBE, 0x030d, CLIENT, "unsubscribe", "reads a stream no more; answered by ok")        \
    X(STATE_PUT, 0x030e, CLIENT, "state_put", "keeps a sealed group state; answered by ok")        \
    X(STATE_GET, 0x030f, CLIENT, "state_get", "asks for the group state; answered by state")       \
    X(STATE, 0x0310, SERVER, "state", "the sealed group state")                                    \
    X(INBOX_SEND, 0x0311, CLIENT, "inbox_send", "a request to a device; answered by appended")     \
    X(HEADERS, 0x0312, CLIENT, "headers", "asks for commit headers; answered by header_list")      \
    X(HEADER_LIST, 0x0313, SERVER, "header_list", "commit headers of a stream")                    \
    X(BLOB_PUT, 0x0400, CLIENT, "blob_put", "asks to send a blob; answered by blob_ticket")        \
    X(BLOB_TICKET, 0x0401, SERVER, "blob_ticket", "the right to send or fetch a blob by HTTP")     \
    X(BLOB_GET, 0x0402, CLIENT, "blob_get", "asks to fetch a blob; answered by blob_ticket")

enum proto_kind {
#define PROTO_KIND_ENUM(name, number, from, text, what) PROTO_##name = (number),
    PROTO_KINDS(PROTO_KIND_ENUM)
#undef PROTO_KIND_ENUM
};

/* "room_open"; NULL for a number that is not in the list. Static memory. */
const char *proto_kind_name(uint16_t kind);

struct proto_frame {
    uint16_t kind;
    uint32_t request;
    view body; /* borrowed */
};
SOTTO_MUST_USE sotto_err proto_frame_read(view bytes, struct proto_frame *ret_frame);

/* Every message below: `read` parses a whole body (errors: as rd_end(), VALUE, TOO_LARGE; *ret untouched on an error),
 * `write` appends a whole frame, header included, to `out` (NOMEM, TOO_LARGE: out unchanged). */

/* A vector of items is kept as its bytes, each item of which was read once: walk it with rd_of(list.bytes) and the item's reader. */
struct proto_list {
    view bytes; /* the items one behind the other */
    size_t count;
};

#define HELLO_CHALLENGE 32 /* bytes */
#define HELLO_NONCE     32 /* bytes */
#define HELLO_EXPORTER \
    32 /* bytes, TLS exporter with the label below and no context (RFC 8446 7.5) */
#define HELLO_EXPORTER_LABEL  "EXPORTER-sotto-hello"
#define HELLO_VERSIONS_MAX    16
#define HELLO_SOFTWARE_MAX    64
#define HELLO_CHAIN_MAX       3
#define HELLO_CERTIFICATE_MAX 4096 /* bytes of one certificate */

/* struct { uint16 versions<V>; opaque challenge[32]; opaque software<V>; } hello; */
struct proto_hello {
    uint16_t versions[HELLO_VERSIONS_MAX];
    size_t version_count; /* at least 1 */
    uint8_t challenge[HELLO_CHALLENGE];
    view software; /* "sotto 0.1.0", ASCII, may be empty */
};
SOTTO_MUST_USE sotto_err proto_hello_read(view body, struct proto_hello *ret_hello);
SOTTO_MUST_USE sotto_err proto_hello_write(uint32_t request, const struct proto_hello *hello,
                                           sotto_buf *out);

/* struct { uint16 version; opaque nonce[32]; opaque chain<V><V>; opaque signature[64]; uint32 frame_max; opaque software<V>; } hello_ok;
 * chain: DER certificates: server key, intermediate if there is one, root. signature: Ed25519 by the server key.
 * frame_max: at least PROTO_HEADER. */
struct proto_hello_ok {
    uint16_t version;
    uint8_t nonce[HELLO_NONCE];
    view chain[HELLO_CHAIN_MAX];
    size_t chain_count; /* 2 or 3 */
    uint8_t signature[64];
    uint32_t frame_max; /* bytes of the largest frame that the server takes */
    view software;
};
SOTTO_MUST_USE sotto_err proto_hello_ok_read(view body, struct proto_hello_ok *ret_ok);
SOTTO_MUST_USE sotto_err proto_hello_ok_write(uint32_t request, const struct proto_hello_ok *ok,
                                              sotto_buf *out);

/* What the server key signs: struct { opaque label<V> = "sotto hello 1"; opaque nonce[32]; opaque exporter[32]; opaque challenge[32]; }.
 * Replaces what `out` held. */
SOTTO_MUST_USE sotto_err proto_hello_signed(const uint8_t nonce[HELLO_NONCE],
                                            const uint8_t exporter[HELLO_EXPORTER],
                                            const uint8_t challenge[HELLO_CHALLENGE],
                                            sotto_buf *out);

/* struct { uint16 code; uint32 retry_ms; opaque detail<V>; } error;  code: sotto_err, not 0, perhaps one that we don't know yet;
 * retry_ms: 0 = no use or unknown */
struct proto_error {
    uint16_t code;
    uint32_t retry_ms;
    view detail; /* UTF-8 for people, may be empty */
};
SOTTO_MUST_USE sotto_err proto_error_read(view body, struct proto_error *ret_error);
SOTTO_MUST_USE sotto_err proto_error_write(uint32_t request, const struct proto_error *error,
                                           sotto_buf *out);

/* struct {} ok; */
SOTTO_MUST_USE sotto_err proto_ok_read(view body);
SOTTO_MUST_USE sotto_err proto_ok_write(uint32_t request, sotto_buf *out);

/* struct { uint16 reason; uint32 retry_ms; opaque detail<V>; } bye;  the same fields as error: why this connection ends
 * (CLOSED: the server stops; RATE, FULL, SLOW, TIMEOUT, or what was wrong with the last frame). */
SOTTO_MUST_USE sotto_err proto_bye_read(view body, struct proto_error *ret_bye);
SOTTO_MUST_USE sotto_err proto_bye_write(const struct proto_error *bye, sotto_buf *out);

enum proto_room_kind { ROOM_SESSION = 1, ROOM_LAB = 2 };

/* struct { uint8 kind; opaque suite<V>; } room_open;  suite: a lab room's construction, empty otherwise */
struct proto_room_open {
    uint8_t kind;
    view suite; /* lower-case letters, digits, '-' */
};
SOTTO_MUST_USE sotto_err proto_room_open_read(view body, struct proto_room_open *ret_open);
SOTTO_MUST_USE sotto_err proto_room_open_write(uint32_t request, const struct proto_room_open *open,
                                               sotto_buf *out);

/* struct { uint32 slot; uint32 join_ttl_s; } room_opened;  the room ends if nobody joins in that time */
struct proto_room_opened {
    uint32_t slot; /* 1 and up; the number in the spoken code */
    uint32_t join_ttl_s;
};
SOTTO_MUST_USE sotto_err proto_room_opened_read(view body, struct proto_room_opened *ret_opened);
SOTTO_MUST_USE sotto_err proto_room_opened_write(uint32_t request,
                                                 const struct proto_room_opened *opened,
                                                 sotto_buf *out);

/* struct { uint8 kind; uint32 slot; } room_join;
 * Refused with NOTFOUND (no such room, or it ended before anybody joined), TAKEN (somebody joined already, whether the room
 * still lives or not), EXPIRED (nobody joined in time), EXISTS (one's own room), FULL, RATE (too many wrong codes). */
struct proto_room_join {
    uint8_t kind;
    uint32_t slot;
};
SOTTO_MUST_USE sotto_err proto_room_join_read(view body, struct proto_room_join *ret_join);
SOTTO_MUST_USE sotto_err proto_room_join_write(uint32_t request, const struct proto_room_join *join,
                                               sotto_buf *out);

/* struct { uint32 slot; opaque suite<V>; } room_joined; */
struct proto_room_joined {
    uint32_t slot;
    view suite;
};
SOTTO_MUST_USE sotto_err proto_room_joined_read(view body, struct proto_room_joined *ret_joined);
SOTTO_MUST_USE sotto_err proto_room_joined_write(uint32_t request,
                                                 const struct proto_room_joined *joined,
                                                 sotto_buf *out);

/* struct { uint32 slot; } room_peer, room_confirm; */
SOTTO_MUST_USE sotto_err proto_room_peer_read(view body, uint32_t *ret_slot);
SOTTO_MUST_USE sotto_err proto_room_peer_write(uint32_t slot, sotto_buf *out);
SOTTO_MUST_USE sotto_err proto_room_confirm_read(view body, uint32_t *ret_slot);
SOTTO_MUST_USE sotto_err proto_room_confirm_write(uint32_t request, uint32_t slot, sotto_buf *out);

/* struct { uint32 slot; opaque data<V>; } room_send, room_data;  data: 1 to PROTO_ROOM_DATA_MAX bytes.
 * The two bodies are the same bytes: the server passes a body on under the other kind. */
struct proto_room_data {
    uint32_t slot;
    view data;
};
SOTTO_MUST_USE sotto_err proto_room_data_read(view body,
                                              struct proto_room_data *ret_data); /* both kinds */
SOTTO_MUST_USE sotto_err proto_room_send_write(uint32_t request, const struct proto_room_data *data,
                                               sotto_buf *out);
SOTTO_MUST_USE sotto_err proto_room_data_write(const struct proto_room_data *data, sotto_buf *out);

enum proto_room_end {
    ROOM_END_LEFT = 1,    /* the other one left */
    ROOM_END_LOST = 2,    /* the other one's connection broke */
    ROOM_END_EXPIRED = 3, /* nobody joined in time, or the room's life is over */
    ROOM_END_CODE = 4,    /* the words did not match */
    ROOM_END_SERVER = 5,  /* the server stops */
    ROOM_END_SLOW = 6     /* the other one was closed because it reads too slowly */
};

/* struct { uint32 slot; uint8 reason; } room_close, room_closed;  a client may give LEFT and CODE */
struct proto_room_end_msg {
    uint32_t slot;
    uint8_t reason;
};
SOTTO_MUST_USE sotto_err proto_room_close_read(view body, struct proto_room_end_msg *ret_end);
SOTTO_MUST_USE sotto_err proto_room_close_write(uint32_t request,
                                                const struct proto_room_end_msg *end,
                                                sotto_buf *out);
SOTTO_MUST_USE sotto_err proto_room_closed_read(view body, struct proto_room_end_msg *ret_end);
SOTTO_MUST_USE sotto_err proto_room_closed_write(const struct proto_room_end_msg *end,
                                                 sotto_buf *out);

#endif
