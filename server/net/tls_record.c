/* A record (RFC 8446 5.2):
 *   header      type 23, version, length of what follows        in the clear, authenticated
 *   inner       content | its type, not 0 | zeros               sealed
 *   tag
 * Handshake messages are counted as a stream of bytes across records; a KeyUpdate must be the last in its record (5.1). */
#include "net/tls_record.h"

#include <assert.h>
#include <endian.h>

#include "base/ct.h"

#define INNER_MAX (TLS_RECORD_DATA_MAX + 1) /* bytes: content, type and padding (5.4) */
#define IDLE_MAX  32 /* records in a row without data: more are work for nothing */

enum { TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, TYPE_DATA = 23 };
enum { MESSAGE_KEY_UPDATE = 24 };
enum { LEVEL_WARNING = 1, LEVEL_FATAL = 2 };
enum { ALERT_USER_CANCELED = 90, NO_ALERT = 255 };

/* ---- keys */

static sotto_err side_key(struct tls_record_side *side, sotto_crypto *c)
{
    TRY(tls_secret_expand(c, &side->secret, "key", (view){0}, side->key, sizeof side->key));
    TRY(tls_secret_expand(c, &side->secret, "iv", (view){0}, side->iv, sizeof side->iv));
    side->sequence = 0;
    return SOTTO_OK;
}

/* RFC 8446 7.2: the old secret can't be found from the new one. */
static sotto_err side_update(struct tls_record_side *side, sotto_crypto *c)
{
    struct tls_secret next;
    TRY(tls_secret_expand(c, &side->secret, "traffic upd", (view){0}, next.bytes, TLS_SECRET));
    side->secret = next;
    ct_wipe(&next, sizeof next);
    return side_key(side, c);
}

sotto_err tls_record_init(struct tls_record *r, sotto_crypto *c, const struct tls_secret *in,
                          const struct tls_secret *out)
{
    *r = (struct tls_record){.in.secret = *in, .out.secret = *out};
    TRY(side_key(&r->in, c));
    return side_key(&r->out, c);
}

void tls_record_clear(struct tls_record *r)
{
    ct_wipe(r, sizeof *r);
}

/* RFC 8446 5.3: the sequence number at the end, and the IV over it. */
static void side_nonce(const struct tls_record_side *side, uint8_t ret_nonce[AEAD_NONCE])
{
    memcpy(ret_nonce, side->iv, AEAD_NONCE);
    for (unsigned i = 0; i < sizeof side->sequence; i++)
        ret_nonce[AEAD_NONCE - 1 - i] ^= (uint8_t)(side->sequence >> (8 * i));
}

static sotto_err side_use(struct tls_record_side *side, struct secret *ret_key,
                          uint8_t ret_nonce[AEAD_NONCE])
{
    if (side->sequence >= TLS_RECORD_LIMIT)
        return SOTTO_E_FULL;
    TRY(secret_set(ret_key, VIEW_OF(side->key)));
    side_nonce(side, ret_nonce);
    side->sequence++;
    return SOTTO_OK;
}

/* ---- out */

static sotto_err record_write(struct tls_record *r, sotto_crypto *c, uint8_t type, view content,
                              uint8_t *ret_out)
{
    if (r->ended)
        return SOTTO_E_CLOSED;
    DEFER(secret_clear) struct secret key = {0};
    uint8_t nonce[AEAD_NONCE], *inner = ret_out + TLS_RECORD_HEADER;
    TRY(side_use(&r->out, &key, nonce));
    size_t sealed = content.len + 1 + AEAD_TAG;
    const uint8_t header[TLS_RECORD_HEADER] = {TYPE_DATA, 3, 3, (uint8_t)(sealed >> 8),
                                               (uint8_t)sealed};
    memcpy(ret_out, header, sizeof header);
    if (content.len > 0)
        memcpy(inner, content.data, content.len);
    inner[content.len] = type;
    return aead_seal(c, AEAD_AES_128_GCM, &key, nonce, VIEW_OF(header),
                     view_of(inner, content.len + 1), inner);
}

sotto_err tls_record_seal_update(struct tls_record *r, sotto_crypto *c, bool ask,
                                 uint8_t ret_out[TLS_RECORD_KEY_UPDATE])
{
    const uint8_t message[5] = {MESSAGE_KEY_UPDATE, 0, 0, 1, ask};
    TRY(record_write(r, c, TYPE_HANDSHAKE, VIEW_OF(message), ret_out));
    if (ask)
        r->asked = true;
    else
        r->owes = false;
    return side_update(&r->out, c);
}

