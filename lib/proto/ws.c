/* A frame (RFC 6455 5.2) is a header of 2 to 14 bytes, then the payload:
 *     byte 0: FIN, three reserved bits, opcode      byte 1: MASK, length (126: 2 bytes follow, 127: 8 bytes follow)
 *     the longer length if there is one             4 bytes of masking key if MASK
 * Each byte of a header is judged as soon as it is there, in this order; so the verdict is the same wherever the input is split.
 * Every frame is read whole: its payload is at most message_max bytes, which the caller sizes its buffer by. */
#include "proto/ws.h"

#include <openssl/evp.h>

#include "base/text.h"

#define BIT_FIN      0x80
#define BITS_RSV     0x70
#define BITS_OPCODE  0x0f
#define BIT_MASK     0x80
#define BITS_LENGTH  0x7f
#define LENGTH_16    126 /* the length is in the next 2 bytes */
#define LENGTH_64    127 /* … 8 bytes */
#define MASK_LEN     4
#define HEADER_SHORT 2

#define CLOSE_NORMAL  1000
#define CLOSE_NO_CODE 1005

struct header {
    uint8_t opcode;
    bool fin;
    size_t len; /* bytes of the header itself, as far as is known */
    uint64_t payload_len;
    const uint8_t *mask; /* NULL: none */
};

static bool is_control(uint8_t opcode)
{
    return opcode >= WS_CLOSE;
}

static sotto_err check_opcode(const struct ws_reader *reader, uint8_t first)
{
    uint8_t opcode = first & BITS_OPCODE;
    bool fin = (first & BIT_FIN) != 0;
    if ((first & BITS_RSV) != 0)
        return SOTTO_E_WEBSOCKET;
    switch (opcode) {
    case WS_CONTINUATION:
        return reader->fragmented ? SOTTO_OK : SOTTO_E_WEBSOCKET;
    case WS_TEXT:
        return reader->text && !reader->fragmented ? SOTTO_OK : SOTTO_E_WEBSOCKET;
    case WS_BINARY:
        return reader->fragmented ? SOTTO_E_WEBSOCKET : SOTTO_OK;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return fin ? SOTTO_OK : SOTTO_E_WEBSOCKET;
    default:
        return SOTTO_E_WEBSOCKET;
    }
}

/* The server demands masks and the client refuses them (5.1); control frames have short lengths only (5.5). */
static sotto_err check_second(const struct ws_reader *reader, uint8_t opcode, uint8_t second)
{
    bool masked = (second & BIT_MASK) != 0;
    if (masked != (reader->role == WS_SERVER))
        return SOTTO_E_WEBSOCKET;
    if (is_control(opcode) && (second & BITS_LENGTH) > WS_CONTROL_MAX)
        return SOTTO_E_WEBSOCKET;
    return SOTTO_OK;
}

/* Only the shortest form of a length is allowed, and bit 63 is 0 (5.2). */
static sotto_err check_length(const struct ws_reader *reader, const struct header *h, unsigned form)
{
    if (form == LENGTH_16 && h->payload_len < LENGTH_16)
        return SOTTO_E_WEBSOCKET;
    if (form == LENGTH_64 && (h->payload_len <= UINT16_MAX || h->payload_len > INT64_MAX))
        return SOTTO_E_WEBSOCKET;
    if (is_control(h->opcode))
        return SOTTO_OK;
    uint32_t room =
        reader->message_max - (uint32_t)size_min(reader->message_len, reader->message_max);
    return h->payload_len <= room ? SOTTO_OK : SOTTO_E_TOO_LARGE;
}

