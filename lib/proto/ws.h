/* ws.h - WebSocket (RFC 6455): opening handshake values and frames, both sides, no extensions. Bytes in, bytes out; a connection that waits
 * needs no memory here but the 16 bytes of struct ws_reader. Strict: reserved bits, wrong masking, long forms of short lengths, control frames that are fragmented or over 125
 * bytes, unknown opcodes are refused, and text messages unless the reader says so (what we say ourselves is binary). */
#ifndef PROTO_WS_H
#define PROTO_WS_H

#include "base/base.h"
#include "base/buf.h"

#define WS_HEADER_MAX  14 /* bytes */
#define WS_CONTROL_MAX 125
#define WS_KEY         24 /* characters of Sec-WebSocket-Key */
#define WS_ACCEPT      28 /* characters of Sec-WebSocket-Accept */

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

/* Sec-WebSocket-Accept for a key (RFC 6455 4.2.2), with a NUL at the end. The SHA-1 in it protects nothing.
 * WEBSOCKET: not a valid key. */
SOTTO_MUST_USE sotto_err ws_accept(view key, char ret_accept[WS_ACCEPT + 1]);
/* Whether the key is 16 bytes in base64. */
bool ws_key_valid(view key);

enum ws_role { WS_CLIENT, WS_SERVER };

/* Where the reader stands between frames: whether a fragmented message is under way and how long it is so far. Start with role and
 * message_max set, `text` if it is wanted, and the rest 0. */
struct ws_reader {
    uint8_t role;       /* ws_role: ours; the server demands masks, the client refuses them */
    uint8_t fragmented; /* a message has begun and not ended */
    bool text; /* text messages are taken too; whether they are UTF-8 is the caller's to look at */
    uint32_t message_len;
    uint32_t message_max; /* bytes of a whole message */
};

struct ws_frame {
    uint8_t opcode;
    bool fin;
    view payload; /* unmasked in place, borrowed from the input */
};

/* Takes one frame from the front of `input`, which it unmasks in place. *ret_len: bytes used, or 0 if the frame isn't whole yet, with the bytes that
 * it will need in all in *ret_need (at least input_len + 1, at most WS_HEADER_MAX + message_max, or + WS_CONTROL_MAX if that is more).
 * WEBSOCKET: against the rules. TOO_LARGE: over message_max, told from the header alone; input, reader and outputs are unchanged. */
SOTTO_MUST_USE sotto_err ws_frame_read(struct ws_reader *reader, uint8_t *input, size_t input_len,
                                       struct ws_frame *ret_frame, size_t *ret_len,
                                       size_t *ret_need);

/* The header of an unfragmented frame; gives its length. mask is NULL for a server. */
size_t ws_header_write(uint8_t ret_header[WS_HEADER_MAX], enum ws_opcode opcode, size_t payload_len,
                       const uint8_t mask[4]);
/* Masks or unmasks in place (RFC 6455 5.3). */
void ws_mask(uint8_t *payload, size_t len, const uint8_t mask[4]);
/* Appends a whole frame. */
SOTTO_MUST_USE sotto_err ws_frame_write(enum ws_opcode opcode, view payload, const uint8_t *mask,
                                        sotto_buf *out);

/* Close frames: code and reason (RFC 6455 7.4). An empty payload reads as 1005. */
SOTTO_MUST_USE sotto_err ws_close_read(view payload, uint16_t *ret_code, view *ret_reason);

#endif