sotto_err tls_record_seal_alert(struct tls_record *r, sotto_crypto *c, enum tls_alert alert,
                                uint8_t ret_out[TLS_RECORD_ALERT])
{
    const uint8_t message[2] = {alert == TLS_ALERT_CLOSE_NOTIFY ? LEVEL_WARNING : LEVEL_FATAL,
                                (uint8_t)alert};
    TRY(record_write(r, c, TYPE_ALERT, VIEW_OF(message), ret_out));
    r->ended = true;
    return SOTTO_OK;
}

/* What is due in front of data: an answer, a new key of ours, or the wish for a new one of theirs. */
static sotto_err update_if_due(struct tls_record *r, sotto_crypto *c, uint8_t *ret_out,
                               size_t *ret_len)
{
    bool ask = !r->owes && !r->asked && r->in.sequence >= TLS_RECORD_UPDATE_AT;
    if (!r->owes && !ask && r->out.sequence < TLS_RECORD_UPDATE_AT)
        return SOTTO_OK;
    TRY(tls_record_seal_update(r, c, ask, ret_out));
    *ret_len = TLS_RECORD_KEY_UPDATE;
    return SOTTO_OK;
}

sotto_err tls_record_seal(struct tls_record *r, sotto_crypto *c, view data, uint8_t *ret_out,
                          size_t *ret_len)
{
    assert(data.len <= TLS_RECORD_DATA_MAX);
    size_t len = 0;
    TRY(update_if_due(r, c, ret_out, &len));
    TRY(record_write(r, c, TYPE_DATA, data, ret_out + len));
    *ret_len = len + data.len + TLS_RECORD_OVERHEAD;
    return SOTTO_OK;
}

/* ---- in */

static enum tls_record_event refuse(struct tls_record_opened *opened, enum tls_alert alert)
{
    opened->alert = (uint8_t)alert;
    return TLS_RECORD_REFUSED;
}

/* A record without data. */
static enum tls_record_event taken(struct tls_record *r, struct tls_record_opened *opened)
{
    return ++r->idle > IDLE_MAX ? refuse(opened, TLS_ALERT_UNEXPECTED_MESSAGE) : TLS_RECORD_TAKEN;
}

static enum tls_record_event take_data(struct tls_record *r, view content,
                                       struct tls_record_opened *opened)
{
    if (content.len == 0)
        return taken(r, opened);
    r->idle = 0;
    opened->data = content;
    return TLS_RECORD_DATA;
}