static uint64_t number_read(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* *ret_whole: all of the header is there and holds; else h->len is what is known to be needed. */
static sotto_err header_read(const struct ws_reader *reader, const uint8_t *input, size_t len,
                             struct header *h, bool *ret_whole)
{
    *h = (struct header){.len = HEADER_SHORT};
    *ret_whole = false;
    if (len < 1)
        return SOTTO_OK;
    TRY(check_opcode(reader, input[0]));
    h->opcode = input[0] & BITS_OPCODE;
    h->fin = (input[0] & BIT_FIN) != 0;
    if (len < HEADER_SHORT)
        return SOTTO_OK;
    TRY(check_second(reader, h->opcode, input[1]));
    unsigned form = input[1] & BITS_LENGTH;
    size_t more = form == LENGTH_16 ? 2 : form == LENGTH_64 ? 8 : 0;
    size_t mask_at = HEADER_SHORT + more;
    bool masked = (input[1] & BIT_MASK) != 0;
    h->len = mask_at + (masked ? MASK_LEN : 0);
    if (len < mask_at)
        return SOTTO_OK;
    h->payload_len = more > 0 ? number_read(input + HEADER_SHORT, more) : form;
    TRY(check_length(reader, h, form));
    h->mask = masked ? input + mask_at : NULL;
    *ret_whole = len >= h->len;
    return SOTTO_OK;
}

/* What this frame means for the message under way; control frames may come between its fragments. */
static void reader_advance(struct ws_reader *reader, const struct header *h)
{
    if (is_control(h->opcode))
        return;
    reader->fragmented = !h->fin;
    reader->message_len = h->fin ? 0 : reader->message_len + (uint32_t)h->payload_len;
}

sotto_err ws_frame_read(struct ws_reader *reader, uint8_t *input, size_t input_len,
                        struct ws_frame *ret_frame, size_t *ret_len, size_t *ret_need)
{
    struct header h;
    bool whole = false;
    TRY(header_read(reader, input, input_len, &h, &whole));
    size_t need = h.len + (size_t)h.payload_len; /* at most 14 + message_max, see check_length() */
    if (!whole || input_len < need) {
        *ret_len = 0;
        *ret_need = need;
        return SOTTO_OK;
    }
    uint8_t *payload = input + h.len;
    if (h.mask != NULL)
        ws_mask(payload, (size_t)h.payload_len, h.mask);
    reader_advance(reader, &h);
    *ret_frame = (struct ws_frame){h.opcode, h.fin, view_of(payload, (size_t)h.payload_len)};
    *ret_len = need;
    return SOTTO_OK;
}

size_t ws_header_write(uint8_t ret_header[WS_HEADER_MAX], enum ws_opcode opcode, size_t payload_len,
                       const uint8_t mask[4])
{
    uint8_t form = payload_len < LENGTH_16     ? (uint8_t)payload_len
                   : payload_len <= UINT16_MAX ? LENGTH_16
                                               : LENGTH_64;
    size_t more = form == LENGTH_16 ? 2 : form == LENGTH_64 ? 8 : 0;
    size_t len = HEADER_SHORT + more;
    ret_header[0] = (uint8_t)(BIT_FIN | opcode);
    ret_header[1] = (uint8_t)((mask != NULL ? BIT_MASK : 0) | form);
    uint64_t rest = payload_len;
    for (size_t i = len; i-- > HEADER_SHORT; rest >>= 8)
        ret_header[i] = (uint8_t)rest;
    if (mask == NULL)
        return len;
    memcpy(ret_header + len, mask, MASK_LEN);
    return len + MASK_LEN;
}

void ws_mask(uint8_t *payload, size_t len, const uint8_t mask[4])
{
    uint8_t pattern[8];
    memcpy(pattern, mask, MASK_LEN);
    memcpy(pattern + MASK_LEN, mask, MASK_LEN);
    uint64_t wide_mask, word;
    memcpy(&wide_mask, pattern, sizeof wide_mask);
    size_t at = 0;
    for (; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, payload + at, sizeof word);
        word ^= wide_mask;
        memcpy(payload + at, &word, sizeof word);
    }
    for (; at < len; at++)
        payload[at] ^= pattern[at % sizeof pattern];
}

sotto_err ws_frame_write(enum ws_opcode opcode, view payload, const uint8_t *mask, sotto_buf *out)
{
    uint8_t header[WS_HEADER_MAX];
    size_t header_len = ws_header_write(header, opcode, payload.len, mask);
    uint8_t *place = NULL;
    TRY(buf_extend(out, header_len + payload.len, &place));
    memcpy(place, header, header_len);
    if (payload.len > 0)
        memcpy(place + header_len, payload.data, payload.len);
    if (mask != NULL)
        ws_mask(place + header_len, payload.len, mask);
    return SOTTO_OK;
}

/* Codes that may stand in a close frame (7.4.1, 7.4.2, and 1012 to 1014 of the registry that it began). */
static bool is_close_code(uint16_t code)
{
    bool reserved = code == 1004 || code == CLOSE_NO_CODE || code == 1006;
    bool defined = code >= CLOSE_NORMAL && code <= 1014 && !reserved;
    return defined || (code >= 3000 && code <= 4999);
}

sotto_err ws_close_read(view payload, uint16_t *ret_code, view *ret_reason)
{
    if (payload.len == 0) {
        *ret_code = CLOSE_NO_CODE;
        *ret_reason = payload;
        return SOTTO_OK;
    }
    if (payload.len < 2 || payload.len > WS_CONTROL_MAX)
        return SOTTO_E_WEBSOCKET;
    uint16_t code = (uint16_t)number_read(payload.data, 2);
    view reason = view_of(payload.data + 2, payload.len - 2);
    if (!is_close_code(code) || !utf8_valid(reason))
        return SOTTO_E_WEBSOCKET;
    *ret_code = code;
    *ret_reason = reason;
    return SOTTO_OK;
}

#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define SHA1_LEN    20

/* SHA-1 is what RFC 6455 4.2.2 says; it only shows that the other side speaks WebSocket, so it is called here and not made
 * a primitive of lib/crypto. */
sotto_err ws_accept(view key, char ret_accept[WS_ACCEPT + 1])
{
    if (!ws_key_valid(key))
        return SOTTO_E_WEBSOCKET;
    uint8_t text[WS_KEY + sizeof ACCEPT_GUID - 1], digest[SHA1_LEN];
    memcpy(text, key.data, WS_KEY);
    memcpy(text + WS_KEY, ACCEPT_GUID, sizeof ACCEPT_GUID - 1);
    if (EVP_Q_digest(NULL, "SHA1", NULL, text, sizeof text, digest, NULL) != 1)
        return SOTTO_E_CRYPTO;
    EVP_EncodeBlock((unsigned char *)ret_accept, digest, SHA1_LEN);
    return SOTTO_OK;
}

static bool is_base64(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* 16 bytes are 21 characters, one more for 2 bits whose other 4 must be zero, and "==". */
bool ws_key_valid(view key)
{
    if (key.len != WS_KEY || key.data[22] != '=' || key.data[23] != '=')
        return false;
    for (size_t i = 0; i < 21; i++)
        if (!is_base64(key.data[i]))
            return false;
    return key.data[21] != 0 && strchr("AQgw", key.data[21]) != NULL;
}