/* The level says nothing (RFC 8446 6). */
static enum tls_record_event take_alert(struct tls_record *r, view content,
                                        struct tls_record_opened *opened)
{
    if (content.len != 2)
        return refuse(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
    opened->alert = content.data[1];
    switch (opened->alert) {
    case TLS_ALERT_CLOSE_NOTIFY:
        return TLS_RECORD_ENDED;
    case ALERT_USER_CANCELED: /* close_notify follows */
        return taken(r, opened);
    default:
        return TLS_RECORD_ALERTED;
    }
}

/* What is wrong with a handshake message as far as it has come (`more`: with what follows it, too); NO_ALERT: nothing. */
static uint8_t message_judge(const uint8_t *message, size_t len, bool more)
{
    static const uint8_t length[3] = {0, 0, 1};
    if (len < 1 + sizeof length)
        return NO_ALERT;
    if (message[0] != MESSAGE_KEY_UPDATE)
        return TLS_ALERT_UNEXPECTED_MESSAGE;
    if (memcmp(message + 1, length, sizeof length) != 0)
        return TLS_ALERT_DECODE_ERROR;
    if (more)
        return TLS_ALERT_UNEXPECTED_MESSAGE;
    return len > 4 && message[4] > 1 ? TLS_ALERT_ILLEGAL_PARAMETER : NO_ALERT;
}

static enum tls_record_event take_handshake(struct tls_record *r, sotto_crypto *c, view content,
                                            struct tls_record_opened *opened)
{
    size_t len = size_min(content.len, sizeof r->part - r->part_len);
    if (len == 0)
        return refuse(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
    memcpy(r->part + r->part_len, content.data, len);
    r->part_len = (uint8_t)(r->part_len + len);
    uint8_t alert = message_judge(r->part, r->part_len, len < content.len);
    if (alert != NO_ALERT)
        return refuse(opened, alert);
    if (r->part_len < sizeof r->part)
        return taken(r, opened);
    if (side_update(&r->in, c) != SOTTO_OK)
        return refuse(opened, TLS_ALERT_INTERNAL_ERROR);
    r->owes = r->owes || r->part[4] == 1;
    r->asked = false;
    r->part_len = 0;
    return taken(r, opened);
}

/* Messages of a kind are not interrupted by another (5.1). */
static enum tls_record_event take(struct tls_record *r, sotto_crypto *c, uint8_t type, view content,
                                  struct tls_record_opened *opened)
{
    if (type != TYPE_HANDSHAKE && r->part_len > 0)
        return refuse(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
    if (type != TYPE_DATA) /* it is acted upon */
        CT_PUBLIC(content.data, content.len);
    switch (type) {
    case TYPE_DATA:
        return take_data(r, content, opened);
    case TYPE_ALERT:
        return take_alert(r, content, opened);
    case TYPE_HANDSHAKE:
        return take_handshake(r, c, content, opened);
    default:
        return refuse(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
    }
}

/* The last word that is not zero, and where it stands; without a branch. */
struct last_word {
    uint64_t word;
    size_t at;
};

static void last_word_see(struct last_word *last, const uint8_t *bytes, size_t at, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, bytes + at, len);
    word = le64toh(word);
    uint64_t keep = 0 - ((word | (0 - word)) >> 63); /* all ones unless word is zero */
    last->word = (word & keep) | (last->word & ~keep);
    last->at = (at & keep) | (last->at & ~keep);
}

/* How many bytes there are up to the last one that is not zero. Every byte is looked at, so that time doesn't tell how long the
 * padding is. */
static size_t inner_len(const uint8_t *inner, size_t len)
{
    struct last_word last = {0};
    size_t at = 0;
    for (; at + sizeof last.word <= len; at += sizeof last.word)
        last_word_see(&last, inner, at, sizeof last.word);
    last_word_see(&last, inner, at, len - at);
    size_t used = last.at;
    for (unsigned i = 0; i < sizeof last.word; i++) {
        uint64_t rest = last.word >> (8 * i);
        used += (rest | (0 - rest)) >> 63;
    }
    CT_PUBLIC(&used, sizeof used);
    return used;
}

static enum tls_record_event take_inner(struct tls_record *r, sotto_crypto *c, uint8_t *inner,
                                        size_t len, struct tls_record_opened *opened)
{
    if (len > INNER_MAX)
        return refuse(opened, TLS_ALERT_RECORD_OVERFLOW);
    size_t used = inner_len(inner, len);
    if (used == 0)
        return refuse(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
    uint8_t type = inner[used - 1];
    CT_PUBLIC(&type, sizeof type);
    return take(r, c, type, view_of(inner, used - 1), opened);
}

/* The version is to be ignored (5.2). */
static uint8_t header_judge(const uint8_t header[TLS_RECORD_HEADER], size_t sealed)
{
    if (header[0] != TYPE_DATA)
        return TLS_ALERT_UNEXPECTED_MESSAGE;
    if (sealed > TLS_RECORD_MAX - TLS_RECORD_HEADER)
        return TLS_ALERT_RECORD_OVERFLOW;
    return sealed < 1 + AEAD_TAG ? TLS_ALERT_BAD_RECORD_MAC : NO_ALERT;
}

enum tls_record_event tls_record_open(struct tls_record *r, sotto_crypto *c, uint8_t *bytes,
                                      size_t len, struct tls_record_opened *ret_opened)
{
    *ret_opened = (struct tls_record_opened){.len = TLS_RECORD_HEADER};
    if (len < TLS_RECORD_HEADER)
        return TLS_RECORD_PART;
    size_t sealed = (size_t)bytes[3] << 8 | bytes[4];
    uint8_t alert = header_judge(bytes, sealed);
    if (alert != NO_ALERT)
        return refuse(ret_opened, alert);
    ret_opened->len = TLS_RECORD_HEADER + sealed;
    if (len < ret_opened->len)
        return TLS_RECORD_PART;
    DEFER(secret_clear) struct secret key = {0};
    uint8_t nonce[AEAD_NONCE], *inner = bytes + TLS_RECORD_HEADER;
    if (side_use(&r->in, &key, nonce) != SOTTO_OK)
        return refuse(ret_opened, TLS_ALERT_INTERNAL_ERROR);
    sotto_err err = aead_open(c, AEAD_AES_128_GCM, &key, nonce, view_of(bytes, TLS_RECORD_HEADER),
                              view_of(inner, sealed), inner);
    if (err != SOTTO_OK)
        return refuse(ret_opened,
                      err == SOTTO_E_DECRYPT ? TLS_ALERT_BAD_RECORD_MAC : TLS_ALERT_INTERNAL_ERROR);
    return take_inner(r, c, inner, sealed - AEAD_TAG, ret_opened);
}
